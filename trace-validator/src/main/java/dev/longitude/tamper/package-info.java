/** Tampered traces: what the validator must refuse, and does. */
@NullMarked
package dev.longitude.tamper;

import org.jspecify.annotations.NullMarked;
