package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.VcpuId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Creates the events of an x86 host's operations, one operation after the other. */
final class X86Events {
    private final KernelProfile kernel;
    private final boolean unstable;
    private final EventList events;
    private final Findings findings;
    private final X86Clocks clocks;
    private final X86Rates rates;
    private final X86Msrs msrs;
    private final X86Timers timers;
    private final Map<VcpuId, X86Vcpu> vcpus = new HashMap<>();

    private final X86Overview overview;

    /** The VMs for which the tracepoints show every write of an offset. */
    private final Set<Integer> shown = new HashSet<>();

    /** The greatest id of a vCPU, plus 1. */
    private int mostVcpus;

    X86Events(
            KernelProfile kernel,
            X86HostRate rate,
            boolean unstable,
            EventList events,
            Findings findings,
            X86Overview overview,
            X86Timers timers) {
        this.kernel = kernel;
        this.unstable = unstable;
        this.events = events;
        this.findings = findings;
        this.overview = overview;
        this.timers = timers;
        this.clocks = new X86Clocks(this, kernel, events, findings);
        this.rates = new X86Rates(this, rate, findings, timers);
        this.msrs = new X86Msrs(this, events, findings, timers);
    }

    int mostVcpus() {
        return mostVcpus;
    }

    void take(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        if (record.is(IoctlRecord.UNRECORDED)) {
            loadsBefore(segment, null);
            return;
        }
        if (record.is("KVM_SET_CPUID") || record.is("KVM_SET_CPUID2")) {
            timers.cpuid(segment);
        }
        if (findings.countsHarmless(record, failureCounts(record))) {
            if (segment.isOnVcpu()) {
                loadsBefore(segment, null);
            }
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
            case "KVM_RUN", "KVM_SET_TSC_KHZ" -> true;
            case "KVM_SET_CLOCK", "KVM_KVMCLOCK_CTRL" -> record.failedWith(KvmAbi.EINVAL);
            case "KVM_CREATE_VM", "KVM_CREATE_VCPU", "KVM_SET_MSRS", "KVM_GET_MSRS", "KVM_SET_LAPIC" -> false;
            case "KVM_SET_DEVICE_ATTR", "KVM_GET_DEVICE_ATTR", "KVM_GET_CLOCK", "KVM_GET_TSC_KHZ" -> false;
            case IoctlRecord.CLOSE_VM, IoctlRecord.PVCLOCK_PAGE -> false;
            default -> !record.failedWith(KvmAbi.ENOTTY);
        };
    }

    private void operation(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        switch (record.op()) {
            case IoctlRecord.CLOSE_VM -> findings.harmless(record.op());
            case "KVM_GET_ONE_REG" -> {
                loadsBefore(segment, null);
                findings.harmless(record.op());
            }
            case "KVM_CREATE_VM" -> {
                if (segment.vm() < 0) {
                    findings.notModelled(record.op());
                } else if (done(segment)) {
                    onVm(segment, segment.when(), Operation.CREATE_VM, Map.of(), Map.of(), masterclock(segment));
                }
            }
            case "KVM_CREATE_VCPU" -> {
                if (done(segment) && onVcpu(segment)) {
                    if (segment.points().stream().anyMatch(Tracepoint.WriteTscOffset.class::isInstance)) {
                        shown.add(segment.vm());
                    } else {
                        shown.remove(segment.vm());
                    }
                    write(segment, Operation.CREATE_VCPU, Map.of());
                    timers.created(segment);
                }
            }
            case IoctlRecord.SHOWN_WRITE -> shownWrite(segment);
            case IoctlRecord.SHOWN_UPDATE -> shownUpdate(segment);
            case "KVM_SET_LAPIC" -> setLapic(segment);
            case "KVM_SET_MSRS" -> msrs.setMsrs(segment);
            case "KVM_GET_MSRS" -> msrs.getMsrs(segment);
            case "KVM_SET_DEVICE_ATTR" -> setAttribute(segment);
            case "KVM_GET_DEVICE_ATTR" -> getAttribute(segment);
            case "KVM_GET_CLOCK" -> clocks.getClock(segment);
            case "KVM_SET_CLOCK" -> clocks.setClock(segment);
            case "KVM_KVMCLOCK_CTRL" -> clocks.kvmclockCtrl(segment);
            case IoctlRecord.PVCLOCK_PAGE -> clocks.page(segment);
            case "KVM_RUN" -> run(segment);
            case "KVM_GET_TSC_KHZ" -> rates.getTscKhz(segment);
            case "KVM_SET_TSC_KHZ" -> rates.setTscKhz(segment);
            case Capabilities.ENABLE_CAP -> enableCapability(segment);
            default -> findings.stop(segment, record.op() + " is not modelled and may change what is");
        }
    }

