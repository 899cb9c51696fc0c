package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Imports the ioctl log of an arm64 host. The kernel read the host's counter between the two readings of a record; no
 * tracepoint shows an offset.
 */
final class Arm64Log {
    private final String source;
    private final KernelProfile kernel;
    private final HostFacts host;
    private final EventList events;
    private final Findings findings;
    private final ImmutableList<Segment> segments;
    private final int pcpus;
    private final Arm64Vcpus vcpus;
    private final Arm64TimerRegisters timers;
    private int mostVcpus;

    private Arm64Log(
            String source,
            KernelProfile kernel,
            HostFacts host,
            EventList events,
            Findings findings,
            ImmutableList<Segment> segments,
            int pcpus) {
        this.source = source;
        this.kernel = kernel;
        this.host = host;
        this.events = events;
        this.findings = findings;
        this.segments = segments;
        this.pcpus = pcpus;
        this.timers = new Arm64TimerRegisters(events, findings);
        this.vcpus = new Arm64Vcpus(kernel, events, findings);
    }

    static ImportedTrace read(RecordedRun run) throws TraceFormatException {
        HostFacts host = run.host();
        Findings findings = new Findings(run.orderOnly());
        ImmutableList<Segment> segments =
                Segments.of(run.source(), run.records(), LogArchitecture.ARM64.counterKey(), findings, null, Set.of());
        boolean threads = Segments.overlap(segments);
        int lanes = 1 + segments.stream().mapToInt(Segment::lane).max().orElse(0);
        int named = 1
                + run.records().stream()
                        .mapToInt(r -> r.pcpu() == null ? 0 : r.pcpu())
                        .max()
                        .orElse(0);
        Arm64Log log = new Arm64Log(
                run.source(),
                run.kernel(),
                host,
                new EventList(lanes, threads),
                findings,
                segments,
                threads ? lanes : named);
        for (Segment segment : segments) {
            log.take(segment);
        }
        // (The last CPU is for runs that the log does not have.)
        TraceHeader header = new TraceHeader(
                run.kernel(),
                new TraceHeader.Arm64(host.vhe(), host.ecv(), log.pcpus + 1),
                Math.max(1, log.mostVcpus),
                run.origin());
        return findings.imported(run.source(), header, log.events);
    }

    private void take(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        if (findings.countsHarmless(record, failureCounts(record))) {
            return;
        }
        int before = events.size();
        operation(segment);
        if (events.size() > before) {
            findings.modelled();
        }
    }

    /** Whether a failed operation may have changed something, or its failure is in the specification. */
    private static boolean failureCounts(IoctlRecord record) {
        return switch (record.op()) {
            case "KVM_RUN" -> true;
            case "KVM_SET_ONE_REG" -> record.failedWith(KvmAbi.ENOENT) || record.failedWith(KvmAbi.EBUSY);
            case "KVM_GET_ONE_REG" -> record.failedWith(KvmAbi.ENOENT);
            case "KVM_ARM_SET_COUNTER_OFFSET" -> record.failedWith(KvmAbi.EINVAL) || record.failedWith(KvmAbi.EBUSY);
            case "KVM_CREATE_VCPU" -> !record.failedWith(KvmAbi.EBUSY); // (that comes before it touches a counter)
            case "KVM_CREATE_VM", "KVM_ARM_VCPU_INIT" -> false;
            case "KVM_SET_DEVICE_ATTR", "KVM_GET_DEVICE_ATTR", IoctlRecord.CLOSE_VM -> false;
            default -> !record.failedWith(KvmAbi.ENOTTY);
        };
    }

