package dev.longitude.audit;

import dev.longitude.order.Stop;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The TSCs of a VM's vCPUs: whether a restore gave them what was saved, and one line. */
final class TscChecks {
    private static final String SAME_LINE = "SameLine";

    /** Longer than the second within which KVM takes two writes for one. */
    private static final double WINDOW_MS = 1500;

    private final VmmLog log;
    private final List<Stop> stops;
    private final Verdict verdict;
    private final AuditReport.Builder report;

    private TscChecks(VmmLog log, List<Stop> stops, Verdict verdict, AuditReport.Builder report) {
        this.log = log;
        this.stops = stops;
        this.verdict = verdict;
        this.report = report;
    }

    static void check(VmmLog log, List<Stop> stops, Verdict verdict, Sources sources, AuditReport.Builder report) {
        TscChecks checks = new TscChecks(log, stops, verdict, report);
        for (Stop stop : stops) {
            checks.lines(stop);
            checks.readBack(stop);
            checks.rate(stop, sources);
        }
    }

    /**
     * Whether the vCPUs enter on one line. The validator knows: from the values, the tracepoints and the kernel. Where a
     * log does not show that a KVM_RUN entered the guest, it only knows that they may not be.
     */
    private void lines(Stop stop) {
        PropertyVerdict kept = verdict.properties().get(SAME_LINE);
        TraceEvent failure = verdict.firstFailures().get(SAME_LINE);
        boolean certain = kept == PropertyVerdict.NOT_KEPT;
        if (kept == null || kept == PropertyVerdict.KEPT || (stop.runs().size() < 2 && !certain)) {
            return;
        }
        Optional<VmmOperation> run = stop.runs().stream()
                .filter(r -> failure == null || r.line() == failure.line())
                .findFirst();
        if (run.isEmpty() || !stop.has(o -> o.is(Kind.WRITE_TSC) || o.is(Kind.SET_TSC_OFFSET))) {
            return;
        }
        Optional<List<VmmOperation>> created = createdBetween(stop, certain);
        Map<Integer, Long> offsets = offsets(stop);
        if (created.isPresent()) {
            VmmOperation creation = created.get().get(1);
            report.found(
                    FindingKind.CREATED_BETWEEN_WRITES,
                    "vCPU " + creation.vcpu(),
                    creation.line(),
                    created.get().get(0).line(),
                    created.get().get(2).line());
        } else if (certain || Set.copyOf(offsets.values()).size() > 1) {
            report.found(
                    FindingKind.OFFSETS_DIFFER,
                    offsets.isEmpty() ? "the validator finds that SameLine is not kept" : offsets.toString(),
                    run.get().line());
        } else if (stop.restoresCounter() && offsets.size() < stop.runs().size()) {
            report.undecidable(
                    FindingKind.OFFSETS_DIFFER,
                    run.get().line(),
                    "the vCPUs' TSC offsets are not known; record tracepoints, or let the VMM read KVM_VCPU_TSC_OFFSET");
        }
    }

    /**
     * A write, a creation after it, and the next write, of another vCPU, that nothing repeats.
     *
     * @param certain whether the vCPUs are known to differ; otherwise the values must be far from the age of the vCPU that
     *     was created, so that KVM cannot take the second write for one that is to join the first
     */
    private Optional<List<VmmOperation>> createdBetween(Stop stop, boolean certain) {
        List<VmmOperation> all = stop.operations().filter(VmmOperation::done).collect(Collectors.toList());
        VmmOperation write = null;
        VmmOperation creation = null;
        for (int i = 0; i < all.size(); i++) {
            VmmOperation operation = all.get(i);
            Long value = operation.value();
            if (operation.is(Kind.WRITE_TSC) && (value == null || value != 0)) {
                if (creation != null && write != null && write.vcpu() != operation.vcpu()) {
                    VmmOperation first = write;
                    boolean repeated = all.subList(i + 1, all.size()).stream()
                            .anyMatch(o -> (o.is(Kind.WRITE_TSC) || o.is(Kind.SET_TSC_OFFSET))
                                    && (o.vcpu() == first.vcpu() || o.vcpu() == operation.vcpu()));
                    boolean far = value != null
                            && Math.abs((double) value - (operation.before() - creation.before()))
                                    > WINDOW_MS * log.khz();
                    return !repeated && (certain || (far && log.khz() > 0))
                            ? Optional.of(List.of(write, creation, operation))
                            : Optional.empty();
                }
                write = operation;
            } else if (operation.is(Kind.CREATE_VCPU) && write != null) {
                creation = operation;
            }
        }
        return Optional.empty();
    }

    /** The offsets of the vCPUs that run after a stop, as far as the VMM set or read them. */
    private Map<Integer, Long> offsets(Stop until) {
        Map<Integer, Long> offsets = new TreeMap<>();
        for (Stop stop : stops) {
            stop.operations().filter(VmmOperation::done).forEach(o -> {
                switch (o.kind()) {
                    case GET_TSC_OFFSET, SET_TSC_OFFSET -> {
                        Long offset = o.value("offset");
                        if (offset == null) {
                            offsets.remove(o.vcpu());
                        } else {
                            offsets.put(o.vcpu(), offset);
                        }
                    }
                    case WRITE_TSC -> offsets.remove(o.vcpu());
                    default -> {
                        // It leaves the offset.
                    }
                }
            });
            if (stop.equals(until)) {
                break;
            }
        }
        offsets.keySet().retainAll(until.runs().stream().map(VmmOperation::vcpu).collect(Collectors.toSet()));
        return offsets;
    }

