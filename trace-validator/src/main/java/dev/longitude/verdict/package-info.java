/** What Longitude says of a trace or of a recording: it is read, imported if need be, and validated. */
@NullMarked
package dev.longitude.verdict;

import org.jspecify.annotations.NullMarked;
