/** Model checks: stock TLC, run as anybody would run it, and what it said. */
@NullMarked
package dev.longitude.model;

import org.jspecify.annotations.NullMarked;
