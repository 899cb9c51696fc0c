/** A second engine for traces: stock TLC, in a process of its own. */
@NullMarked
package dev.longitude.replay;

import org.jspecify.annotations.NullMarked;
