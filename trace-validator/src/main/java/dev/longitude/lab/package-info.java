/**
 * Real kernels, driven on purpose: a probe for the KVM of this machine, and an emulated machine that boots a kernel and
 * runs the probe, or a VMM, in it.
 */
@NullMarked
package dev.longitude.lab;

import org.jspecify.annotations.NullMarked;
