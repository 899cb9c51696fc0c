/** Importers: recordings of real kernels as traces. */
@NullMarked
package dev.longitude.recording;

import org.jspecify.annotations.NullMarked;
