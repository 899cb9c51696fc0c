/** Named sequences of operations on the reference implementation. */
@NullMarked
package dev.longitude.scenario;

import org.jspecify.annotations.NullMarked;
