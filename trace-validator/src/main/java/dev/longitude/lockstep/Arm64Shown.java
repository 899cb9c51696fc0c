package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import org.jspecify.annotations.Nullable;

/** A VM on arm64 and its host's CPUs as the VM's events would show them. */
record Arm64Shown(Arm64Host host, Arm64Vm vm) implements Shown {
    private static boolean isOfPcpus(StateVariable variable) {
        return variable.kind() == Kind.UINT31_BY_PCPU || variable.kind() == Kind.UINT64_BY_PCPU;
    }

    @Override
    public long value(StateVariable variable) {
        return host.shown(variable, vm);
    }

    @Override
    public int size(StateVariable variable) {
        return isOfPcpus(variable) ? host.pcpus() : host.sizeShown(variable, vm);
    }

    @Override
    public boolean has(StateVariable variable, int index) {
        if (isOfPcpus(variable)) {
            return index < host.pcpus();
        }
        @Nullable Arm64Vcpu vcpu = vm.vcpuOrCreating(index);
        return vcpu != null && host.shows(variable, vcpu);
    }

    @Override
    public long value(StateVariable variable, int index) {
        return isOfPcpus(variable)
                ? host.shown(variable, index)
                : host.shown(variable, requireNonNull(vm.vcpuOrCreating(index)));
    }
}
