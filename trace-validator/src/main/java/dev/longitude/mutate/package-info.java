/** Mutants of the specification, and the checks that catch them. */
@NullMarked
package dev.longitude.mutate;

import org.jspecify.annotations.NullMarked;
