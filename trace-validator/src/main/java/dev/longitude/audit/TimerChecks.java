package dev.longitude.audit;

import com.google.common.collect.ImmutableList;
import dev.longitude.order.Stop;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The TSC deadline of a vCPU's timer, and what must come before it. */
final class TimerChecks {
    private TimerChecks() {}

    static void check(List<Stop> stops, AuditReport.Builder report) {
        Set<Integer> withLapic = new HashSet<>();
        for (Stop stop : stops) {
            Map<Integer, VmmOperation> armed = new HashMap<>();
            Map<Integer, Long> tsc = new HashMap<>();
            Map<Integer, Finding> found = new HashMap<>();
            boolean readsOffsets = stop.has(o -> o.is(Kind.GET_TSC_OFFSET));
            for (VmmOperation operation :
                    stop.operations().filter(o -> !o.failed()).collect(Collectors.toList())) {
                int vcpu = operation.vcpu();
                VmmOperation deadline = armed.get(vcpu);
                switch (operation.kind()) {
                    case WRITE_TSC_DEADLINE -> {
                        // The last write counts.
                        found.remove(vcpu);
                        if (operation.value() == null || operation.value() == 0) {
                            armed.remove(vcpu);
                        } else {
                            armed.put(vcpu, operation);
                        }
                    }
                    case WRITE_TSC -> {
                        Long value = operation.value();
                        boolean again = value != null && value.equals(tsc.put(vcpu, value));
                        if (deadline != null && !again && (value == null || Long.compareUnsigned(value, 1) > 0)) {
                            found.put(vcpu, found(FindingKind.DEADLINE_BEFORE_TSC, deadline, operation));
                        }
                    }
                    case SET_TSC_OFFSET -> {
                        // One that was just read puts vCPUs together, a few microseconds apart.
                        if (deadline != null && !readsOffsets) {
                            found.put(vcpu, found(FindingKind.DEADLINE_BEFORE_TSC, deadline, operation));
                        }
                    }
                    case SET_LAPIC -> {
                        if (withLapic.add(vcpu) && deadline != null) {
                            found.put(vcpu, found(FindingKind.DEADLINE_BEFORE_LAPIC, deadline, operation));
                        }
                    }
                    default -> {
                        // It concerns no timer.
                    }
                }
            }
            if (stop.resumes()) {
                found.values().forEach(report::found);
            }
        }
    }

    private static Finding found(FindingKind kind, VmmOperation deadline, VmmOperation later) {
        return new Finding(kind, ImmutableList.of(deadline.line(), later.line()), "vCPU " + later.vcpu());
    }
}
