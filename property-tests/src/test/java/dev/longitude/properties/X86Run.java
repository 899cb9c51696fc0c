package dev.longitude.properties;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;

/** A run of acts on an x86 host, and what of it a guest sees, or a VMM by the guest's clocks. */
final class X86Run {
    static final int VCPUS = 3;

    /** The host's rate: a cycle takes a nanosecond, so that no conversion between the two rounds. */
    static final int KHZ = 1_000_000;

    /** What a guest sees in cycles of its TSC, or its rate. (Offsets and host_tsc are numbers of the host.) */
    private static final ImmutableSet<Field> IN_CYCLES =
            ImmutableSet.of(Field.VALUE, Field.TSC_TIMESTAMP, Field.DEADLINE, Field.KHZ);

    /** The rest of what it sees. */
    private static final ImmutableSet<Field> NOT_IN_CYCLES =
            ImmutableSet.of(Field.CLOCK, Field.REALTIME, Field.FLAGS, Field.SYSTEM_TIME, Field.ERRNO, Field.UPDATED);

    final List<TraceEvent> events = new ArrayList<>();
    final X86Host host;
    final X86Vm vm;
    final List<X86Vcpu> vcpus = new ArrayList<>();
    private final int rates;

    /**
     * A host with one VM.
     *
     * @param rates how many times {@link #KHZ} its rate is
     * @param tsc the host's at the start
     */
    X86Run(KernelProfile kernel, TscScaling scaling, int rates, long tsc) {
        this.rates = rates;
        host = new X86Host(rates * KHZ, scaling, true, tsc, events::add);
        PlayedTraces.note(
                new TraceHeader(
                        kernel,
                        new TraceHeader.X86(rates * KHZ, scaling.fracBits(), true, false),
                        VCPUS + 1,
                        "property"),
                events);
        if (!PlayedTraces.areKept()) {
            host.omitState();
        }
        vm = new X86Vm(host, kernel, 0);
    }

    /** A host at {@link #KHZ} on which these acts were played, with no vCPU in the guest afterwards. */
    static X86Run of(KernelProfile kernel, TscScaling scaling, long tsc, List<Act> acts) {
        X86Run run = new X86Run(kernel, scaling, 1, tsc);
        run.play(acts);
        run.exitAll();
        return run;
    }

    void createAll() {
        while (vcpus.size() < VCPUS) {
            vcpus.add(vm.createVcpu(vcpus.size()));
        }
    }

    void play(List<Act> acts) {
        for (Act act : acts) {
            act.play(host, vm, vcpus, VCPUS, rates);
        }
    }

    void exitAll() {
        Act.exitAll(vcpus);
    }

    /** Each operation, with what of its results is the guest's; numbers of cycles as if its rate were the basic one. */
    List<String> seen() {
        return seen(event -> true);
    }

    /** The same of some events. */
    List<String> seen(java.util.function.Predicate<TraceEvent> of) {
        return events.stream().filter(of).map(this::seen).toList();
    }

    private String seen(TraceEvent event) {
        ImmutableMap.Builder<Field, Object> shown = ImmutableMap.builder();
        event.results().forEach((field, value) -> {
            if (IN_CYCLES.contains(field)) {
                shown.put(field, rates == 1 ? value : inBasicRate(((Number) value).longValue()));
            } else if (NOT_IN_CYCLES.contains(field)) {
                shown.put(field, value);
            }
        });
        return event.operation() + " of " + event.vcpu() + " " + shown.buildOrThrow();
    }

    private String inBasicRate(long number) {
        return number % rates == 0 ? String.valueOf(number / rates) : number + "/" + rates;
    }

    /** What every vCPU's guest reads now. */
    ImmutableList<Long> read() {
        ImmutableList.Builder<Long> values = ImmutableList.builder();
        for (X86Vcpu vcpu : vcpus) {
            vcpu.enterGuest();
            values.add(vcpu.guestReadTsc());
            vcpu.exitGuest();
        }
        return values.build();
    }
}
