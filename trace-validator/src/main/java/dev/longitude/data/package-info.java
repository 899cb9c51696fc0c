/** Traces as values of TLC, from which TLC itself replays them. */
@NullMarked
package dev.longitude.data;

import org.jspecify.annotations.NullMarked;
