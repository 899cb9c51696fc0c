/** The audit of a VMM's order in a recording: what in it a guest can notice, and what to do instead. */
@NullMarked
package dev.longitude.audit;

import org.jspecify.annotations.NullMarked;
