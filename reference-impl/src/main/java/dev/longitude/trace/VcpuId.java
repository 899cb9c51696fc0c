package dev.longitude.trace;

/**
 * A vCPU of a host.
 *
 * @param vm its VM, by the number that the trace gives it
 * @param vcpu its index in that VM
 */
public record VcpuId(int vm, int vcpu) {
    @Override
    public String toString() {
        return "vCPU " + vcpu + " of VM " + vm;
    }
}
