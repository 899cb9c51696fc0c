package dev.longitude.audit;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.order.Stop;
import dev.longitude.order.Stops;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation.Kind;
import dev.longitude.verdict.Verdict;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Audits a recording. */
public final class Audit {
    private Audit() {}

    /**
     * Audits a log.
     *
     * @param verdict the validator's on the log: whether the vCPUs were on one line
     * @param all this log and the others that may show where its guest came from
     */
    public static AuditReport of(VmmLog log, Verdict verdict, List<VmmLog> all) {
        AuditReport.Builder report = new AuditReport.Builder(log.kernel());
        Map<Integer, ImmutableList<Stop>> ofVm = Stops.of(log.operations()).stream()
                .collect(Collectors.groupingBy(Stop::vm, TreeMap::new, ImmutableList.toImmutableList()));
        log.operations().stream()
                .filter(o -> o.vm() < 0 && !o.failed() && (o.kind().writes() || o.is(Kind.UNKNOWN)))
                .forEach(
                        o -> report.undecidable(o.line(), "it may set a clock, and the log does not show of which VM"));
        for (List<Stop> stops : ofVm.values()) {
            RefusalChecks.check(log.kernel(), log.khz(), stops, report);
            if (log.arch() == Arch.X86) {
                Sources sources = new Sources(all);
                TimerChecks.check(stops, report);
                KvmclockChecks.check(log.khz(), stops, report);
                TscChecks.check(log, stops, verdict, sources, report);
                if (log.hasStableTsc()) {
                    PartedClocks.check(log, stops, sources, report);
                }
            } else {
                Arm64Checks.check(stops, report);
            }
        }
        return report.build(log.file().toString());
    }
}
