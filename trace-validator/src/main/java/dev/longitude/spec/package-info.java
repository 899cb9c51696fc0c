/** The specification as loaded: its modules, its values, and its operators as methods. */
@NullMarked
package dev.longitude.spec;

import org.jspecify.annotations.NullMarked;
