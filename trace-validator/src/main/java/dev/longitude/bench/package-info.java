/** What the reference implementation costs, measured with JMH. */
@NullMarked
package dev.longitude.bench;

import org.jspecify.annotations.NullMarked;
