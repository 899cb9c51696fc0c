/**
 * The recorder of a VMM's ioctls: a C program that Longitude carries as source and builds on the machine that uses it;
 * and how any such program is built.
 */
@NullMarked
package dev.longitude.record;

import org.jspecify.annotations.NullMarked;
