/** The recorder of a VMM's ioctls: a C program that this one carries as source and builds where it is used. */
@NullMarked
package dev.longitude.record;

import org.jspecify.annotations.NullMarked;
