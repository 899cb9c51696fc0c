/** Recipes: what a VMM does to save a guest and to restore it, as data, and its run between two simulated hosts. */
@NullMarked
package dev.longitude.recipe;

import org.jspecify.annotations.NullMarked;
