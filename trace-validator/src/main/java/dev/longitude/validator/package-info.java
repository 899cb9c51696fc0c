/** Traces against the specification, evaluated in-process: by our own evaluator, and by TLC's for a reason. */
@NullMarked
package dev.longitude.validator;

import org.jspecify.annotations.NullMarked;
