/** Mutation tests of the validator: tampered traces, which it must refuse. */
@NullMarked
package dev.longitude.tamper;

import org.jspecify.annotations.NullMarked;
