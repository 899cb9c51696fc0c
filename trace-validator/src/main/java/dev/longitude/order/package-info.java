/** What a VMM did in a recording, in its order: when its guest stood still, and the recipe that it carries out. */
@NullMarked
package dev.longitude.order;

import org.jspecify.annotations.NullMarked;