    private void setLapic(Segment segment) throws TraceFormatException {
        int before = events.size();
        if (segment.isOnVcpu()) {
            loadsBefore(segment, null);
            timers.setLapic(segment);
        } else {
            timers.forget(segment.vm());
        }
        if (events.size() == before) {
            findings.harmless("KVM_SET_LAPIC of an unknown mode of the timer");
        }
    }

    private void enableCapability(Segment segment) throws TraceFormatException {
        Long number = segment.record().args().word("num");
        if (Capabilities.harmless(number).isPresent()) {
            findings.harmless(Capabilities.ENABLE_CAP);
        } else {
            findings.unshown(
                    segment,
                    "it is not known what " + Capabilities.ENABLE_CAP + (number == null ? "" : " of " + number)
                            + " changes");
        }
    }

    /** Whether the masterclock is on, from the tracepoint of an update. */
    private static Map<StateVariable, Object> masterclock(Segment segment) {
        for (Tracepoint point : segment.points()) {
            if (point instanceof Tracepoint.UpdateMasterClock update) {
                return Map.of(StateVariable.USE_MASTER_CLOCK, update.masterclock());
            }
        }
        return Map.of();
    }

    /** Whether the operation is known to have succeeded; if unknown, the VM is not judged any more. */
    boolean done(Segment segment) {
        if (!segment.record().hasOutcome()) {
            findings.unshown(
                    segment, "the log does not say whether " + segment.record().op() + " succeeded");
            return findings.orderOnly();
        }
        return true;
    }

    /** Whether the log shows the operation's vCPU; otherwise the VM is not judged any more. */
    boolean onVcpu(Segment segment) {
        if (!segment.isOnVcpu()) {
            findings.stop(
                    segment,
                    "the log does not say for which vCPU " + segment.record().op() + " is");
            return false;
        }
        mostVcpus = Math.max(mostVcpus, segment.vcpu() + 1);
        return true;
    }

    X86Vcpu vcpu(Segment segment) {
        return vcpus.computeIfAbsent(segment.id(), k -> overview.vcpu(segment));
    }

    private void setAttribute(Segment segment) throws TraceFormatException {
        if (!done(segment)) {
            return;
        }
        // (A vCPU of x86 has no other attribute.)
        boolean only = findings.orderOnly() && !segment.record().args().has("attr");
        if (segment.isOnVcpu() && (only || isTscOffset(segment.record()))) {
            Long offset = segment.record().args().word("offset");
            onVcpu(segment);
            timers.moves(segment, false);
            write(segment, Operation.SET_TSC_OFFSET, offset == null ? Map.of() : Map.of(Field.OFFSET, offset));
        } else {
            findings.unshown(
                    segment, "the log does not say which attribute KVM_SET_DEVICE_ATTR set, or it is not modelled");
        }
    }

