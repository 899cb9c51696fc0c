/** The trace format: one header, then one event a line, then an end line; NDJSON. */
@NullMarked
package dev.longitude.trace;

import org.jspecify.annotations.NullMarked;
