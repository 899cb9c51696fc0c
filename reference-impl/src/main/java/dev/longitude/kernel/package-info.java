/** What each kernel version does: named switches, and profiles of them. */
@NullMarked
package dev.longitude.kernel;

import org.jspecify.annotations.NullMarked;