    /** The first vCPU's write opens the line of a restore; the others may join it. */
    private void readBack(Stop stop) {
        if (!log.hasStableTsc() || !stop.resumes() || rescaled(stop) || !isOfAllVcpus(stop)) {
            return;
        }
        List<VmmOperation> all = stop.operations().collect(Collectors.toList());
        for (int i = 0; i < all.size(); i++) {
            VmmOperation write = all.get(i);
            Long value = write.value();
            if (!write.is(Kind.WRITE_TSC) || !write.done() || value == null || Long.compareUnsigned(value, 1) <= 0) {
                continue;
            }
            for (VmmOperation later : all.subList(i + 1, all.size())) {
                if (later.vcpu() == write.vcpu() && (later.is(Kind.WRITE_TSC) || later.is(Kind.SET_TSC_OFFSET))) {
                    break;
                }
                Long read = shown(later, write);
                if (read != null) {
                    compare(stop, write, later, read);
                    break;
                }
            }
            return;
        }
    }

    /** Whether each vCPU's TSC is written: a single one is to join the others. */
    private boolean isOfAllVcpus(Stop stop) {
        return stops.stream()
                .takeWhile(s -> !s.equals(stop))
                .flatMap(Stop::operations)
                .mapToInt(VmmOperation::vcpu)
                .filter(v -> v >= 0)
                .allMatch(v -> stop.has(o -> o.is(Kind.WRITE_TSC) && o.vcpu() == v));
    }

    private boolean rescaled(Stop until) {
        return stops.stream()
                        .takeWhile(s -> !s.equals(until))
                        .flatMap(Stop::operations)
                        .anyMatch(this::rescales)
                || until.has(this::rescales);
    }

    private boolean rescales(VmmOperation operation) {
        return (operation.is(Kind.SET_TSC_KHZ) || operation.is(Kind.SET_VM_TSC_KHZ))
                && !Objects.equals(operation.value("khz"), log.khz());
    }

    /** What an operation shows of the TSC that a write set: as if it were read at the write's instant. */
    private static @Nullable Long shown(VmmOperation later, VmmOperation write) {
        if (later.vcpu() != write.vcpu() || !later.done()) {
            return null;
        }
        Long offset = later.value("offset");
        Long value = later.value();
        return switch (later.kind()) {
            case READ_TSC -> value == null ? null : (Long) (value - (later.before() - write.before()));
            case GET_TSC_OFFSET -> offset == null ? null : (Long) (write.before() + offset);
            default -> null;
        };
    }

    private void compare(Stop stop, VmmOperation write, VmmOperation later, long read) {
        long doubt = (write.after() - write.before()) + (later.is(Kind.READ_TSC) ? later.after() - later.before() : 0);
        long wrong = read - Objects.requireNonNull(write.value());
        if (Math.abs(wrong) > doubt) {
            boolean isFirst = stops.stream()
                    .takeWhile(s -> !s.equals(stop))
                    .flatMap(Stop::operations)
                    .noneMatch(o -> o.is(Kind.WRITE_TSC));
            report.found(
                    isFirst && stop.operations(Kind.WRITE_TSC).findFirst().equals(Optional.of(write))
                            ? FindingKind.FIRST_TSC_WRITE_IGNORED
                            : FindingKind.TSC_WRITE_IGNORED,
                    "vCPU " + write.vcpu() + " is " + Math.abs(wrong) + " cycles " + (wrong < 0 ? "behind" : "ahead"),
                    write.line(),
                    later.line());
        }
    }

    private void rate(Stop stop, Sources sources) {
        boolean restores = stop.isFirst()
                && stop.resumes()
                && stop.restoresCounter()
                && stop.has(o -> o.is(Kind.SET_CLOCK)
                        || (o.is(Kind.WRITE_SYSTEM_TIME) && o.value() != null && (o.value() & 1) != 0));
        if (!restores || stop.has(o -> o.is(Kind.SET_TSC_KHZ) || o.is(Kind.SET_VM_TSC_KHZ))) {
            return;
        }
        int line = stop.operations()
                .filter(o -> o.is(Kind.WRITE_TSC) || o.is(Kind.SET_TSC_OFFSET))
                .findFirst()
                .map(VmmOperation::line)
                .orElse(0);
        Optional<Sources.Source> source = sources.of(log, stop);
        long had = source.map(s -> s.log().khz()).orElse(0L);
        if (had == 0 || log.khz() == 0) {
            report.undecidable(
                    FindingKind.RATE_NOT_SET,
                    line,
                    "the rate that the guest had is not known; record the source too, and audit both files");
        } else if (had != log.khz()) {
            report.found(FindingKind.RATE_NOT_SET, had + " kHz before, " + log.khz() + " kHz now", line);
        }
    }
}