    private void operation(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        switch (record.op()) {
            case IoctlRecord.CLOSE_VM, "KVM_GET_DEVICE_ATTR" -> findings.harmless(record.op());
            case "KVM_GET_CLOCK", "KVM_GET_MSRS", "KVM_GET_TSC_KHZ", IoctlRecord.PVCLOCK_PAGE ->
                findings.harmless(record.op()); // x86's, and they only read
            case "KVM_CREATE_VM" -> {
                if (segment.vm() < 0) {
                    findings.notModelled(record.op());
                } else if (done(segment)) {
                    add(segment, Operation.CREATE_VM, Map.of(), Map.of());
                }
            }
            case "KVM_CREATE_VCPU" -> {
                if (record.failed()) {
                    vcpus.failToCreate(segment);
                } else if (done(segment) && onVcpu(segment)) {
                    vcpus.create(segment);
                    timers.created(segment);
                }
            }
            case "KVM_ARM_VCPU_INIT" -> {
                if (done(segment) && onVcpu(segment)) {
                    timers.initialised(segment);
                    onVcpu(segment, Operation.INIT_VCPU, Map.of(), Map.of());
                }
            }
            case "KVM_SET_ONE_REG" -> setOneReg(segment);
            case "KVM_GET_ONE_REG" -> getOneReg(segment);
            case "KVM_SET_DEVICE_ATTR" -> setAttribute(segment);
            case "KVM_ARM_SET_COUNTER_OFFSET" -> setCounterOffset(segment);
            case "KVM_RUN" -> run(segment);
            case Capabilities.ENABLE_CAP -> {
                Long number = record.args().word("num");
                if (Capabilities.harmless(number).isPresent()) {
                    findings.harmless(record.op());
                } else {
                    findings.unshown(
                            segment,
                            "it is not known what " + record.op() + (number == null ? "" : " of " + number)
                                    + " changes");
                }
            }
            default -> findings.stop(segment, record.op() + " is not modelled and may change what is");
        }
    }

    private boolean done(Segment segment) {
        if (!segment.record().hasOutcome()) {
            findings.unshown(
                    segment, "the log does not say whether " + segment.record().op() + " succeeded");
            return findings.orderOnly();
        }
        return true;
    }

    private boolean onVcpu(Segment segment) {
        if (!segment.isOnVcpu()) {
            findings.stop(
                    segment,
                    "the log does not say for which vCPU " + segment.record().op() + " is");
            return false;
        }
        mostVcpus = Math.max(mostVcpus, segment.vcpu() + 1);
        return true;
    }

    private void setOneReg(Segment segment) throws TraceFormatException {
        Arm64Register register = Arm64Register.of(source, segment.record());
        if (!register.known()) {
            findings.unshown(segment, "the log does not say which register KVM_SET_ONE_REG set: it may be a counter");
            return;
        }
        KvmAbi.ArmRegister timer = register.timer();
        if (timer == null) {
            findings.harmless("KVM_SET_ONE_REG of others");
        } else if (Arm64TimerRegisters.has(timer)) {
            timers.set(segment, timer);
            mostVcpus = Math.max(mostVcpus, segment.vcpu() + 1);
        } else if (done(segment) && onVcpu(segment)) {
            Long value = segment.record().args().word("value");
            onVcpu(
                    segment,
                    timer == KvmAbi.ArmRegister.TIMER_CNT ? Operation.SET_TIMER_CNT : Operation.SET_PTIMER_CNT,
                    seen(value),
                    ImmutableMap.of(Field.ERRNO, errno(segment)));
            if (!segment.record().failed() && !kernel.has(Switch.OFFSETS_OF_VM)) {
                vcpus.broadcast(segment);
            }
        }
    }

    static int errno(Segment segment) {
        Integer errno = segment.record().errno();
        return errno == null ? 0 : errno;
    }

    private void getOneReg(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        KvmAbi.ArmRegister timer = Arm64Register.of(source, record).timer();
        if (timer != null && Arm64TimerRegisters.has(timer)) {
            timers.get(segment, timer);
            mostVcpus = Math.max(mostVcpus, segment.vcpu() + 1);
            return;
        }
        boolean virtual = timer == KvmAbi.ArmRegister.TIMER_CNT && !record.failed();
        if (!virtual && timer != KvmAbi.ArmRegister.PTIMER_CNT) {
            findings.harmless("KVM_GET_ONE_REG of others");
        } else if (!segment.isOnVcpu() || !record.hasOutcome()) {
            findings.notModelled(record.op()); // it only reads
        } else if (onVcpu(segment)) {
            Map<Field, Object> results = new LinkedHashMap<>();
            Long value = record.out().word("value");
            if (value != null && !record.failed()) {
                results.put(Field.VALUE, value);
            }
            if (!virtual) {
                results.put(Field.ERRNO, errno(segment));
            }
            onVcpu(segment, virtual ? Operation.GET_TIMER_CNT : Operation.GET_PTIMER_CNT, Map.of(), results);
        }
    }

