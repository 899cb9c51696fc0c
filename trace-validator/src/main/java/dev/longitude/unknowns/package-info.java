/** Integers that are known only by constraints: what follows from the constraints, what solves them, and why nothing does. */
@NullMarked
package dev.longitude.unknowns;

import org.jspecify.annotations.NullMarked;
