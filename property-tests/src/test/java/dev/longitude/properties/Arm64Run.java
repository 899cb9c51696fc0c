package dev.longitude.properties;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A run of acts on an arm64 host of two VMs, and what of it a guest sees, or a VMM of a guest's counters. */
final class Arm64Run {
    static final int VCPUS = 3;
    static final int PCPUS = 4;

    /** (Offsets are numbers of the host; whether a read traps depends on them.) */
    private static final ImmutableSet<Field> SEEN =
            ImmutableSet.of(Field.VALUE, Field.CVAL, Field.ON, Field.DUE, Field.ERRNO);

    final List<TraceEvent> events = new ArrayList<>();
    final Arm64Host host;
    final Arm64Act.Stage stage;

    Arm64Run(KernelProfile kernel, boolean vhe, boolean ecv, long cntpct) {
        host = new Arm64Host(kernel, vhe, ecv, PCPUS, cntpct, events::add);
        PlayedTraces.note(new TraceHeader(kernel, host.described(), VCPUS + 1, "property"), events);
        if (!PlayedTraces.areKept()) {
            host.omitState();
        }
        stage = new Arm64Act.Stage(host, VCPUS);
    }

    void play(List<Arm64Act> acts) {
        acts.forEach(act -> act.play(stage));
    }

    /** Each operation on the first VM, with what of its results is the guest's. */
    List<String> seen(Predicate<TraceEvent> of) {
        return events.stream()
                .filter(e -> e.vm() == 0)
                .filter(of)
                .map(e -> e.operation() + " of " + e.vcpu() + " " + Maps.filterKeys(e.results(), SEEN::contains))
                .toList();
    }

    /** The state of each VM. */
    List<ImmutableMap<StateVariable, Object>> observed() {
        return List.of(host.observed(stage.vm), host.observed(java.util.Objects.requireNonNull(host.vm(1))));
    }

    /** What every vCPU's guest reads now, of both counters. */
    List<Long> read() {
        List<Long> values = new ArrayList<>();
        for (Arm64Vcpu vcpu : stage.vcpus) {
            vcpu.load(0);
            vcpu.enterGuest();
            values.add(vcpu.guestReadCntvct());
            values.add(vcpu.guestReadCntpct());
            vcpu.exitGuest();
            vcpu.put(true);
        }
        return values;
    }
}
