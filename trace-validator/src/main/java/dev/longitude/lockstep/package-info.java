/** Explores the specification and the reference implementation together, state by state. */
@NullMarked
package dev.longitude.lockstep;

import org.jspecify.annotations.NullMarked;
