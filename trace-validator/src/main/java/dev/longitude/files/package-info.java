/** How files are written. */
@NullMarked
package dev.longitude.files;

import org.jspecify.annotations.NullMarked;