    private void setAttribute(Segment segment) throws TraceFormatException {
        Payload args = segment.record().args();
        boolean device = segment.record().vcpu() == null;
        boolean missing = !args.has("group") || !args.has("attr");
        boolean counters = kernel.has(Switch.TIMER_OFFSET_ATTRS);
        boolean numbers =
                counters && X86Events.says(args, "group", "KVM_ARM_VCPU_TIMER_CTRL", KvmAbi.ARM_VCPU_TIMER_CTRL);
        boolean vtimer =
                attribute(args, "KVM_ARM_VCPU_TIMER_OFFSET_VTIMER", KvmAbi.ARM_VCPU_TIMER_OFFSET_VTIMER, numbers);
        boolean ptimer =
                attribute(args, "KVM_ARM_VCPU_TIMER_OFFSET_PTIMER", KvmAbi.ARM_VCPU_TIMER_OFFSET_PTIMER, numbers);
        if (!vtimer && !ptimer && device && !(counters && missing)) {
            findings.harmless("KVM_SET_DEVICE_ATTR of a device");
        } else if (missing) {
            findings.unshown(segment, "the log does not say which attribute KVM_SET_DEVICE_ATTR set");
        } else if (!vtimer && !ptimer) {
            findings.harmless("KVM_SET_DEVICE_ATTR of others");
        } else if (done(segment) && onVcpu(segment)) {
            Long offset = args.word("offset");
            onVcpu(
                    segment,
                    vtimer ? Operation.SET_VTIMER_OFFSET : Operation.SET_PTIMER_OFFSET,
                    offset == null ? Map.of() : ImmutableMap.of(Field.OFFSET, offset),
                    Map.of());
            vcpus.broadcast(segment);
        }
    }

    private static boolean attribute(Payload args, String name, int number, boolean numbers)
            throws TraceFormatException {
        return args.isName("attr")
                ? name.equals(args.text("attr"))
                : numbers && X86Events.says(args, "attr", name, number);
    }

    private void setCounterOffset(Segment segment) throws TraceFormatException {
        if (segment.vm() < 0 && segment.record().failed()) {
            findings.notModelled(segment.record().op()); // it changed nothing
            return;
        }
        if (!done(segment)) {
            return;
        }
        if (segment.vm() < 0) {
            findings.stop(segment, "the log does not say for which VM KVM_ARM_SET_COUNTER_OFFSET is");
            return;
        }
        Map<Field, Object> args = new LinkedHashMap<>();
        Long offset = segment.record().args().word("counter_offset");
        Long reserved = segment.record().args().word("reserved");
        if (offset != null) {
            args.put(Field.OFFSET, offset);
        }
        if (reserved != null) {
            args.put(Field.RESERVED, reserved);
        }
        if (!segment.record().failed()) {
            vcpus.offsetIsSet(segment);
        }
        boolean busy = segment.record().failedWith(KvmAbi.EBUSY);
        Set<Integer> online = busy ? vcpus.online(segment) : Set.of();
        // Some vCPU was in use, perhaps in an operation that is not in the log: nothing shows whether it continued
        // after that.
        for (int vcpu : online) {
            events.addOptional(
                    segment,
                    segment.lane(),
                    segment.when(),
                    Operation.ARM64_VCPU_LOAD,
                    ImmutableMap.of(Field.VCPU, vcpu, Field.PCPU, pcpus));
        }
        add(segment, Operation.SET_COUNTER_OFFSET, args, ImmutableMap.of(Field.ERRNO, errno(segment)));
        for (int vcpu : online) {
            events.addOptional(
                    segment,
                    segment.lane(),
                    segment.when(),
                    Operation.VCPU_PUT,
                    ImmutableMap.of(Field.VCPU, vcpu, Field.RETURNS, true));
        }
    }

