package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceFormatException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The events of an x86 VMM's operations on kvmclock. */
final class X86Clocks {
    private final X86Events operations;
    private final KernelProfile kernel;
    private final EventList events;
    private final Findings findings;

    X86Clocks(X86Events operations, KernelProfile kernel, EventList events, Findings findings) {
        this.operations = operations;
        this.kernel = kernel;
        this.events = events;
        this.findings = findings;
    }

    void getClock(Segment segment) throws TraceFormatException {
        if (segment.vm() < 0) {
            findings.notModelled(segment.record().op()); // it only reads
            return;
        }
        if (!operations.done(segment)) {
            return;
        }
        Payload out = segment.record().out();
        Long flags = out.u32("flags");
        if (flags != null && flags > Integer.MAX_VALUE) {
            findings.stop(segment, "KVM_GET_CLOCK returned a flag that is not modelled");
            return;
        }
        Map<Field, Object> seen = new LinkedHashMap<>();
        putIfSeen(seen, Field.FLAGS, flags == null ? null : (Integer) flags.intValue());
        putIfSeen(seen, Field.CLOCK, out.word("clock"));
        putIfSeen(seen, Field.REALTIME, out.word("realtime"));
        putIfSeen(seen, Field.HOST_TSC, out.word("host_tsc"));
        if (kernel.has(Switch.READS_FLAG_LATER)) {
            operations.onVm(segment, segment.when(), Operation.BEGIN_GET_CLOCK, Map.of(), Map.of(), Map.of());
        }
        operations.onVm(segment, segment.when(), Operation.GET_CLOCK, Map.of(), seen, Map.of());
    }

    private static void putIfSeen(Map<Field, Object> seen, Field field, @Nullable Object value) {
        if (value != null) {
            seen.put(field, value);
        }
    }

    void setClock(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        Long flags = record.args().u32("flags");
        Long clock = record.args().word("clock");
        Long realtime = record.args().word("realtime");
        if (segment.vm() < 0 && record.failed()) {
            findings.notModelled(record.op()); // it changed nothing
            return;
        }
        if (segment.vm() < 0) {
            findings.stop(segment, "the log does not say for which VM KVM_SET_CLOCK is");
            return;
        }
        if (flags == null || clock == null) {
            findings.unshown(segment, "the log does not say what KVM_SET_CLOCK set");
            return;
        }
        if (!operations.done(segment)) {
            return;
        }
        if (flags > Integer.MAX_VALUE && !record.failed()) {
            findings.stop(segment, "KVM_SET_CLOCK took a flag that is not modelled");
            return;
        }
        if (flags > Integer.MAX_VALUE) {
            findings.harmless(record.op() + " (failed)"); // no kernel knows such a flag, and each refuses it
            return;
        }
        Map<Field, Object> args = new LinkedHashMap<>();
        args.put(Field.CLOCK, clock);
        args.put(Field.FLAGS, flags.intValue());
        // (Without its flag KVM does not read it.)
        putIfSeen(args, Field.REALTIME, (flags & KvmAbi.CLOCK_REALTIME) == 0 ? (Long) 0L : realtime);
        boolean refused = record.failed();
        Map<Field, Object> result = Map.of(Field.ERRNO, refused ? KvmAbi.EINVAL : 0);
        Tracepoint.UpdateMasterClock update = segment.points().stream()
                .filter(Tracepoint.UpdateMasterClock.class::isInstance)
                .map(Tracepoint.UpdateMasterClock.class::cast)
                .findFirst()
                .orElse(null);
        Map<StateVariable, Object> state =
                update == null ? Map.of() : Map.of(StateVariable.USE_MASTER_CLOCK, update.masterclock());
        Interval until =
                update == null ? segment.when() : new Interval(segment.when().lo(), update.tsc());
        if (!refused && kernel.has(Switch.SET_CLOCK_FROM_NOW)) {
            operations.onVm(segment, until, Operation.BEGIN_SET_CLOCK, Map.of(), Map.of(), state);
            operations.onVm(
                    segment,
                    update == null ? segment.when() : segment.from(update.tsc()),
                    Operation.SET_CLOCK,
                    args,
                    result,
                    Map.of());
            return;
        }
        // Without the masterclock KVM uses the base clock, which it reads after the tracepoint.
        Interval when = update != null && update.masterclock() ? until : segment.when();
        operations.onVm(segment, when, Operation.SET_CLOCK, args, result, state);
    }

    void kvmclockCtrl(Segment segment) {
        if (!operations.done(segment) || !operations.onVcpu(segment)) {
            return;
        }
        operations.loadsBefore(segment, null);
        X86Vcpu vcpu = operations.vcpu(segment);
        boolean refused = segment.record().failed();
        if (!refused) {
            vcpu.stop();
            vcpu.ask();
            boolean mayHaveSetUp = vcpu.hasRun();
            if (vcpu.setActive(true) && mayHaveSetUp) {
                // The guest has set up its page, and no line shows when.
                events.addOptional(
                        segment,
                        segment.lane(),
                        segment.when(),
                        Operation.WRITE_SYSTEM_TIME,
                        ImmutableMap.of(Field.VCPU, vcpu.id(), Field.ACTIVE, true));
            }
        }
        operations.onVcpu(
                segment,
                segment.when(),
                Operation.KVMCLOCK_CTRL,
                Map.of(),
                segment.record().hasOutcome() ? Map.of(Field.ERRNO, refused ? KvmAbi.EINVAL : 0) : Map.of(),
                Map.of());
    }

    /** The page in the guest's memory. The importer skips a page in the middle of a write. */
    void page(Segment segment) throws TraceFormatException {
        Payload out = segment.record().out();
        Long version = out.u32("version");
        if (version == null || version % 2 != 0 || !segment.isOnVcpu()) {
            findings.harmless(segment.record().op() + " of no use");
            return;
        }
        if (version > Integer.MAX_VALUE) {
            findings.notModelled(segment.record().op());
            return;
        }
        Map<Field, Object> seen = new LinkedHashMap<>();
        seen.put(Field.VERSION, version.intValue());
        if (!operations.vcpu(segment).wroteMemory()) { // (the guest may clear flags, or write anything)
            putIfSeen(seen, Field.FLAGS, out.count("flags"));
        }
        putIfSeen(seen, Field.SHIFT, out.signedByte("shift"));
        putIfSeen(seen, Field.TSC_TIMESTAMP, out.word("tsc_timestamp"));
        putIfSeen(seen, Field.SYSTEM_TIME, out.word("system_time"));
        putIfSeen(seen, Field.MUL, out.u32("mul"));
        operations.onVcpu(segment, segment.when(), Operation.READ_PVCLOCK_PAGE, Map.of(), seen, Map.of());
    }
}
