/** KVM on arm64: the virtual and the physical counter, their offsets, and the traps that hide the host's. */
@NullMarked
package dev.longitude.arm64;

import org.jspecify.annotations.NullMarked;
