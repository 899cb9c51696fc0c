package dev.longitude.recording;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TscInterval;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Imports an ioctl log: a JSON object a line, each an operation with its decoded input and output and the host's TSC
 * before and after. Takes the companion {@code NAME.ftrace.txt} and the run's {@code host.txt} lying beside it.
 *
 * <p>The kernel read the host's TSC somewhere between the two readings: an event gets that interval. A tracepoint gives
 * the offset that a write led to, and so does a later read of it; the validator can then compute the instant.
 */
public final class IoctlLog {
    private static final int EINVAL = 22;
    private static final String MSR_TSC = "0x10";
    private static final String MSR_TSC_ADJUST = "0x3b";

    /** Operations that touch nothing that the specification has. Anything else unknown is taken to disturb it. */
    private static final ImmutableSet<String> HARMLESS = ImmutableSet.of(
            "KVM_GET_API_VERSION",
            "KVM_CHECK_EXTENSION",
            "KVM_CREATE_IRQCHIP",
            "KVM_SET_USER_MEMORY_REGION",
            "KVM_GET_SUPPORTED_CPUID",
            "KVM_SET_CPUID2",
            "KVM_GET_CPUID2",
            "KVM_GET_MP_STATE",
            "KVM_SET_MP_STATE",
            "KVM_GET_REGS",
            "KVM_SET_REGS",
            "KVM_GET_SREGS",
            "KVM_SET_SREGS",
            "KVM_HAS_DEVICE_ATTR",
            "KVM_KVMCLOCK_CTRL",
            "KVM_GET_DEVICE_ATTR",
            "KVM_GET_MSRS",
            "pvclock_page",
            "close_vm");

    private final Path file;
    private final @Nullable Tracepoints tracepoints;
    private final List<TraceEvent> events = new ArrayList<>();
    private final ImmutableMultiset.Builder<String> notModelled = ImmutableMultiset.builder();
    private final List<ImportedTrace.Disturbance> disturbances = new ArrayList<>();
    private final Set<Integer> vms = new HashSet<>();
    private final Set<Integer> disturbed = new HashSet<>();
    private @Nullable Integer recordedKhz;
    private boolean rateSet;
    private int mostVcpus;

    private IoctlLog(Path file, @Nullable Tracepoints tracepoints) {
        this.file = file;
        this.tracepoints = tracepoints;
    }

    /** Whether a text that begins with this line may be an ioctl log. */
    public static boolean looksLike(String firstLine) {
        return firstLine.contains("\"op\"") && !firstLine.contains(TraceHeader.FORMAT);
    }

