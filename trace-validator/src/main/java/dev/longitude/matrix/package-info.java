/** Recipes judged by TLC: every property of a migration, on every kernel. */
@NullMarked
package dev.longitude.matrix;

import org.jspecify.annotations.NullMarked;
