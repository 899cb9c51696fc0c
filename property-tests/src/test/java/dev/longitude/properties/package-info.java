/** Properties of generated inputs, and the architecture's rules. */
@NullMarked
package dev.longitude.properties;

import org.jspecify.annotations.NullMarked;
