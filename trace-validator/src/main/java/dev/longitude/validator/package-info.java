/** Traces against the specification, evaluated in-process by TLC's own evaluator. */
@NullMarked
package dev.longitude.validator;

import org.jspecify.annotations.NullMarked;
