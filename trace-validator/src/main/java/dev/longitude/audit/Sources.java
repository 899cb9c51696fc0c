package dev.longitude.audit;

import com.google.common.collect.ImmutableList;
import dev.longitude.order.Stop;
import dev.longitude.order.Stops;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The saves in some recordings: where a guest that is restored came from. */
final class Sources {
    /** A stop and the log that has it. */
    record Source(VmmLog log, Stop stop) {}

    private final List<Source> all = new ArrayList<>();

    Sources(List<VmmLog> logs) {
        for (VmmLog log : logs) {
            for (Stop stop : Stops.of(log.operations())) {
                all.add(new Source(log, stop));
            }
        }
    }

    /** The stop in which a restore's TSC was read, before that; the latest one that has the number. */
    Optional<Source> of(VmmLog log, Stop restore) {
        ImmutableList<Long> written = restore.operations(Kind.WRITE_TSC)
                .map(VmmOperation::value)
                .filter(Objects::nonNull)
                .filter(v -> Long.compareUnsigned(v, 1) > 0)
                .collect(ImmutableList.toImmutableList());
        boolean byOffset = written.isEmpty() && restore.has(o -> o.is(Kind.SET_TSC_OFFSET));
        return all.stream()
                .filter(s -> !s.log.equals(log) || begins(s.stop) < begins(restore))
                .filter(s -> byOffset
                        ? (!s.log.equals(log) || s.stop.vm() != restore.vm())
                                && s.stop.has(o -> o.is(Kind.GET_TSC_OFFSET))
                                && s.stop.has(o -> o.is(Kind.GET_CLOCK))
                        : s.stop.has(o -> o.is(Kind.READ_TSC) && written.contains(o.value())))
                .reduce((one, next) -> next);
    }

    private static long begins(Stop stop) {
        return stop.operations().findFirst().map(VmmOperation::before).orElse(Long.MAX_VALUE);
    }
}
