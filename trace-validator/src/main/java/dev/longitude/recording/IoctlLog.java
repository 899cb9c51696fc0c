package dev.longitude.recording;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Imports an ioctl log: a JSON object a line, each an operation with its decoded input and output and the host's TSC
 * before and after; that of an arm64 host is left to {@link Arm64Log}. Takes the companion {@code NAME.ftrace.txt} and the run's {@code host.txt} lying beside it.
 *
 * <p>The kernel read the host's TSC somewhere between the two readings: an event gets that interval. A tracepoint gives
 * the offset that a write led to, and so does a later read of it; the validator can then compute the instant.
 */
public final class IoctlLog {
    /** A log is read as a whole, since later lines tell of earlier ones. */
    private static final int MOST_RECORDS = 1_000_000;

    private static final int EINVAL = 22;
    private static final String MSR_TSC = "0x10";
    private static final String MSR_TSC_ADJUST = "0x3b";

    private static final String MSR_SYSTEM_TIME = "0x12";
    private static final String MSR_SYSTEM_TIME_NEW = "0x4b564d01";

    /** Operations that have nothing to do with the guest's time. Anything else unknown is taken to disturb it. */
    private static final ImmutableSet<String> UNRELATED = ImmutableSet.of(
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
            "KVM_GET_DEVICE_ATTR",
            "KVM_GET_MSRS",
            "close_vm");

    /** Operations of which a refusal is modelled too. */
    private static final ImmutableSet<String> REFUSED =
            ImmutableSet.of("KVM_SET_TSC_KHZ", "KVM_SET_CLOCK", "KVM_KVMCLOCK_CTRL");

    private final Path file;
    private final @Nullable Tracepoints tracepoints;
    private final List<TraceEvent> events = new ArrayList<>();
    private final ImmutableMultiset.Builder<String> notModelled = ImmutableMultiset.builder();
    private final ImmutableMultiset.Builder<String> unrelated = ImmutableMultiset.builder();
    private int modelled;
    private final List<ImportedTrace.Disturbance> disturbances = new ArrayList<>();
    private final Set<Integer> vms = new HashSet<>();
    private final Set<Integer> disturbed = new HashSet<>();
    private final Set<List<Integer>> active = new HashSet<>();
    private final Map<List<Integer>, Long> adjusts = new HashMap<>();

    /** The offset that each vCPU is known to have. */
    private final Map<List<Integer>, Long> offsets = new HashMap<>();

    private @Nullable Integer recordedKhz;
    private boolean rateSet;
    private int mostVcpus;

    /** Null where a load of a vCPU does not change its offset, or nothing shows how. */
    private final @Nullable Loads loads;

