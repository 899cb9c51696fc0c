/** Measures the cost of the reference implementation, with JMH. */
@NullMarked
package dev.longitude.bench;

import org.jspecify.annotations.NullMarked;
