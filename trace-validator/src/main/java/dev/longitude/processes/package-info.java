/** The programs that this one starts, and their end. */
@NullMarked
package dev.longitude.processes;

import org.jspecify.annotations.NullMarked;
