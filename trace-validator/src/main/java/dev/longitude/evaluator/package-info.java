/** Operators of a specification as Java code, made of what TLC has parsed; the values are TLC's. */
@NullMarked
package dev.longitude.evaluator;

import org.jspecify.annotations.NullMarked;