    /**
     * Imports a log.
     *
     * @param lines the log
     * @param kernel the profile to judge by, or null: then it follows from the recorded kernel's release
     * @throws TraceFormatException if the log or a companion is not what it should be, or the profile or the TSC's rate
     *     are nowhere to be found
     */
    public static ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        HostFacts host = HostFacts.read(file.resolveSibling("host.txt"));
        if (host.arch() != null && !host.arch().equals(TraceHeader.ARCH)) {
            throw new TraceFormatException(
                    file.toString(), "recorded on " + host.arch() + "; only " + TraceHeader.ARCH + " is modelled");
        }
        List<IoctlRecord> records = new ArrayList<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            records.add(IoctlRecord.read(lines, line));
        }
        if (!lines.lastWasTerminated()) {
            throw lines.fault(1, "the last line has no end: the file is truncated here");
        }
        IoctlLog log = new IoctlLog(file, Tracepoints.beside(file));
        for (IoctlRecord record : records) {
            log.take(record, lines.name());
        }
        return log.trace(host, kernel, records);
    }

    private ImportedTrace trace(HostFacts host, @Nullable KernelProfile kernel, List<IoctlRecord> records)
            throws TraceFormatException {
        if (events.isEmpty()) {
            throw new TraceFormatException(file.toString(), "no operation of the log is modelled");
        }
        if (host.unstable()) {
            disturbances.clear();
            for (int vm : vms) {
                disturbances.add(new ImportedTrace.Disturbance(events.get(0).line(), vm, "an unstable host TSC"));
            }
        }
        String release = host.kernel();
        if (kernel == null && release == null) {
            throw new TraceFormatException(
                    file.toString(), "no host.txt beside it names the kernel; say which with --kernel");
        }
        KernelProfile profile = kernel;
        if (profile == null) {
            String recorded = requireNonNull(release);
            profile = KernelProfile.covering(recorded)
                    .orElseThrow(() -> new TraceFormatException(
                            file.toString(),
                            "no profile covers the recorded kernel " + recorded + "; say which with --kernel ("
                                    + KernelProfile.names() + ")"));
        }
        return new ImportedTrace(
                new TraceHeader(
                        profile,
                        khz(host, records),
                        0, // no recording yet of a host that scales
                        host.tscClocksource(),
                        mostVcpus,
                        "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release)),
                reveal(),
                notModelled.build(),
                ImmutableList.copyOf(disturbances),
                tracepoints == null
                        ? "no tracepoints"
                        : tracepoints.unused() == 0
                                ? "all tracepoints taken"
                                : "tracepoints taken, but for " + tracepoints.unused()
                                        + " that lie within no operation of the log");
    }

    /** KVM_GET_TSC_KHZ if the log has it, else what the kernel's messages say, else the slope of the log's clocks. */
    private int khz(HostFacts host, List<IoctlRecord> records) throws TraceFormatException {
        if (recordedKhz != null) {
            return recordedKhz;
        }
        OptionalInt said = host.tscKhz();
        if (said.isPresent() && said.getAsInt() > 0 && said.getAsInt() <= TraceHeader.MOST_TSC_KHZ) {
            return said.getAsInt();
        }
        List<IoctlRecord> timed =
                records.stream().filter(r -> r.hostTsc() != null && r.t() > 0).toList();
        if (!timed.isEmpty()) {
            IoctlRecord first = timed.get(0);
            IoctlRecord last = timed.get(timed.size() - 1);
            double ns = last.t() - first.t();
            double cycles = requireNonNull(last.hostTsc()).hi()
                    - requireNonNull(first.hostTsc()).hi();
            if (ns >= 10_000_000 && cycles > 0 && cycles / ns * 1_000_000 < TraceHeader.MOST_TSC_KHZ) {
                return (int) Math.round(cycles / ns * 1_000_000);
            }
        }
        throw new TraceFormatException(file.toString(), "the rate of the host's TSC is nowhere to be found");
    }

    private void take(IoctlRecord record, String source) throws TraceFormatException {
        if (record.op().equals("note")) {
            return;
        }
        if (record.failed() && !record.op().equals("KVM_SET_TSC_KHZ")) {
            notModelled.add(record.op() + " (failed)"); // an error changes nothing
            return;
        }
        switch (record.op()) {
            case "KVM_CREATE_VM" -> {
                if (record.vm() != null && vms.add(record.vm())) {
                    TscInterval when = when(record, source);
                    // The instant matters to nothing: the VM has no line yet.
                    add(record, TscInterval.exactly(when.lo()), Operation.CREATE_VM, Map.of(), Map.of(), Map.of());
                    if (tracepoints != null) {
                        tracepoints.take(Tracepoints.UpdateMasterClock.class, -1, when);
                    }
                } else {
                    notModelled.add(record.op());
                }
            }
            case "KVM_CREATE_VCPU" -> write(record, source, Operation.CREATE_VCPU, Map.of());
            case "KVM_SET_MSRS" -> {
                if (isCutShort(record)) {
                    disturb(record);
                    return;
                }
                Long tsc = msr(record, record.args(), MSR_TSC);
                Long adjust = msr(record, record.args(), MSR_TSC_ADJUST);
                if (adjust != null) {
                    onVcpu(record, source, Operation.WRITE_TSC_ADJUST, Map.of(Field.VALUE, adjust), Map.of());
                }
                if (tsc != null) {
                    write(record, source, Operation.WRITE_TSC, Map.of(Field.VALUE, tsc));
                }
                if (tsc == null && adjust == null) {
                    notModelled.add(record.op() + " of others");
                }
            }
            case "KVM_GET_MSRS" -> {
                Long tsc = msr(record, record.out(), MSR_TSC);
                Long adjust = msr(record, record.out(), MSR_TSC_ADJUST);
                if (adjust != null) {
                    onVcpu(record, source, Operation.READ_TSC_ADJUST, Map.of(), Map.of(Field.VALUE, adjust));
                }
                if (tsc != null) {
                    onVcpu(record, source, Operation.READ_TSC, Map.of(), Map.of(Field.VALUE, tsc));
                }
                if (tsc == null && adjust == null) {
                    notModelled.add(record.op() + " of others");
                }
            }
            case "KVM_SET_DEVICE_ATTR" -> {
                Long offset = record.arg("offset");
                if (isTscOffset(record) && offset != null) {
                    write(record, source, Operation.SET_TSC_OFFSET, Map.of(Field.OFFSET, offset));
                } else {
                    disturb(record);
                }
            }
            case "KVM_GET_DEVICE_ATTR" -> {
                Long offset = record.result("offset");
                if (isTscOffset(record) && offset != null) {
                    onVcpu(record, source, Operation.GET_TSC_OFFSET, Map.of(), Map.of(Field.OFFSET, offset));
                } else {
                    notModelled.add(record.op() + " of others");
                }
            }
            case "KVM_GET_CLOCK" -> {
                Integer flags = count(record, source, "flags", record.result("flags"));
                add(
                        record,
                        when(record, source),
                        Operation.GET_CLOCK,
                        Map.of(),
                        flags == null ? Map.of() : Map.of(Field.FLAGS, flags),
                        Map.of());
            }
            case "KVM_SET_CLOCK" -> {
                TscInterval when = when(record, source);
                Map<StateVariable, Object> state = new HashMap<>();
                if (tracepoints != null) {
                    tracepoints
                            .take(Tracepoints.UpdateMasterClock.class, -1, when)
                            .ifPresent(u -> state.put(StateVariable.USE_MASTER_CLOCK, u.masterclock()));
                }
                add(record, when, Operation.SET_CLOCK, Map.of(), Map.of(), state);
            }
            case "KVM_RUN" -> run(record, source);
            case "KVM_GET_TSC_KHZ" -> {
                if (record.ret() <= 0 || record.ret() > TraceHeader.MOST_TSC_KHZ || record.vm() == null) {
                    notModelled.add(record.op());
                    return;
                }
                int khz = (int) record.ret();
                if (recordedKhz == null && !rateSet) {
                    recordedKhz = khz;
                }
                if (record.vcpu() == null) {
                    notModelled.add(record.op() + " of the VM");
                } else {
                    onVcpu(record, source, Operation.GET_TSC_KHZ, Map.of(), Map.of(Field.KHZ, khz));
                }
            }
            case "KVM_SET_TSC_KHZ" -> {
                rateSet = true;
                setTscKhz(record, source);
            }
            default -> {
                if (HARMLESS.contains(record.op())) {
                    notModelled.add(record.op());
                } else {
                    disturb(record);
                }
            }
        }
    }

    /** Sets a rate, of a vCPU or of those to come. A refused one counts: it leaves the refused rate behind. */
    private void setTscKhz(IoctlRecord record, String source) throws TraceFormatException {
        Integer khz = count(record, source, "khz", record.arg("khz"));
        boolean refused = record.errno() == EINVAL;
        if (khz == null || (record.failed() && !refused)) {
            disturb(record);
        } else if (record.vcpu() != null) {
            onVcpu(record, source, Operation.SET_TSC_KHZ, Map.of(Field.KHZ, khz), Map.of(Field.ERRNO, (int)
                    record.errno()));
        } else {
            add(
                    record,
                    when(record, source),
                    Operation.SET_VM_TSC_KHZ,
                    Map.of(Field.KHZ, khz),
                    Map.of(Field.ERRNO, (int) record.errno()),
                    Map.of());
        }
    }

    /** Whether the kernel took only the first of several MSRs, and the TSC's may be among the others. */
    private static boolean isCutShort(IoctlRecord record) {
        Long several = record.arg("nmsrs");
        return several != null
                && record.ret() != several
                && (msr(record, record.args(), MSR_TSC) != null || msr(record, record.args(), MSR_TSC_ADJUST) != null);
    }

    /** A number that the kernel has as 32 bits; null if the recorder did not see it. */
    private static @Nullable Integer count(IoctlRecord record, String source, String name, @Nullable Long value)
            throws TraceFormatException {
        if (value != null && (value < 0 || value > Integer.MAX_VALUE)) {
            throw new TraceFormatException(
                    source,
                    record.line(),
                    1,
                    "expected " + name + " of " + record.op() + " from 0 to " + Integer.MAX_VALUE);
        }
        return value == null ? null : (Integer) value.intValue();
    }

    private static boolean isTscOffset(IoctlRecord record) {
        return record.says("group", "KVM_VCPU_TSC_CTRL") && record.says("attr", "KVM_VCPU_TSC_OFFSET");
    }

    /** An MSR's value in a record of one MSR, or of several under {@code clock_msrs}; null if it is not there. */
    private static @Nullable Long msr(IoctlRecord record, Map<String, Object> values, String index) {
        if (record.says("index", index)) {
            return record.ret() == 1 && values.get("data") instanceof Long value ? value : null;
        }
        return values.get("clock_msrs") instanceof Map<?, ?> several && several.get(index) instanceof Long value
                ? value
                : null;
    }

    private void disturb(IoctlRecord record) {
        notModelled.add(record.op());
        Integer vm = record.vm();
        if (vm != null && disturbed.add(vm)) {
            disturbances.add(new ImportedTrace.Disturbance(record.line(), vm, record.op()));
        }
    }

    private TscInterval when(IoctlRecord record, String source) throws TraceFormatException {
        TscInterval when = record.hostTsc();
        if (when == null) {
            throw new TraceFormatException(
                    source, record.line(), 1, "expected host_tsc, the host's TSC before and after " + record.op());
        }
        return when;
    }

    private int vcpu(IoctlRecord record, String source) throws TraceFormatException {
        Integer vcpu = record.vcpu();
        if (vcpu == null) {
            throw new TraceFormatException(source, record.line(), 1, "expected the vcpu of " + record.op());
        }
        mostVcpus = Math.max(mostVcpus, vcpu + 1);
        return vcpu;
    }

    /** An operation that gives a vCPU an offset. */
    private void write(IoctlRecord record, String source, Operation operation, Map<Field, Object> args)
            throws TraceFormatException {
        int vcpu = vcpu(record, source);
        TscInterval when = when(record, source);
        ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builder();
        if (tracepoints != null) {
            TscInterval bracket = when;
            var offset = tracepoints.take(Tracepoints.WriteTscOffset.class, vcpu, bracket);
            if (offset.isPresent()) {
                when = new TscInterval(when.lo(), offset.get().tsc());
                state.put(
                        StateVariable.TSC_OFFSET,
                        ImmutableMap.of(vcpu, offset.get().next()));
            }
            tracepoints.take(Tracepoints.TrackTsc.class, vcpu, bracket).ifPresent(track -> {
                state.put(StateVariable.NR_VCPUS_MATCHED, track.nrMatched());
                state.put(StateVariable.USE_MASTER_CLOCK, track.masterclock());
            });
        }
        ImmutableMap<Field, Object> all = ImmutableMap.<Field, Object>builder()
                .put(Field.VCPU, vcpu)
                .putAll(args)
                .buildOrThrow();
        add(record, when, operation, all, Map.of(), state.buildOrThrow());
    }

    private void onVcpu(
            IoctlRecord record, String source, Operation operation, Map<Field, Object> args, Map<Field, Object> results)
            throws TraceFormatException {
        Map<Field, Object> all = new LinkedHashMap<>();
        all.put(Field.VCPU, vcpu(record, source));
        all.putAll(args);
        add(record, when(record, source), operation, all, results, Map.of());
    }

    /** KVM_RUN: the vCPU enters the guest, may read its TSC there, and comes back. */
    private void run(IoctlRecord record, String source) throws TraceFormatException {
        int vcpu = vcpu(record, source);
        TscInterval when = when(record, source);
        Map<Field, Object> args = Map.of(Field.VCPU, vcpu);
        Map<Field, Object> updated = new HashMap<>();
        Map<StateVariable, Object> state = new HashMap<>();
        if (tracepoints != null && !when.isExact()) {
            var update = tracepoints.take(Tracepoints.UpdateMasterClock.class, vcpu, when);
            updated.put(Field.UPDATED, update.isPresent());
            update.ifPresent(u -> state.put(StateVariable.USE_MASTER_CLOCK, u.masterclock()));
        }
        add(record, when, Operation.ENTER_GUEST, args, updated, state);
        guest(record, source);
        add(record, when, Operation.EXIT_GUEST, args, Map.of(), Map.of());
    }

    /** What the guest did with its TSC, as far as the recorder says. */
    private void guest(IoctlRecord record, String source) throws TraceFormatException {
        if (record.says("guest", "rdtsc")) {
            onVcpu(record, source, Operation.GUEST_READ_TSC, Map.of(), seen(record.result("guest_tsc")));
        } else if (record.says("guest", "rdmsr") && record.says("index", MSR_TSC)) {
            onVcpu(record, source, Operation.GUEST_READ_TSC, Map.of(), seen(record.result("data")));
        } else if (record.says("guest", "rdmsr") && record.says("index", MSR_TSC_ADJUST)) {
            onVcpu(record, source, Operation.GUEST_READ_TSC_ADJUST, Map.of(), seen(record.result("data")));
        } else if (record.says("guest", "wrmsr") && record.arg("data") != null && record.says("index", MSR_TSC)) {
            write(record, source, Operation.GUEST_WRITE_TSC, seen(record.arg("data")));
        } else if (record.says("guest", "wrmsr")
                && record.arg("data") != null
                && record.says("index", MSR_TSC_ADJUST)) {
            write(record, source, Operation.GUEST_WRITE_TSC_ADJUST, seen(record.arg("data")));
        } else if (record.says("guest", "wrmsr")) {
            disturb(record);
        } else if (record.args().get("guest") != null) {
            notModelled.add("KVM_RUN (guest " + record.args().get("guest") + ")");
        }
    }

    private static Map<Field, Object> seen(@Nullable Long value) {
        return value == null ? Map.of() : Map.of(Field.VALUE, value);
    }

    private void add(
            IoctlRecord record,
            TscInterval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state)
            throws TraceFormatException {
        Integer vm = record.vm();
        if (vm == null) {
            throw new TraceFormatException(file.toString(), record.line(), 1, "expected the vm of " + record.op());
        }
        events.add(new TraceEvent(
                record.line(),
                vm,
                when,
                operation,
                ImmutableMap.copyOf(args),
                ImmutableMap.copyOf(results),
                ImmutableMap.copyOf(state),
                ImmutableSet.of()));
    }

    /** The events, each write with the offsets that it and what follows on its vCPU show, up to the next write. */
    private ImmutableList<TraceEvent> reveal() {
        List<TraceEvent> revealed = new ArrayList<>(events);
        Map<List<Integer>, Revealed> ahead = new HashMap<>();
        for (int i = events.size() - 1; i >= 0; i--) {
            TraceEvent event = events.get(i);
            if (disturbances.stream().anyMatch(d -> d.vm() == event.vm() && d.line() <= event.line())) {
                continue; // whatever disturbed the VM may have moved the offset
            }
            List<Integer> where = List.of(event.vm(), event.vcpu());
            Revealed known = ahead.computeIfAbsent(where, w -> new Revealed());
            switch (event.operation()) {
                case GET_TSC_OFFSET -> known.exactly(event.results().get(Field.OFFSET));
                case READ_TSC, GUEST_READ_TSC -> known.read(event.results().get(Field.VALUE), event.tsc());
                case CREATE_VCPU, WRITE_TSC, SET_TSC_OFFSET, GUEST_WRITE_TSC, GUEST_WRITE_TSC_ADJUST -> {
                    if (event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> offsets) {
                        known.exactly(offsets.get(event.vcpu()));
                    }
                    revealed.set(i, event.revealing(known.offsets(), known.seen(event.vcpu(), event.state())));
                    ahead.remove(where);
                }
                default -> {
                    // says nothing of the offset
                }
            }
        }
        return ImmutableList.copyOf(revealed);
    }

    /** What is known of one vCPU's offset between two writes. */
    private static final class Revealed {
        private final Set<Long> exact = new LinkedHashSet<>();
        private @Nullable TscInterval narrowed;

        void exactly(@Nullable Object offset) {
            if (offset != null) {
                exact.add((Long) offset);
            }
        }

        /** A read of {@code value} while the host's TSC was in {@code when}: the offset is their difference. */
        void read(@Nullable Object value, TscInterval when) {
            if (value == null) {
                return;
            }
            long lo = (long) value - when.hi();
            long hi = (long) value - when.lo();
            if (narrowed != null) {
                lo = narrowed.contains(lo) ? lo : narrowed.lo();
                hi = narrowed.contains(hi) ? hi : narrowed.hi();
            }
            if (hi - lo >= 0) {
                narrowed = new TscInterval(lo, hi);
            }
        }

        /** The offset as part of the state after the write: nothing moves it before it is read. */
        ImmutableMap<StateVariable, Object> seen(int vcpu, ImmutableMap<StateVariable, Object> state) {
            if (exact.size() != 1) {
                return state;
            }
            Map<StateVariable, Object> more = new HashMap<>(state);
            more.put(
                    StateVariable.TSC_OFFSET,
                    ImmutableMap.of(vcpu, exact.iterator().next()));
            return ImmutableMap.copyOf(more);
        }

        ImmutableSet<Long> offsets() {
            if (!exact.isEmpty() || narrowed == null) {
                return ImmutableSet.copyOf(exact);
            }
            return ImmutableSet.of(narrowed.lo(), narrowed.hi());
        }
    }
}
