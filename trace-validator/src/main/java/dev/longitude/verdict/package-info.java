/** Verdicts on traces and recordings: a file is read, imported if necessary, and validated. */
@NullMarked
package dev.longitude.verdict;

import org.jspecify.annotations.NullMarked;
