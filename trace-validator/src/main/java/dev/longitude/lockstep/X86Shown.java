package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** A VM on x86 as its events would show it. */
final class X86Shown implements Shown {
    private final X86Vm vm;
    private final Collection<X86Vcpu> all;
    private @Nullable X86Vcpu[] byIndex = new X86Vcpu[2];

    /** The VM as it is now; its vCPUs must stay the same. */
    X86Shown(X86Vm vm) {
        this.vm = vm;
        this.all = vm.vcpus();
        for (X86Vcpu vcpu : all) {
            if (vcpu.index() >= byIndex.length) {
                byIndex = Arrays.copyOf(byIndex, vcpu.index() + 1);
            }
            byIndex[vcpu.index()] = vcpu;
        }
    }

    /** The vCPU with this index; null if there is none. */
    @Nullable
    X86Vcpu vcpu(int index) {
        return index < byIndex.length ? byIndex[index] : null;
    }

    @Override
    public long value(StateVariable variable) {
        return vm.shown(variable);
    }

    @Override
    public int size(StateVariable variable) {
        if (variable.kind() != Kind.VCPU_SET) {
            return all.size();
        }
        int size = 0;
        for (X86Vcpu vcpu : byIndex) {
            size += vcpu != null && vm.shown(variable, vcpu) != 0 ? 1 : 0;
        }
        return size;
    }

    @Override
    public boolean has(StateVariable variable, int index) {
        X86Vcpu vcpu = vcpu(index);
        return vcpu != null && (variable.kind() != Kind.VCPU_SET || vm.shown(variable, vcpu) != 0);
    }

    @Override
    public long value(StateVariable variable, int index) {
        return vm.shown(variable, requireNonNull(vcpu(index)));
    }
}
