package dev.longitude.bench;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** A trace of any length, in which a guest with two vCPUs runs, reads its clocks, and is migrated again and again. */
public final class LongTrace {
    private static final int TSC_KHZ = 2_596_124;

    private LongTrace() {}

    /** Its header. */
    public static TraceHeader header() {
        return new TraceHeader(
                KernelProfile.of("v6.12"),
                new TraceHeader.X86(TSC_KHZ, 0, true, false),
                2,
                "reference implementation, a long trace");
    }

    /**
     * Its first events.
     *
     * @param length how many, at least 20
     */
    public static ImmutableList<TraceEvent> events(int length) {
        ImmutableList.Builder<TraceEvent> events = ImmutableList.builderWithExpectedSize(length);
        play(length, events::add);
        return events.build();
    }

    /** Passes its first {@code length} events to {@code trace}, one by one. */
    public static void play(int length, Consumer<TraceEvent> trace) {
        List<TraceEvent> events = new ArrayList<>();
        int[] written = {0};
        Consumer<TraceEvent> tell = event -> {
            events.clear();
            events.add(event);
            if (written[0]++ < length) {
                trace.accept(event);
            }
        };
        X86Host host = new X86Host(TSC_KHZ, TscScaling.NONE, true, 1L << 40, tell);
        X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
        X86Vcpu[] vcpus = {vm.createVcpu(0), vm.createVcpu(1)};
        for (X86Vcpu vcpu : vcpus) {
            vcpu.writeSystemTime(true);
        }
        while (written[0] < length) {
            for (X86Vcpu vcpu : vcpus) {
                host.advance(1_000);
                vcpu.enterGuest();
                while (isKicked(events, vcpu)) {
                    vcpu.reenterGuest();
                }
                host.advance(1_000);
                vcpu.guestReadTsc();
                vcpu.guestReadClock();
                vcpu.exitGuest();
            }
            X86Vm.ClockData clock = vm.getClock();
            for (X86Vcpu vcpu : vcpus) {
                vcpu.setTscOffset(vcpu.getTscOffset());
            }
            vm.setClock(clock.clock(), 0, 0);
        }
    }

    private static boolean isKicked(List<TraceEvent> events, X86Vcpu vcpu) {
        Object kicked = events.get(events.size() - 1).state().get(StateVariable.KICKED);
        return kicked instanceof Set<?> all && all.contains(vcpu.index());
    }
}
