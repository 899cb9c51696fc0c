/**
 * Validates traces against the specification in-process: with our own evaluator, and with TLC's to explain a refusal.
 */
@NullMarked
package dev.longitude.validator;

import org.jspecify.annotations.NullMarked;