    /** A write by value or by the attribute: one of them leads to what the tracepoints show. */
    private void shownWrite(Segment segment) throws TraceFormatException {
        if (!onVcpu(segment)) {
            return;
        }
        Map<StateVariable, Object> state = new LinkedHashMap<>();
        Map<Field, Object> offset = new LinkedHashMap<>();
        offset.put(Field.VCPU, segment.vcpu());
        for (Tracepoint point : segment.points()) {
            if (point instanceof Tracepoint.WriteTscOffset write) {
                state.put(StateVariable.TSC_OFFSET, Map.of(segment.vcpu(), write.next()));
                offset.put(Field.OFFSET, write.next());
            } else if (point instanceof Tracepoint.TrackTsc track) {
                state.put(StateVariable.NR_VCPUS_MATCHED, track.nrMatched());
                state.put(StateVariable.USE_MASTER_CLOCK, track.masterclock());
            }
        }
        timers.moves(segment, false);
        ImmutableMap<Field, Object> vcpu = ImmutableMap.of(Field.VCPU, segment.vcpu());
        events.addOptional(segment, segment.lane(), segment.when(), Operation.WRITE_TSC, vcpu);
        events.addOptional(
                segment, segment.lane(), segment.when(), Operation.SET_TSC_OFFSET, ImmutableMap.copyOf(offset));
        onVcpu(segment, segment.when(), Operation.READ_PVCLOCK_PAGE, Map.of(), Map.of(), state);
    }

    /** An entry of some vCPU, or KVM_SET_CLOCK. */
    private void shownUpdate(Segment segment) {
        if (segment.vm() < 0) {
            return;
        }
        events.addOptional(
                segment,
                segment.lane(),
                segment.when(),
                Operation.ENTER_GUEST,
                ImmutableMap.of(),
                ImmutableMap.of(Field.UPDATED, true));
        events.addOptional(segment, segment.lane(), segment.when(), Operation.EXIT_GUEST, ImmutableMap.of());
        onVm(segment, segment.when(), Operation.GET_VM_TSC_KHZ, Map.of(), Map.of(), masterclock(segment));
    }

    private void getAttribute(Segment segment) throws TraceFormatException {
        Long offset = segment.record().out().word("offset");
        boolean shows = isTscOffset(segment.record()) && offset != null;
        if (shows && (!segment.isOnVcpu() || !segment.record().hasOutcome())) {
            findings.notModelled(segment.record().op()); // it only reads
        } else if (shows && onVcpu(segment)) {
            loadsBefore(segment, null);
            onVcpu(segment, segment.when(), Operation.GET_TSC_OFFSET, Map.of(), Map.of(Field.OFFSET, offset), Map.of());
        } else {
            findings.harmless("KVM_GET_DEVICE_ATTR of others");
        }
    }

    private static boolean isTscOffset(IoctlRecord record) throws TraceFormatException {
        return says(record.args(), "group", "KVM_VCPU_TSC_CTRL", KvmAbi.VCPU_TSC_CTRL)
                && says(record.args(), "attr", "KVM_VCPU_TSC_OFFSET", KvmAbi.VCPU_TSC_OFFSET);
    }

    /** Whether a value is this name or this number. */
    static boolean says(Payload values, String key, String name, long number) throws TraceFormatException {
        if (values.isName(key)) {
            return name.equals(values.text(key));
        }
        Long value = values.word(key);
        return value != null && value == number;
    }

    /** An operation that gives a vCPU an offset. */
    void write(Segment segment, Operation operation, Map<Field, Object> args) {
        Tracepoint.TrackTsc track = segment.points().stream()
                .filter(Tracepoint.TrackTsc.class::isInstance)
                .map(Tracepoint.TrackTsc.class::cast)
                .findFirst()
                .orElse(null);
        Tracepoint.WriteTscOffset own = null;
        for (Tracepoint point : segment.points()) {
            if (point instanceof Tracepoint.WriteTscOffset write && (track == null || write.tsc() - track.tsc() <= 0)) {
                own = write;
            }
        }
        long lo = segment.when().lo();
        if (operation != Operation.CREATE_VCPU) { // (before its creation nothing shows its loads)
            lo = loadsBefore(segment, own);
        }
        Map<StateVariable, Object> state = new LinkedHashMap<>();
        Interval when = segment.from(lo);
        if (own != null) {
            when = new Interval(lo, own.tsc());
            state.put(StateVariable.TSC_OFFSET, Map.of(segment.vcpu(), own.next()));
        }
        // Until 5.15 KVM writes the two under different locks, and another thread may come between.
        if (track != null && !(kernel.has(Switch.READS_FLAG_LATER) && events.threads())) {
            state.put(StateVariable.NR_VCPUS_MATCHED, track.nrMatched());
            state.put(StateVariable.USE_MASTER_CLOCK, track.masterclock());
        }
        onVcpu(segment, when, operation, args, Map.of(), state);
        if (own != null) {
            loads(segment, own.tsc(), null);
        }
    }

