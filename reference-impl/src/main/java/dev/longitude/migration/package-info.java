/** What a VMM computes when it moves a guest: the offsets to set on the destination. */
@NullMarked
package dev.longitude.migration;

import org.jspecify.annotations.NullMarked;
