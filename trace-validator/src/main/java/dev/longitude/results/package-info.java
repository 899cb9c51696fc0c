/** What a command judged, result by result, and the forms in which other programs read it. */
@NullMarked
package dev.longitude.results;

import org.jspecify.annotations.NullMarked;
