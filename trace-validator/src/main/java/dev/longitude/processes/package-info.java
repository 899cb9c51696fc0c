/** The programs that this one starts, and their end; how a command is written for a shell. */
@NullMarked
package dev.longitude.processes;

import org.jspecify.annotations.NullMarked;
