/** What {@code longitude check} runs: each model, a few cells of the matrix, each scenario and each bundled recording. */
@NullMarked
package dev.longitude.check;

import org.jspecify.annotations.NullMarked;