    /** The loads of an operation's vCPU before it writes an offset itself; returns the end of the last load. */
    long loadsBefore(Segment segment, Tracepoint.@Nullable WriteTscOffset own) {
        return loads(segment, segment.when().lo(), own);
    }

    private long loads(Segment segment, long from, Tracepoint.@Nullable WriteTscOffset own) {
        long lo = from;
        for (Tracepoint point : unstable ? segment.points() : ImmutableList.<Tracepoint>of()) {
            if (point instanceof Tracepoint.WriteTscOffset write && write.tsc() - from > 0) {
                if (write.equals(own)) {
                    break;
                }
                vcpu(segment).load(events, segment, new Interval(lo, write.tsc()), write);
                lo = write.tsc();
            }
        }
        return lo;
    }

    private void run(Segment segment) throws TraceFormatException {
        if (!onVcpu(segment)) {
            return;
        }
        Long immediateExit = segment.record().args().word("immediate_exit");
        if (immediateExit != null && immediateExit != 0 && segment.record().failedWith(KvmAbi.EINTR)) {
            loadsBefore(segment, null); // (KVM checks it before any request, and returns)
            findings.harmless("KVM_RUN with immediate_exit");
            return;
        }
        IoctlRecord record = segment.record();
        String guest = record.args().text("guest");
        boolean understood = X86Vcpu.isUnderstood(record);
        boolean mayHaveWritten = record.mayHaveFailed() && "wrmsr".equals(guest); // the guest may not have got there
        if ((!understood || mayHaveWritten) && !(overview.msrsAreShown() && shown.contains(segment.vm()))) {
            assume(
                    segment,
                    "that the guest moved none of its clocks in the KVM_RUN of line " + record.line()
                            + ", which neither the log nor a tracepoint shows");
        }
        if (guest != null && !understood) {
            String index =
                    record.args().has("index") ? " of MSR 0x" + Long.toHexString(MsrList.index(record.args())) : "";
            findings.note("not understood, and taken for unknown: what the guest did, \"" + guest + "\"" + index);
        }
        X86Vcpu vcpu = vcpu(segment);
        vcpu.mayWriteMemory(!understood);
        GuestAct act = record.mayHaveFailed() ? null : vcpu.act(record);
        timers.runs(segment);
        new X86Run(vcpu, events, findings, withoutUnknownWrites(segment)).add(act);
        timers.ran(segment);
    }

    /** Assumes that a guest's writes of unlisted MSRs changed nothing; no event can express their effect. */
    private Segment withoutUnknownWrites(Segment run) {
        ImmutableList.Builder<Tracepoint> others = ImmutableList.builder();
        for (Tracepoint point : run.points()) {
            if (point instanceof Tracepoint.GuestMsr msr && !msr.isOfClockMsr()) {
                assume(
                        run,
                        "that the guest's write of MSR 0x" + Long.toHexString(msr.index()) + ", which line "
                                + msr.where().line() + " of the tracepoints shows, moved none of its clocks");
            } else {
                others.add(point);
            }
        }
        return run.with(others.build());
    }

    private void assume(Segment segment, String what) {
        findings.assume(segment.record().line(), segment.vm(), segment.when().lo(), what);
    }

    void onVm(
            Segment segment,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state) {
        events.add(segment, segment.lane(), when, operation, args, results, state);
    }

    void onVcpu(
            Segment segment,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state) {
        Map<Field, Object> all = new LinkedHashMap<>();
        all.put(Field.VCPU, segment.vcpu());
        all.putAll(args);
        events.add(segment, segment.lane(), when, operation, all, results, state);
    }
}