    private IoctlLog(Path file, @Nullable Tracepoints tracepoints, @Nullable Loads loads) {
        this.file = file;
        this.tracepoints = tracepoints;
        this.loads = loads;
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
        if (file.equals(LineSource.STANDARD_INPUT)) {
            throw new TraceFormatException(
                    lines.name(), "an ioctl log is read from a file: host.txt and the tracepoints lie beside it");
        }
        HostFacts host = HostFacts.read(file.resolveSibling("host.txt"));
        List<IoctlRecord> records = new ArrayList<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            if (records.size() == MOST_RECORDS) {
                throw lines.fault(1, "more than " + MOST_RECORDS + " ioctls");
            }
            records.add(IoctlRecord.read(lines, line));
        }
        if (!lines.lastWasTerminated()) {
            throw lines.fault(1, "the last line has no end: the file is truncated here");
        }
        String machine = host.arch();
        boolean arm64 =
                machine == null ? records.stream().anyMatch(IoctlRecord::arm64) : machine.equals(Arch.ARM64.machine());
        for (IoctlRecord record : records) {
            if (record.host() != null && record.arm64() != arm64) {
                throw new TraceFormatException(
                        lines.name(),
                        record.line(),
                        1,
                        "expected " + (arm64 ? "host_cntvct" : "host_tsc") + ": the host is "
                                + (arm64 ? Arch.ARM64 : Arch.X86));
            }
        }
        if (arm64) {
            return Arm64Log.read(lines.name(), profile(file, host, kernel), host.vhe(), origin(file, host), records);
        }
        if (machine != null && !machine.equals(Arch.X86.machine())) {
            throw new TraceFormatException(
                    file.toString(),
                    "recorded on " + machine + "; only " + Arch.X86 + " and " + Arch.ARM64 + " are modelled");
        }
        Tracepoints tracepoints = Tracepoints.beside(file);
        boolean unstable = host.unstable() || (tracepoints != null && Loads.areShown(tracepoints, records));
        IoctlLog log = new IoctlLog(
                file, tracepoints, unstable && tracepoints != null ? new Loads(tracepoints, records) : null);
        log.takeAll(records, lines.name());
        return log.trace(host, unstable, kernel, records);
    }

    private ImportedTrace trace(
            HostFacts host, boolean unstable, @Nullable KernelProfile kernel, List<IoctlRecord> records)
            throws TraceFormatException {
        if (events.isEmpty()) {
            throw new TraceFormatException(file.toString(), "no operation of the log is modelled");
        }
        if (unstable && loads == null) {
            disturbances.clear();
            for (int vm : vms) {
                disturbances.add(new ImportedTrace.Disturbance(
                        events.get(0).line(), vm, "an unstable host TSC without tracepoints"));
            }
        }
        return new ImportedTrace(
                new TraceHeader(
                        profile(file, host, kernel),
                        new TraceHeader.X86(
                                khz(host, records),
                                0, // no recording yet of a host that scales
                                host.tscClocksource() && !unstable,
                                unstable),
                        mostVcpus,
                        origin(file, host)),
                new Hindsight(e -> disturbances.stream().noneMatch(d -> d.vm() == e.vm() && d.line() <= e.line()))
                        .of(events),
                modelled,
                notModelled.build(),
                unrelated.build(),
                ImmutableList.copyOf(disturbances),
                tracepoints == null
                        ? "no tracepoints"
                        : tracepoints.unused() == 0
                                ? "all tracepoints taken"
                                : "tracepoints taken, but for " + tracepoints.unused()
                                        + " that lie within no operation of the log");
    }

    /** The profile to judge by: the one that was asked for, or that of the recorded kernel. */
    private static KernelProfile profile(Path file, HostFacts host, @Nullable KernelProfile kernel)
            throws TraceFormatException {
        if (kernel != null) {
            return kernel;
        }
        String release = host.kernel();
        if (release == null) {
            throw new TraceFormatException(
                    file.toString(), "no host.txt beside it names the kernel; say which with --kernel");
        }
        return KernelProfile.covering(release)
                .orElseThrow(() -> new TraceFormatException(
                        file.toString(),
                        "no profile covers the recorded kernel " + release + "; say which with --kernel ("
                                + KernelProfile.names() + ")"));
    }

    private static String origin(Path file, HostFacts host) {
        String release = host.kernel();
        return "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release);
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
                records.stream().filter(r -> r.host() != null && r.t() > 0).toList();
        if (!timed.isEmpty()) {
            IoctlRecord first = timed.get(0);
            IoctlRecord last = timed.get(timed.size() - 1);
            double ns = last.t() - first.t();
            double cycles = requireNonNull(last.host()).hi()
                    - requireNonNull(first.host()).hi();
            if (ns >= 10_000_000 && cycles > 0 && cycles / ns * 1_000_000 < TraceHeader.MOST_TSC_KHZ) {
                return (int) Math.round(cycles / ns * 1_000_000);
            }
        }
        throw new TraceFormatException(file.toString(), "the rate of the host's TSC is nowhere to be found");
    }

    /** The host's clocks when the record before was written: a lower bound for the next, if one thread wrote both. */
    private @Nullable IoctlRecord previous;

    private void takeAll(List<IoctlRecord> records, String source) throws TraceFormatException {
        OpenRuns runs = OpenRuns.of(records, tracepoints, loads);
        for (IoctlRecord record : records) {
            for (OpenRuns.Step step : runs.before(record)) {
                loadsBefore(step.run(), step.when().hi());
                takeStep(step, source);
            }
            take(record, source);
            previous = record;
        }
        for (OpenRuns.Step step : runs.rest()) {
            takeStep(step, source);
        }
    }

    private void take(IoctlRecord record, String source) throws TraceFormatException {
        if (record.op().equals("note")) {
            return;
        }
        Loads unstable = loads;
        if (unstable == null || record.host() == null || record.vm() == null) {
            takeOperation(record, source);
            return;
        }
        Interval when = when(record, source);
        loadsBefore(record, when.lo());
        if (record.vcpu() == null || record.op().equals("KVM_RUN")) {
            takeOperation(record, source);
            return;
        }
        boolean created = !record.op().equals("KVM_CREATE_VCPU");
        loads(record, source, unstable.within(vm(record), vcpu(record, source), when, writesOffset(record)), created);
        takeOperation(record, source);
        loads(record, source, unstable.within(vm(record), vcpu(record, source), when, false), true);
    }

    /** The loads outside of all operations, up to an instant. */
    private void loadsBefore(IoctlRecord record, long tsc) {
        for (Loads.Outside load : loads == null ? ImmutableList.<Loads.Outside>of() : loads.before(tsc)) {
            long latest = load.write().tsc();
            Interval before = previous == null ? null : previous.host();
            long lo = before == null ? latest : latest - before.hi() >= 0 ? before.hi() : before.lo();
            load(record, load.vm(), load.write(), new Interval(latest - lo < 0 ? latest : lo, latest));
        }
    }

    /** The loads within an operation; of one that a vCPU's creation makes before there is a vCPU, nothing is seen. */
    private void loads(IoctlRecord record, String source, List<Tracepoints.WriteTscOffset> writes, boolean created)
            throws TraceFormatException {
        long lo = when(record, source).lo();
        for (Tracepoints.WriteTscOffset write : writes) {
            if (created) {
                load(record, vm(record), write, new Interval(lo, write.tsc()));
            }
            lo = write.tsc();
        }
    }

    private void load(IoctlRecord record, int vm, Tracepoints.WriteTscOffset write, Interval when) {
        events.add(new TraceEvent(
                record.line(),
                vm,
                hostTime(record, when),
                Operation.LOAD_VCPU,
                ImmutableMap.of(Field.VCPU, write.vcpu()),
                ImmutableMap.of(),
                ImmutableMap.of(StateVariable.TSC_OFFSET, ImmutableMap.of(write.vcpu(), write.next()))));
    }

    private static boolean writesOffset(IoctlRecord record) {
        return !record.failed()
                && (record.op().equals("KVM_CREATE_VCPU")
                        || (record.op().equals("KVM_SET_MSRS") && msr(record, record.args(), MSR_TSC) != null)
                        || (record.op().equals("KVM_SET_DEVICE_ATTR") && isTscOffset(record)));
    }

    private void takeOperation(IoctlRecord record, String source) throws TraceFormatException {
        int before = events.size();
        takeEvents(record, source);
        modelled += events.size() > before ? 1 : 0;
    }

    private void takeEvents(IoctlRecord record, String source) throws TraceFormatException {
        if (record.failed() && !(record.errno() == EINVAL && REFUSED.contains(record.op()))) {
            unrelated.add(record.op() + " (failed)"); // an error changes nothing
            return;
        }
        switch (record.op()) {
            case "KVM_CREATE_VM" -> {
                if (record.vm() != null && vms.add(record.vm())) {
                    add(record, when(record, source), Operation.CREATE_VM, Map.of(), Map.of(), Map.of());
                    if (tracepoints != null) {
                        tracepoints.take(Tracepoints.UpdateMasterClock.class, -1, when(record, source));
                    }
                } else {
                    notModelled.add(record.op());
                }
            }
            case "KVM_CREATE_VCPU" -> write(record, source, Operation.CREATE_VCPU, Map.of(), null);
            case "KVM_SET_MSRS" -> setMsrs(record, source);
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
                    unrelated.add(record.op() + " of others");
                }
            }
            case "KVM_SET_DEVICE_ATTR" -> {
                Long offset = record.arg("offset");
                if (isTscOffset(record) && offset != null) {
                    write(record, source, Operation.SET_TSC_OFFSET, Map.of(Field.OFFSET, offset), null);
                } else {
                    disturb(record);
                }
            }
            case "KVM_GET_DEVICE_ATTR" -> {
                Long offset = record.result("offset");
                if (isTscOffset(record) && offset != null) {
                    offsets.put(List.of(vm(record), vcpu(record, source)), offset);
                    onVcpu(record, source, Operation.GET_TSC_OFFSET, Map.of(), Map.of(Field.OFFSET, offset));
                } else {
                    unrelated.add(record.op() + " of others");
                }
            }
            case "KVM_GET_CLOCK" -> getClock(record, source);
            case "KVM_SET_CLOCK" -> setClock(record, source);
            case "KVM_KVMCLOCK_CTRL" -> {
                if (!record.failed() && active.add(List.of(vm(record), vcpu(record, source)))) {
                    // The guest has set its page up, and no line says when.
                    onVcpu(record, source, Operation.WRITE_SYSTEM_TIME, Map.of(Field.ACTIVE, true), Map.of());
                }
                onVcpu(record, source, Operation.KVMCLOCK_CTRL, Map.of(), Map.of(Field.ERRNO, (int) record.errno()));
            }
            case "pvclock_page" -> page(record, source);
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
                    add(
                            record,
                            when(record, source),
                            Operation.GET_VM_TSC_KHZ,
                            Map.of(),
                            Map.of(Field.KHZ, khz),
                            Map.of());
                } else {
                    onVcpu(record, source, Operation.GET_TSC_KHZ, Map.of(), Map.of(Field.KHZ, khz));
                }
            }
            case "KVM_SET_TSC_KHZ" -> {
                rateSet = true;
                setTscKhz(record, source);
            }
            default -> {
                if (UNRELATED.contains(record.op())) {
                    unrelated.add(record.op());
                } else {
                    disturb(record);
                }
            }
        }
    }

    private void setMsrs(IoctlRecord record, String source) throws TraceFormatException {
        if (isCutShort(record)) {
            disturb(record);
            return;
        }
        Long tsc = msr(record, record.args(), MSR_TSC);
        Long adjust = msr(record, record.args(), MSR_TSC_ADJUST);
        Long systemTime = msr(record, record.args(), MSR_SYSTEM_TIME_NEW);
        if (systemTime == null) {
            systemTime = msr(record, record.args(), MSR_SYSTEM_TIME);
        }
        if (adjust != null) {
            adjusts.put(List.of(vm(record), vcpu(record, source)), adjust);
            onVcpu(record, source, Operation.WRITE_TSC_ADJUST, Map.of(Field.VALUE, adjust), Map.of());
        }
        if (tsc != null) {
            write(record, source, Operation.WRITE_TSC, Map.of(Field.VALUE, tsc), null);
        }
        if (systemTime != null) {
            boolean on = (systemTime & 1) != 0;
            setActive(vm(record), vcpu(record, source), on);
            onVcpu(record, source, Operation.WRITE_SYSTEM_TIME, Map.of(Field.ACTIVE, on), Map.of());
        }
        if (tsc == null && adjust == null && systemTime == null) {
            unrelated.add(record.op() + " of others");
        }
    }

    private void setActive(int vm, int vcpu, boolean on) {
        if (on) {
            active.add(List.of(vm, vcpu));
        } else {
            active.remove(List.of(vm, vcpu));
        }
    }

    private void getClock(IoctlRecord record, String source) throws TraceFormatException {
        Map<Field, Object> seen = new LinkedHashMap<>();
        Integer flags = count(record, source, "flags", record.result("flags"));
        if (flags != null) {
            seen.put(Field.FLAGS, flags);
        }
        putIfSeen(seen, Field.CLOCK, record.result("clock"));
        putIfSeen(seen, Field.REALTIME, record.result("realtime"));
        putIfSeen(seen, Field.HOST_TSC, record.result("host_tsc"));
        add(record, when(record, source), Operation.GET_CLOCK, Map.of(), seen, Map.of());
    }

    private static void putIfSeen(Map<Field, Object> seen, Field field, @Nullable Long value) {
        if (value != null) {
            seen.put(field, value);
        }
    }

    private void setClock(IoctlRecord record, String source) throws TraceFormatException {
        Integer flags = count(record, source, "flags", record.arg("flags"));
        Long clock = record.arg("clock");
        Long realtime = record.arg("realtime");
        if (flags == null || clock == null) {
            disturb(record);
            return;
        }
        Interval when = when(record, source);
        Map<StateVariable, Object> state = new LinkedHashMap<>();
        if (tracepoints != null) {
            tracepoints
                    .take(Tracepoints.UpdateMasterClock.class, -1, when)
                    .ifPresent(u -> state.put(StateVariable.USE_MASTER_CLOCK, u.masterclock()));
        }
        add(
                record,
                when,
                Operation.SET_CLOCK,
                Map.of(Field.CLOCK, clock, Field.FLAGS, flags, Field.REALTIME, realtime == null ? 0L : realtime),
                Map.of(Field.ERRNO, (int) record.errno()),
                state);
    }

    /** What stands in the guest's memory. */
    private void page(IoctlRecord record, String source) throws TraceFormatException {
        Map<Field, Object> seen = new LinkedHashMap<>();
        Integer version = count(record, source, "version", record.result("version"));
        Integer flags = count(record, source, "flags", record.result("flags"));
        Long shift = record.result("shift");
        if (version != null) {
            seen.put(Field.VERSION, version);
        }
        if (flags != null) {
            seen.put(Field.FLAGS, flags);
        }
        if (shift != null && shift >= Byte.MIN_VALUE && shift <= Byte.MAX_VALUE) {
            seen.put(Field.SHIFT, shift.intValue());
        }
        putIfSeen(seen, Field.TSC_TIMESTAMP, record.result("tsc_timestamp"));
        putIfSeen(seen, Field.SYSTEM_TIME, record.result("system_time"));
        putIfSeen(seen, Field.MUL, record.result("mul"));
        onVcpu(record, source, Operation.READ_PVCLOCK_PAGE, Map.of(), seen);
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

    private Interval when(IoctlRecord record, String source) throws TraceFormatException {
        Interval when = record.host();
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
    private void write(
            IoctlRecord record,
            String source,
            Operation operation,
            Map<Field, Object> args,
            Tracepoints.@Nullable WriteTscOffset taken)
            throws TraceFormatException {
        int vcpu = vcpu(record, source);
        Interval when = when(record, source);
        ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builder();
        if (tracepoints != null) {
            Interval bracket = when;
            var offset = taken != null
                    ? Optional.of(taken)
                    : tracepoints.take(Tracepoints.WriteTscOffset.class, vcpu, bracket);
            offsets.remove(List.of(vm(record), vcpu));
            if (offset.isPresent()) {
                offsets.put(List.of(vm(record), vcpu), offset.get().next());
                when = new Interval(when.lo(), until(vm(record), offset.get(), when.lo()));
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
        onVcpu(record, source, when(record, source), operation, args, results, Map.of());
    }

    private void onVcpu(
            IoctlRecord record,
            String source,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state)
            throws TraceFormatException {
        Map<Field, Object> all = new LinkedHashMap<>();
        all.put(Field.VCPU, vcpu(record, source));
        all.putAll(args);
        add(record, when, operation, all, results, state);
    }

    /** The latest that a write of an offset can have been: on an unstable TSC, the next load goes on from there. */
    private long until(int vm, Tracepoints.WriteTscOffset write, long from) {
        if (loads == null) {
            return write.tsc();
        }
        loads.take(vm, write);
        long seen = loads.seenUntil(write, from).orElse(write.tsc());
        return seen - write.tsc() < 0 && seen - from >= 0 ? seen : write.tsc();
    }

    /** KVM_RUN: the vCPU enters the guest, may read its TSC there, and comes back. */
    private void run(IoctlRecord record, String source) throws TraceFormatException {
        int vcpu = vcpu(record, source);
        Interval when = when(record, source);
        if (OpenRuns.isOpen(record)) {
            return; // its steps come by themselves
        }
        if (tracepoints == null) {
            onVcpu(record, source, when, Operation.ENTER_GUEST, Map.of(), Map.of(), Map.of());
            guest(record, source, null);
            onVcpu(record, source, Operation.EXIT_GUEST, Map.of(), Map.of());
            return;
        }
        ImmutableList<Tracepoints.Point> points = tracepoints.takeAll(vcpu, when, true);
        List<Integer> where = List.of(vm(record), vcpu);
        boolean readByKvm = record.says("guest", "rdmsr") && record.says("index", MSR_TSC);
        Long read =
                record.says("guest", "rdtsc") ? record.result("guest_tsc") : readByKvm ? record.result("data") : null;
        RunSteps.Guest guest = new RunSteps.Guest(guestWrite(record, points), read, readByKvm, offsets.get(where));
        for (OpenRuns.Step step : RunSteps.steps(record, when, points, guest, true, loads)) {
            takeStep(step, source);
        }
        points.forEach(point -> {
            if (point instanceof Tracepoints.WriteTscOffset write) {
                offsets.put(where, write.next());
            }
        });
    }

    /** An entry that wrote the vCPU's page: whoever asked for it, it was asked for. */
    private void enterWithPage(
            IoctlRecord record,
            String source,
            Interval bracket,
            Operation how,
            Tracepoints.PvclockUpdate page,
            Map<Field, Object> updated,
            Map<StateVariable, Object> state)
            throws TraceFormatException {
        int vcpu = page.vcpu();
        Interval when = bracket.contains(page.tsc()) ? new Interval(bracket.lo(), page.tsc()) : bracket;
        onVcpu(record, source, when, Operation.ASK_FOR_CLOCK_UPDATE, Map.of(), Map.of(), Map.of());
        Map<StateVariable, Object> all = new LinkedHashMap<>(state);
        all.put(StateVariable.PVCLOCK_TSC_TIMESTAMP, ImmutableMap.of(vcpu, page.tscTimestamp()));
        all.put(StateVariable.PVCLOCK_SYSTEM_TIME, ImmutableMap.of(vcpu, page.systemTime()));
        all.put(StateVariable.PVCLOCK_MUL, ImmutableMap.of(vcpu, page.mul()));
        all.put(StateVariable.PVCLOCK_SHIFT, ImmutableMap.of(vcpu, page.shift()));
        all.put(StateVariable.PVCLOCK_FLAGS, ImmutableMap.of(vcpu, page.flags()));
        if ((page.flags() & 1) == 0) {
            onVcpu(record, source, when, Operation.TAKE_HOST_TSC, Map.of(), Map.of(), Map.of());
        }
        onVcpu(record, source, when, how, Map.of(), updated, all);
    }

    /** One step of a KVM_RUN of which the log has only the beginning. */
    private void takeStep(OpenRuns.Step step, String source) throws TraceFormatException {
        IoctlRecord record = step.run();
        if (step.kind() == OpenRuns.Kind.LOAD) {
            load(record, vm(record), requireNonNull(step.offset()), step.when());
            return;
        }
        if (step.kind() == OpenRuns.Kind.GUEST) {
            guest(record, source, step.offset());
            return;
        }
        if (step.kind() == OpenRuns.Kind.READ_BY_KVM) {
            onVcpu(record, source, Operation.READ_TSC, Map.of(), seen(record.result("data")));
            return;
        }
        boolean enters = step.kind() == OpenRuns.Kind.ENTER;
        Operation how = enters ? Operation.ENTER_GUEST : Operation.REENTER_GUEST;
        Map<Field, Object> updated = new LinkedHashMap<>();
        Map<StateVariable, Object> state = new LinkedHashMap<>();
        Tracepoints.UpdateMasterClock update = step.update();
        Tracepoints.PvclockUpdate page = step.page();
        if (tracepoints != null) {
            updated.put(Field.UPDATED, update != null);
        }
        if (update != null) {
            state.put(StateVariable.USE_MASTER_CLOCK, update.masterclock());
        }
        if (step.offset() != null) {
            state.put(
                    StateVariable.TSC_OFFSET,
                    ImmutableMap.of(vcpu(record, source), step.offset().next()));
        }
        if (step.offset() == null && step.kept() != null && rateSet) {
            // (A TSC that is caught up with might have been raised, and was not.)
            state.put(StateVariable.TSC_OFFSET, ImmutableMap.of(vcpu(record, source), step.kept()));
        }
        if (step.kind() == OpenRuns.Kind.EXIT) {
            onVcpu(record, source, step.when(), Operation.EXIT_GUEST, Map.of(), Map.of(), Map.of());
        } else if (page == null) {
            if (step.raised()) {
                onVcpu(record, source, step.when(), Operation.ASK_FOR_CLOCK_UPDATE, Map.of(), Map.of(), Map.of());
            }
            onVcpu(record, source, step.when(), how, Map.of(), updated, state);
        } else {
            if (active.add(List.of(vm(record), page.vcpu()))) {
                // The guest has set its page up; that it did so is seen only now.
                if (enters || update != null) {
                    onVcpu(record, source, step.when(), how, Map.of(), updated, state);
                    how = Operation.REENTER_GUEST;
                    updated = Map.of(Field.UPDATED, false);
                    state = Map.of();
                }
                onVcpu(
                        record,
                        source,
                        step.when(),
                        Operation.GUEST_WRITE_SYSTEM_TIME,
                        Map.of(Field.ACTIVE, true, Field.LEGACY, false),
                        Map.of(),
                        Map.of());
            }
            enterWithPage(record, source, step.when(), how, page, updated, state);
        }
    }

    /** Of the tracepoints of a run that which tells of the guest's write of its TSC, or null. */
    private Tracepoints.@Nullable WriteTscOffset guestWrite(IoctlRecord record, List<Tracepoints.Point> points)
            throws TraceFormatException {
        Long value = record.arg("data");
        Tracepoints.WriteTscOffset best = null;
        if (value == null || !record.says("guest", "wrmsr")) {
            return null;
        }
        List<Integer> where = List.of(vm(record), record.vcpu() == null ? -1 : record.vcpu());
        for (Tracepoints.Point point : points) {
            if (point instanceof Tracepoints.WriteTscOffset write) {
                // The TSC was written when it was that much less; TSC_ADJUST moves it by what is new in it.
                long after = write.tsc() - (value - write.next());
                if (record.says("index", MSR_TSC_ADJUST)
                        ? write.step() == value - adjusts.getOrDefault(where, 0L)
                        : after >= 0 && (best == null || after < best.tsc() - (value - best.next()))) {
                    best = write;
                }
            }
        }
        if (record.says("index", MSR_TSC_ADJUST)) {
            adjusts.put(where, value);
        } else if (best != null) {
            adjusts.merge(where, best.step(), Long::sum);
        }
        return best;
    }

    /**
     * What the guest did with its TSC, as far as the recorder says.
     *
     * @param offset the tracepoint of what the guest wrote, if it is already taken
     */
    private void guest(IoctlRecord record, String source, Tracepoints.@Nullable WriteTscOffset offset)
            throws TraceFormatException {
        if (record.says("guest", "rdtsc")) {
            onVcpu(record, source, Operation.GUEST_READ_TSC, Map.of(), seen(record.result("guest_tsc")));
        } else if (record.says("guest", "rdmsr") && record.says("index", MSR_TSC)) {
            onVcpu(record, source, Operation.GUEST_READ_TSC, Map.of(), seen(record.result("data")));
        } else if (record.says("guest", "rdmsr") && record.says("index", MSR_TSC_ADJUST)) {
            onVcpu(record, source, Operation.GUEST_READ_TSC_ADJUST, Map.of(), seen(record.result("data")));
        } else if (record.says("guest", "wrmsr") && record.arg("data") != null && record.says("index", MSR_TSC)) {
            write(record, source, Operation.GUEST_WRITE_TSC, seen(record.arg("data")), offset);
        } else if (record.says("guest", "wrmsr")
                && record.arg("data") != null
                && record.says("index", MSR_TSC_ADJUST)) {
            write(record, source, Operation.GUEST_WRITE_TSC_ADJUST, seen(record.arg("data")), offset);
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
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state)
            throws TraceFormatException {
        events.add(new TraceEvent(
                record.line(),
                vm(record),
                hostTime(record, when),
                operation,
                ImmutableMap.copyOf(args),
                ImmutableMap.copyOf(results),
                ImmutableMap.copyOf(state)));
    }

    private int vm(IoctlRecord record) throws TraceFormatException {
        Integer vm = record.vm();
        if (vm == null) {
            throw new TraceFormatException(file.toString(), record.line(), 1, "expected the vm of " + record.op());
        }
        return vm;
    }

    /**
     * What the log says of the host's clocks. Real time lies between what the record before and this one noted, if one
     * thread wrote both.
     */
    private HostTime hostTime(IoctlRecord record, Interval when) {
        IoctlRecord before = previous;
        Interval realtime = null;
        if (before != null && !record.args().containsKey("thread") && before.rt() > 0 && record.rt() > before.rt()) {
            realtime = new Interval(before.rt(), record.rt());
        }
        return new HostTime(when, null, realtime);
    }
}
