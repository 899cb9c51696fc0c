package dev.longitude.replay;

import dev.longitude.spec.Specification;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import org.jspecify.annotations.Nullable;

/** A module over {@code TraceKvmX86}: a subject is a VM, and its creation is the first event. */
final class X86TraceModule extends TraceModule {
    X86TraceModule() {
        super(Specification.x86());
    }

    @Override
    String base() {
        return "X86";
    }

    @Override
    String suffix(TraceEvent first) {
        return Integer.toString(first.vm());
    }

    @Override
    boolean has(String constant) {
        return true;
    }

    @Override
    boolean begins(TraceEvent event) {
        return event.operation() == Operation.CREATE_VM;
    }

    @Override
    @Nullable
    String beginning(TraceHeader header, TraceEvent first) {
        TraceHeader.X86 host = header.x86();
        return begins(first)
                ? "NewVm(" + Specification.textOf(header.kernel()) + ", " + host.tscKhz() + ", "
                        + host.clocksourceKhz() + ", " + host.tscFracBits() + ", " + flag(host.tscClocksource()) + ", "
                        + flag(host.tscUnstable()) + ", " + times(first)
                        + ")"
                : null;
    }

    @Override
    String times(TraceEvent event) {
        return word(exact(event.counter())) + ", " + clocks(event);
    }

    @Override
    String timePasses(TraceEvent event) {
        Interval later = event.when().nsCounter();
        return later == null
                ? super.timePasses(event)
                : "TimePassesBetweenReads(" + word(exact(event.counter())) + ", " + word(exact(later)) + ", "
                        + clocks(event) + ")";
    }

    private static String clocks(TraceEvent event) {
        return word(exact(event.when().ns())) + ", " + word(exact(event.when().realtime()));
    }

    @Override
    String vcpu(VcpuId vcpu) {
        return Integer.toString(vcpu.vcpu());
    }

    @Override
    String ofVm(String set, int vm) {
        return set;
    }
}
