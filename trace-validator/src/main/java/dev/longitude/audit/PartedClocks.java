package dev.longitude.audit;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.order.Stop;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether the TSC and kvmclock moved by the same time over a stop or a restore. */
final class PartedClocks {
    /** Less is the time that ioctls take. */
    private static final double ALLOWED_MS = 1.0;

    private static final double NS_PER_MS = 1e6;

    /** kvmclock minus the TSC as time, ms: between two bounds. */
    private record Distance(double from, double to, int line) {}

    private PartedClocks() {}

    static void check(VmmLog log, List<Stop> stops, Sources sources, AuditReport.Builder report) {
        if (log.khz() == 0) {
            return;
        }
        for (Stop stop : stops) {
            if (!stop.resumes() || stop.has(o -> o.is(Kind.UNKNOWN))) {
                continue;
            }
            boolean restores = stop.restoresCounter();
            if (stop.isFirst() && !restores) {
                continue;
            }
            Optional<Sources.Source> from = restores
                    ? sources.of(log, stop).filter(s -> s.log().khz() == log.khz())
                    : Optional.of(new Sources.Source(log, stop));
            VmmOperation set = stop.operations(Kind.SET_CLOCK)
                    .filter(VmmOperation::done)
                    .reduce((one, next) -> next)
                    .orElse(null);
            if (from.isEmpty() || set == null) {
                continue;
            }
            Distance before = saved(from.get(), set, log.khz());
            Distance after = before == null ? null : restored(stop, set, from.get(), stops, log.khz());
            if (before == null || after == null) {
                continue;
            }
            double least = after.from - before.to;
            double most = after.to - before.from;
            if (least > ALLOWED_MS || most < -ALLOWED_MS) {
                double apart = (least + most) / 2;
                report.found(
                        FindingKind.CLOCKS_PARTED,
                        String.format(
                                Locale.ROOT,
                                "kvmclock is %.1f ms %s the TSC, compared with line %d of %s",
                                Math.abs(apart),
                                apart < 0 ? "behind" : "ahead of",
                                before.line,
                                from.get().log().file().getFileName()),
                        set.line());
            }
        }
    }

    /** At the save: a TSC and a clock, both read while nothing set them. */
    private static @Nullable Distance saved(Sources.Source source, VmmOperation set, long khz) {
        List<VmmOperation> reads = source.stop()
                .operations()
                .takeWhile(o -> !(o.is(Kind.WRITE_TSC) || o.is(Kind.SET_TSC_OFFSET) || o.is(Kind.SET_CLOCK)))
                .filter(VmmOperation::done)
                .toList();
        VmmOperation tsc = reads.stream()
                .filter(o -> o.is(Kind.READ_TSC) || o.is(Kind.GET_TSC_OFFSET))
                .findFirst()
                .orElse(null);
        VmmOperation clock = reads.stream()
                .filter(o -> o.is(Kind.GET_CLOCK))
                .reduce((one, next) -> Objects.equals(one.value("clock"), set.value("clock")) ? one : next)
                .orElse(null);
        return tsc == null || clock == null ? null : distance(tsc, clock, 0, 0, khz);
    }

    private static @Nullable Distance restored(
            Stop stop, VmmOperation set, Sources.Source source, List<Stop> stops, long khz) {
        double passed = 0;
        double doubt = 0;
        if ((Objects.requireNonNullElse(set.value("flags"), 0L) & KvmAbi.CLOCK_REALTIME) != 0) {
            Long realtime = set.value("realtime");
            if (realtime == null || set.realtime() == 0) {
                return null;
            }
            // KVM read CLOCK_REALTIME within the call, and the record was written after it.
            passed = Math.max(0, set.realtime() - realtime) / NS_PER_MS;
            doubt = 2.0 * (set.after() - set.before()) / khz + ALLOWED_MS;
        }
        VmmOperation tsc;
        if (stop.restoresCounter()) {
            tsc = stop.operations()
                    .filter(VmmOperation::done)
                    .filter(o -> o.is(Kind.SET_TSC_OFFSET) || isValue(o))
                    .reduce((one, next) -> next.is(Kind.SET_TSC_OFFSET) || !one.is(Kind.WRITE_TSC) ? next : one)
                    .orElse(null);
            if (tsc == null || (tsc.is(Kind.WRITE_TSC) && !isHonoured(tsc, stop, stops, khz))) {
                return null;
            }
        } else {
            tsc = source.stop()
                    .operations()
                    .filter(VmmOperation::done)
                    .filter(o -> o.is(Kind.READ_TSC) || o.is(Kind.GET_TSC_OFFSET))
                    .findFirst()
                    .orElse(null);
        }
        return tsc == null ? null : distance(tsc, set, passed, doubt, khz);
    }

    private static boolean isValue(VmmOperation operation) {
        Long value = operation.value();
        return operation.is(Kind.WRITE_TSC) && value != null && Long.compareUnsigned(value, 1) > 0;
    }

    /** Whether a write is surely no attempt to join the line of the write or creation before: a second is the window. */
    private static boolean isHonoured(VmmOperation write, Stop stop, List<Stop> stops, long khz) {
        VmmOperation last = null;
        for (Stop one : stops) {
            for (VmmOperation operation : one.operations().toList()) {
                if (operation.equals(write)) {
                    if (last == null) {
                        return false;
                    }
                    Long base = last.is(Kind.CREATE_VCPU) ? (Long) 0L : last.value();
                    if (base == null) {
                        return false;
                    }
                    double expected = (double) base + (write.before() - last.before());
                    return Math.abs((double) Objects.requireNonNull(write.value()) - expected) > 1.5e3 * khz;
                }
                if (operation.is(Kind.CREATE_VCPU) || (operation.is(Kind.WRITE_TSC) && !operation.failed())) {
                    last = operation;
                }
            }
            if (one.equals(stop)) {
                return false;
            }
        }
        return false;
    }

    private static @Nullable Distance distance(
            VmmOperation tsc, VmmOperation clock, double passed, double doubt, long khz) {
        Long ns = clock.value("clock");
        Long value = tsc.value();
        Long offset = tsc.value("offset");
        if (ns == null) {
            return null;
        }
        // The TSC, as if it were read when the clock's call began.
        double cycles;
        double wide = clock.after() - clock.before();
        if (offset != null) {
            cycles = (double) (clock.before() + offset);
        } else if (value != null) {
            cycles = (double) (value + (clock.before() - tsc.before()));
            wide += tsc.after() - tsc.before();
        } else {
            return null;
        }
        double at = ns / NS_PER_MS + passed - cycles / khz;
        double bound = wide / khz + doubt;
        return new Distance(at - bound, at + bound, clock.line());
    }
}
