/** The gallery of known faults, with what finds each of them. */
@NullMarked
package dev.longitude.gallery;

import org.jspecify.annotations.NullMarked;
