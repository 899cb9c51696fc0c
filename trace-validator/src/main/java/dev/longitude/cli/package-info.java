/** The command line. */
@NullMarked
package dev.longitude.cli;

import org.jspecify.annotations.NullMarked;
