package dev.longitude.audit;

import dev.longitude.order.Stop;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The counters of an arm64 VM, which all its vCPUs share. */
final class Arm64Checks {
    private final AuditReport.Builder report;

    /** The first KVM_ARM_SET_COUNTER_OFFSET that KVM took; 0 if there is none yet. */
    private int byOffset;

    /** The last line after which a vCPU's creation rewinds the counter: it was set, or a guest ran; 0 if none. */
    private int inUse;

    private final List<Integer> ignored = new ArrayList<>();

    private Arm64Checks(AuditReport.Builder report) {
        this.report = report;
    }

    static void check(List<Stop> stops, AuditReport.Builder report) {
        Arm64Checks checks = new Arm64Checks(report);
        stops.forEach(checks::check);
        if (!checks.ignored.isEmpty()) {
            report.found(FindingKind.SET_AFTER_OFFSET, "", checks.ignored.toArray(Integer[]::new));
        }
    }

    private void check(Stop stop) {
        VmmOperation created = null;
        int before = 0;
        Map<Integer, VmmOperation> counters = new HashMap<>();
        for (Stop.Step step : stop.steps()) {
            VmmOperation operation = step.operation();
            switch (operation.kind()) {
                case SET_COUNTER_OFFSET -> byOffset = operation.done() && byOffset == 0 ? operation.line() : byOffset;
                case CREATE_VCPU -> {
                    if (operation.done() && byOffset == 0 && inUse > 0) {
                        created = operation;
                        before = inUse;
                    }
                }
                case SET_TIMER_CNT, SET_PTIMER_CNT -> {
                    if (!operation.done()) {
                        break;
                    }
                    if (byOffset > 0) {
                        ignored.add(operation.line());
                        break;
                    }
                    if (operation.is(Kind.SET_TIMER_CNT)) {
                        counters.remove(operation.vcpu());
                        if (!step.afterRun()) {
                            counters.put(operation.vcpu(), operation);
                        }
                        inUse = operation.line();
                        created = null;
                    }
                    running(stop, step);
                }
                default -> {
                    // It concerns no counter.
                }
            }
        }
        if (created != null && stop.resumes()) {
            report.found(FindingKind.CREATED_AFTER_COUNTER, "vCPU " + created.vcpu(), created.line(), before);
        }
        if (stop.resumes()) {
            inUse = stop.runs().get(0).line();
            unequal(stop, counters);
            compareValues(stop, Kind.SET_TIMER_CNT, Kind.SET_VTIMER_CVAL, Kind.SET_VTIMER_CTL);
            compareValues(stop, Kind.SET_PTIMER_CNT, Kind.SET_PTIMER_CVAL, Kind.SET_PTIMER_CTL);
        }
    }

    private void running(Stop stop, Stop.Step step) {
        VmmOperation operation = step.operation();
        if (step.afterRun()) {
            report.found(
                    FindingKind.COUNTER_SET_AFTER_RUN,
                    "vCPU " + operation.vcpu(),
                    operation.line(),
                    stop.runs().get(0).line());
        } else if (!step.mayRun().isEmpty() && stop.resumes()) {
            report.undecidable(
                    FindingKind.COUNTER_SET_AFTER_RUN,
                    operation.line(),
                    "it is not known whether vCPUs "
                            + step.mayRun().stream().sorted().toList() + " were in the guest; record with --every-run");
        }
    }

    /** Whether the last write leaves the counter behind what another vCPU was given. */
    private void unequal(Stop stop, Map<Integer, VmmOperation> counters) {
        VmmOperation last = counters.values().stream()
                .reduce((a, b) -> a.before() - b.before() > 0 ? a : b)
                .orElse(null);
        if (last == null || last.value() == null) {
            return;
        }
        VmmOperation run = stop.runs().get(0);
        long latest = Objects.requireNonNull(last.value()) + (run.after() - last.before());
        for (VmmOperation other : counters.values()) {
            Long value = other.value();
            if (value != null && value - latest > 0) {
                report.found(
                        FindingKind.COUNTERS_UNEQUAL,
                        "vCPU " + other.vcpu() + " is " + (value - latest) + " ticks behind",
                        last.line(),
                        other.line());
                return;
            }
        }
    }

    private void compareValues(Stop stop, Kind counter, Kind compare, Kind control) {
        Map<Integer, VmmOperation> set = new HashMap<>();
        Map<Integer, VmmOperation> then = new HashMap<>();
        Map<Integer, Boolean> on = new HashMap<>();
        stop.operations().filter(VmmOperation::done).forEach(o -> {
            if (o.is(compare)) {
                set.put(o.vcpu(), o);
                then.remove(o.vcpu());
            } else if (o.is(counter) && set.containsKey(o.vcpu())) {
                then.put(o.vcpu(), o);
            } else if (o.is(control)) {
                on.put(o.vcpu(), o.value() != null && (o.value() & 1) != 0);
            }
        });
        then.forEach((vcpu, write) -> {
            VmmOperation value = Objects.requireNonNull(set.get(vcpu));
            if (on.getOrDefault(vcpu, false) && !Long.valueOf(0).equals(value.value())) {
                report.found(FindingKind.CVAL_BEFORE_COUNTER, "vCPU " + vcpu, value.line(), write.line());
            }
        });
    }
}