    private void run(Segment segment) throws TraceFormatException {
        if (!onVcpu(segment)) {
            return;
        }
        boolean failed = segment.record().mayHaveFailed();
        String guest = failed ? null : segment.record().args().text("guest");
        boolean sure = guest != null && segment.ends();
        // Where threads overlap, each gets a CPU of its own: the log does not show which CPU it was on meanwhile.
        Integer recorded = segment.record().pcpu();
        int pcpu = events.threads() ? segment.lane() : recorded == null ? 0 : recorded;
        Map<Field, Object> load = ImmutableMap.of(Field.VCPU, segment.vcpu(), Field.PCPU, pcpu);
        step(segment, Operation.ARM64_VCPU_LOAD, load, failed);
        step(segment, Operation.ENTER_GUEST, vcpu(segment), !sure);
        if (isMovedMeanwhile(segment)) {
            if (guest != null && guest.contains("cntpct")) {
                assumePhysicalOffset(segment);
            }
            // A thread that was preempted loads its vCPU again, with the offsets in force by then.
            step(segment, Operation.EXIT_GUEST, vcpu(segment), true);
            step(segment, Operation.VCPU_PUT, put(segment, false), true);
            step(segment, Operation.ARM64_VCPU_LOAD, load, true);
            step(segment, Operation.ENTER_GUEST, vcpu(segment), true);
        }
        for (String read : guest == null ? new String[0] : guest.split(",", -1)) {
            switch (read) {
                case "cntvct" ->
                    onVcpu(
                            segment,
                            Operation.GUEST_READ_CNTVCT,
                            Map.of(),
                            seen(segment.record().out().word(read)));
                case "cntpct" ->
                    onVcpu(
                            segment,
                            Operation.GUEST_READ_CNTPCT,
                            Map.of(),
                            seen(segment.record().out().word(read)));
                case "cntfrq", "none" -> {} // the rate is the host's, and nobody can set it
                default -> findings.note("not understood, and taken for unknown: what the guest did, \"" + read + "\"");
            }
        }
        timers.ran(segment);
        if (segment.ends()) {
            step(segment, Operation.EXIT_GUEST, vcpu(segment), !sure);
            step(segment, Operation.VCPU_PUT, put(segment, true), failed);
        }
    }

    /**
     * CNTPOFF_EL2 keeps the physical offset of the vCPU's last load; a trapped read uses the new offset at once.
     * Without that register a vCPU can read the same under VHE as without it: with the offset in force at its last
     * entry or load.
     */
    private void assumePhysicalOffset(Segment run) {
        if (kernel.has(Switch.USES_CNTPOFF) && !host.showsCntpoff()) {
            findings.assume(
                    run.record().line(),
                    run.vm(),
                    run.when().lo(),
                    "that the host has no CNTPOFF_EL2, or no VHE to use it, of which host.txt shows nothing: another thread"
                            + " may have moved the physical counter during the KVM_RUN of line "
                            + run.record().line());
        }
    }

    /** Whether another thread may have changed a counter of the VM during a run. */
    private boolean isMovedMeanwhile(Segment run) {
        return events.threads()
                && segments.stream()
                        .filter(s -> s.vm() == run.vm()
                                && s.lane() != run.lane()
                                && !s.record().failed())
                        .filter(s -> s.is("KVM_SET_ONE_REG") || s.is("KVM_CREATE_VCPU") || s.is("KVM_SET_DEVICE_ATTR"))
                        .anyMatch(s -> s.when().lo() - run.when().hi() <= 0
                                && run.when().lo() - s.when().hi() <= 0);
    }

    private void step(Segment segment, Operation operation, Map<Field, Object> args, boolean optional) {
        if (optional) {
            events.addOptional(segment, segment.lane(), segment.when(), operation, args);
        } else {
            add(segment, operation, args, Map.of());
        }
    }

    private static ImmutableMap<Field, Object> vcpu(Segment segment) {
        return ImmutableMap.of(Field.VCPU, segment.vcpu());
    }

    private static ImmutableMap<Field, Object> put(Segment segment, boolean returns) {
        return ImmutableMap.of(Field.VCPU, segment.vcpu(), Field.RETURNS, returns);
    }

    private static Map<Field, Object> seen(@Nullable Long value) {
        return value == null ? Map.of() : ImmutableMap.of(Field.VALUE, value);
    }

    private void onVcpu(Segment segment, Operation operation, Map<Field, Object> args, Map<Field, Object> results) {
        add(
                segment,
                operation,
                ImmutableMap.<Field, Object>builder()
                        .putAll(vcpu(segment))
                        .putAll(args)
                        .buildOrThrow(),
                results);
    }

    private void add(Segment segment, Operation operation, Map<Field, Object> args, Map<Field, Object> results) {
        events.add(segment, segment.lane(), segment.when(), operation, args, results, Map.of());
    }
}
