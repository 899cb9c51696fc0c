/** Compiles the operators of a specification that TLC has parsed to Java closures; the values are TLC's. */
@NullMarked
package dev.longitude.evaluator;

import org.jspecify.annotations.NullMarked;
