/** Finds the smallest change of a recipe under which a property holds that fails. */
@NullMarked
package dev.longitude.advise;

import org.jspecify.annotations.NullMarked;
