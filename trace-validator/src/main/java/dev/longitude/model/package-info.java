/** Model checks: runs stock TLC and parses its output. */
@NullMarked
package dev.longitude.model;

import org.jspecify.annotations.NullMarked;
