package dev.longitude.audit;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.order.Stop;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** KVM_SET_CLOCK and KVM_KVMCLOCK_CTRL in the stops of one VM. */
final class KvmclockChecks {
    private static final long NS_PER_MS = 1_000_000;

    /** A shorter stop disturbs no watchdog of a guest: those wait for 10 s and more. */
    private static final long SHORT_MS = 1000;

    /** A smaller step of kvmclock counts as none: host counters and clocks run at rates that differ a little. */
    private static final long STEP_NS = 10 * NS_PER_MS;

    private static final long PPM = 1_000_000;
    private static final long RATE_ERROR_PPM = 1000;

    private final long khz;
    private final List<Stop> stops;
    private final AuditReport.Builder report;

    private KvmclockChecks(long khz, List<Stop> stops, AuditReport.Builder report) {
        this.khz = khz;
        this.stops = stops;
        this.report = report;
    }

    static void check(long khz, List<Stop> stops, AuditReport.Builder report) {
        KvmclockChecks checks = new KvmclockChecks(khz, stops, report);
        checks.sets();
        stops.forEach(checks::marks);
    }

    private void sets() {
        boolean unset = false;
        int unsetAt = 0;
        VmmOperation earlier = null;
        VmmOperation shown = null;
        for (Stop stop : stops) {
            Set<Integer> pages = KvmclockPages.at(stops, stop);
            List<VmmOperation> read = new ArrayList<>();
            for (VmmOperation operation : stop.operations().collect(Collectors.toList())) {
                if (operation.is(Kind.GET_CLOCK) && operation.done()) {
                    read.add(operation);
                    shown = operation;
                } else if (operation.is(Kind.SET_CLOCK) && operation.done()) {
                    if (unset) {
                        report.found(FindingKind.CLOCK_SET_LATE, "", operation.line(), unsetAt);
                        unset = false;
                    } else if (!stop.isFirst() && !stop.restoresCounter() && !pages.isEmpty()) {
                        late(operation, read, earlier, shown);
                    }
                    earlier = operation;
                    shown = operation;
                }
            }
            if (stop.isFirst() && stop.resumes() && stop.restoresCounter() && !pages.isEmpty() && earlier == null) {
                unset = true;
                unsetAt = stop.runs().get(0).line();
            }
        }
        if (unset) {
            report.found(FindingKind.CLOCK_NOT_SET, "", unsetAt);
        }
    }

    /** A clock that is not the one of this stop. */
    private void late(
            VmmOperation set, List<VmmOperation> read, @Nullable VmmOperation earlier, @Nullable VmmOperation shown) {
        Long clock = set.value("clock");
        if (clock == null || shown == null || read.stream().anyMatch(r -> clock.equals(r.value("clock")))) {
            return;
        }
        Long step = step(set, shown);
        if (step == null || Math.abs(step) < STEP_NS) {
            return;
        }
        String detail = "kvmclock moves by " + step / NS_PER_MS + " ms";
        if (earlier != null && clock.equals(earlier.value("clock")) && !isRealtime(set)) {
            report.found(FindingKind.CLOCK_SET_AGAIN, detail, set.line(), earlier.line());
        } else {
            report.found(FindingKind.CLOCK_SET_LATE, detail, set.line(), shown.line());
        }
    }

    private static boolean isRealtime(VmmOperation set) {
        return (Objects.requireNonNullElse(set.value("flags"), 0L) & KvmAbi.CLOCK_REALTIME) != 0;
    }

    /** By how much a set moves kvmclock, ns; null if the log does not show it. */
    private @Nullable Long step(VmmOperation set, VmmOperation shown) {
        Long clock = set.value("clock");
        Long then = shown.value("clock");
        if (khz <= 0 || clock == null || then == null) {
            return null;
        }
        long value = clock;
        if (isRealtime(set)) {
            Long realtime = set.value("realtime");
            if (realtime == null || set.realtime() == 0) {
                return null;
            }
            value += Math.max(0, set.realtime() - realtime);
        }
        if (isRealtime(shown) && shown.is(Kind.SET_CLOCK)) {
            return null;
        }
        long elapsed = Math.multiplyHigh(set.before() - shown.before(), NS_PER_MS) == 0
                ? (set.before() - shown.before()) * NS_PER_MS / khz
                : (set.before() - shown.before()) / khz * NS_PER_MS;
        long step = value - (then + elapsed);
        long doubt = elapsed / PPM * RATE_ERROR_PPM
                + (set.after() - set.before() + shown.after() - shown.before()) / khz * NS_PER_MS;
        return Math.abs(step) <= doubt ? 0L : step;
    }

    private void marks(Stop stop) {
        stop.operations(Kind.KVMCLOCK_CTRL)
                .filter(o -> o.vcpu() < 0 && o.failed() && o.errno() == KvmAbi.ENOTTY)
                .forEach(o -> report.found(FindingKind.CTRL_ON_VM, "", o.line()));
        boolean restored = stop.isFirst() && stop.restoresCounter();
        boolean stopped = !stop.isFirst() && stop.has(o -> o.kind().saves() || o.is(Kind.SET_CLOCK)) && lastsLong(stop);
        if (!stop.resumes() || !(restored || stopped)) {
            return;
        }
        Set<Integer> pages = KvmclockPages.at(stops, stop);
        for (VmmOperation run : stop.runs()) {
            boolean marked = stop.has(o -> o.is(Kind.KVMCLOCK_CTRL) && o.vcpu() == run.vcpu() && !o.failed());
            if (pages.contains(run.vcpu()) && !marked) {
                report.found(FindingKind.CTRL_MISSING, "vCPU " + run.vcpu(), run.line());
            }
        }
    }

    private boolean lastsLong(Stop stop) {
        return khz > 0
                && stop.resumes()
                && stop.operations()
                        .findFirst()
                        .filter(o -> (stop.runs().get(0).before() - o.before()) / khz >= SHORT_MS)
                        .isPresent();
    }
}
