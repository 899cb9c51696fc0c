/** KVM's guest TSC on x86: hosts, VMs and vCPUs that mirror the kernel's. */
@NullMarked
package dev.longitude.x86;

import org.jspecify.annotations.NullMarked;
