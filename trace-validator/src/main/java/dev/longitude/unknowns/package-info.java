/** Constraints on unknown integers: propagation, solutions, and certificates that there is none. */
@NullMarked
package dev.longitude.unknowns;

import org.jspecify.annotations.NullMarked;
