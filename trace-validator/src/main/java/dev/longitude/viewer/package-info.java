/** Behaviours in formats that other people's viewers read. */
@NullMarked
package dev.longitude.viewer;

import org.jspecify.annotations.NullMarked;
