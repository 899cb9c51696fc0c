package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceFormatException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The importer's view of an x86 vCPU, and what its guest can do. */
final class X86Vcpu {
    /** The most unobserved writes of a page that the importer assumes in a run. */
    static final int MOST_WRITES = 8;

    private final int id;
    private final boolean unstable;
    private final List<Version> versionsRead;
    private final boolean writesAreExact;
    private final Updates updates;
    private final List<Flags> flagsShown;
    private boolean active;
    private boolean wasStopped;
    private boolean hasRun;
    private boolean wroteMemory;

    /** Whether a clock update has been requested since its last entry; its creation requests one. */
    private boolean asked = true;

    private @Nullable Long lastEntry;

    /** Its creation has set it to 0. */
    private @Nullable Long adjust = 0L;

    /**
     * An observed version of its page.
     *
     * @param tsc upper bound of the host's TSC when the page had it
     */
    record Version(long tsc, int version) {}

    /**
     * The masterclock updates in the tracepoints.
     *
     * @param performed when each update of the VM was performed, by the host's TSC, in order
     * @param unowned when other updates were performed that may or may not be the VM's
     * @param end when the kernel wrote the last tracepoint
     */
    record Updates(List<Long> performed, List<Long> unowned, long end) {}

    /**
     * Observed flags of its page.
     *
     * @param tsc upper bound of the host's TSC when the page had them
     */
    record Flags(long tsc, int flags) {}

    /**
     * @param id its id
     * @param unstable whether the host's TSC is unstable
     * @param versionsRead the versions of its kvmclock page in the log, in order, if no tracepoint shows its writes
     * @param writesAreExact whether a guest's write of its TSC sets the offset to the written value minus the host's
     *     TSC
     * @param updates the masterclock updates of its VM in the tracepoints
     * @param flagsShown the observed flags of its page, in order of time
     */
    X86Vcpu(
            int id,
            boolean unstable,
            List<Version> versionsRead,
            boolean writesAreExact,
            Updates updates,
            List<Flags> flagsShown) {
        this.id = id;
        this.unstable = unstable;
        this.versionsRead = versionsRead;
        this.writesAreExact = writesAreExact;
        this.updates = updates;
        this.flagsShown = flagsShown;
    }

    /** Whether each masterclock update that the VM's vCPUs perform within an interval has a tracepoint of its own there. */
    boolean updatesShow(Interval when) {
        return !updates.performed().isEmpty()
                && updates.performed().get(0) - when.lo() <= 0
                && updates.end() - when.hi() >= 0
                && updates.unowned().stream().noneMatch(when::contains);
    }

    boolean isActive() {
        return active;
    }

    /**
     * The largest number of KVM's writes of its page in a run, if only the log's reads of the page show them: the
     * version rises by 2 with each write between the reads before and after the run.
     */
    int unshownWrites(Interval run) {
        Version before = null;
        for (Version each : versionsRead) {
            if (each.tsc() - run.hi() >= 0) {
                int went = each.version() - (before == null ? 0 : before.version());
                return Math.max(1, Math.min(MOST_WRITES, went / 2));
            }
            if (each.tsc() - run.lo() <= 0) {
                before = each;
            }
        }
        return 0; // (no read shows one)
    }

    boolean writesAreExact() {
        return writesAreExact;
    }

    /** MSR_IA32_TSC_ADJUST, cycles modulo 2^64; null if nothing shows it. */
    @Nullable
    Long adjust() {
        return adjust;
    }

    /** Notes the value of MSR_IA32_TSC_ADJUST; null: unknown. */
    void setAdjust(@Nullable Long value) {
        adjust = value;
    }

    /** Notes a guest's access, with the write of the offset if it is known to be the guest's. */
    void moved(X86Run.GuestAct act, Tracepoint.@Nullable WriteTscOffset write) {
        if (act.operation() == Operation.GUEST_WRITE_TSC_ADJUST || act.operation() == Operation.GUEST_READ_TSC_ADJUST) {
            adjust = act.value();
        } else if (act.operation() == Operation.GUEST_WRITE_TSC) {
            adjust = write == null || adjust == null ? null : (Long) (adjust + write.step());
        }
    }

    /** Notes that unknown MSRs were written: one of them may have set up its page, as a guest may do. */
    void mayHavePage() {
        hasRun = true;
    }

    /** Whether something unknown may have set up its page since it was last known to exist or not. */
    boolean hasRun() {
        return hasRun;
    }

    /** Notes a request for a clock update. */
    void ask() {
        asked = true;
    }

    /** Notes an entry, which performed the pending requests. */
    void entered(long tsc) {
        asked = false;
        hasRun = true;
        lastEntry = tsc;
    }

    /**
     * Whether a clock update is known to be requested by an instant; every masterclock update requests one from all
     * vCPUs.
     */
    boolean isAsked(long tsc) {
        Long since = lastEntry;
        return asked || updates.performed().stream().anyMatch(u -> u - tsc <= 0 && (since == null || u - since > 0));
    }

    /** Whether a masterclock update of the VM is shown between two instants. */
    boolean updatedBetween(long from, long to) {
        return updates.performed().stream().anyMatch(u -> u - from > 0 && u - to < 0);
    }

    /** Notes whether a guest may have done unknown things: then it may have written the page's memory. */
    void mayWriteMemory(boolean unknown) {
        wroteMemory |= unknown;
    }

    boolean wroteMemory() {
        return wroteMemory;
    }

    int id() {
        return id;
    }

    /** Whether each load of the vCPU writes its offset. */
    boolean unstable() {
        return unstable;
    }

    /** The vCPU as an argument. */
    ImmutableMap<Field, Object> arg() {
        return ImmutableMap.of(Field.VCPU, id);
    }

    /** Notes whether the vCPU has a kvmclock page; returns true if it was not known to have one. */
    boolean setActive(boolean on) {
        boolean before = active;
        active = on;
        hasRun = false;
        return !before;
    }

    /** The VMM has requested GUEST_STOPPED, which the guest may clear from now on. */
    void stop() {
        wasStopped = true;
    }

    /**
     * The guest may clear GUEST_STOPPED, as Linux does. The importer assumes it only once the page shows it.
     *
     * @param written when KVM has written the page of this entry at the latest
     */
    void mayClearStopped(EventList events, Segment run, Interval entry, long written) {
        Flags next = flagsShown.stream()
                .filter(f -> f.tsc() - written > 0)
                .findFirst()
                .orElse(null);
        if (wasStopped && next != null && (next.flags() & KvmAbi.PVCLOCK_GUEST_STOPPED) == 0) {
            events.addOptional(run, run.lane(), run.from(entry.lo()), Operation.GUEST_CLEARS_STOPPED, arg());
        }
    }

    /** A load on an unstable TSC. */
    void load(EventList events, Segment segment, Interval when, Tracepoint.WriteTscOffset write) {
        events.add(
                segment,
                segment.lane(),
                when,
                Operation.X86_VCPU_LOAD,
                arg(),
                Map.of(),
                Map.of(StateVariable.TSC_OFFSET, Map.of(id, write.next())));
    }

    /** Whether a guest's write of an MSR changes its TSC. */
    boolean movesTsc(Tracepoint.GuestMsr msr) {
        return msr.index() == KvmAbi.Msr.TSC.index() || msr.index() == KvmAbi.Msr.TSC_ADJUST.index();
    }

    /** A guest's access of an MSR; null if it reads and changes no clock. */
    X86Run.@Nullable GuestAct act(Tracepoint.GuestMsr msr) {
        return act(msr.index(), msr.write(), msr.data());
    }

    /**
     * The guest's access in a KVM_RUN according to the recorder; null if unknown, or if it reads and changes no clock.
     */
    X86Run.@Nullable GuestAct act(IoctlRecord run) throws TraceFormatException {
        String guest = run.args().text("guest");
        if (guest == null) {
            return null;
        }
        if (guest.equals("rdtsc")) {
            Long value = run.out().word("guest_tsc");
            return new X86Run.GuestAct(Operation.GUEST_READ_TSC, null, value, arg(), value(value));
        }
        boolean write = guest.equals("wrmsr");
        if ((!write && !guest.equals("rdmsr")) || !run.args().has("index")) {
            return null;
        }
        return act(MsrList.index(run.args()), write, (write ? run.args() : run.out()).word("data"));
    }

    /** Whether the recorder shows all accesses of the guest to its clocks in a KVM_RUN. */
    static boolean isUnderstood(IoctlRecord run) throws TraceFormatException {
        Payload args = run.args();
        String guest = args.text("guest");
        if (guest == null) {
            return false;
        }
        return switch (guest) {
            case "rdtsc", "none" -> true;
            case "rdmsr" -> args.has("index");
            case "wrmsr" -> args.has("index") && isKnown(MsrList.index(args));
            default -> false;
        };
    }

    private static boolean isKnown(long msr) {
        return KvmAbi.Msr.of(msr).isPresent() || HarmlessMsrs.isHarmless(msr);
    }

    private X86Run.@Nullable GuestAct act(long index, boolean write, @Nullable Long data) {
        KvmAbi.Msr msr = KvmAbi.Msr.of(index).orElse(null);
        if (msr == KvmAbi.Msr.TSC || msr == KvmAbi.Msr.TSC_ADJUST) {
            boolean tsc = msr == KvmAbi.Msr.TSC;
            return write
                    ? new X86Run.GuestAct(
                            tsc ? Operation.GUEST_WRITE_TSC : Operation.GUEST_WRITE_TSC_ADJUST,
                            index,
                            data,
                            with(value(data)),
                            ImmutableMap.of())
                    : new X86Run.GuestAct(
                            tsc ? Operation.GUEST_READ_TSC : Operation.GUEST_READ_TSC_ADJUST,
                            index,
                            data,
                            arg(),
                            value(data));
        }
        if (write && msr == KvmAbi.Msr.HV_REFERENCE_TSC && (data == null || (data & 1) != 0)) {
            return new X86Run.GuestAct(Operation.ASK_FOR_MASTERCLOCK_UPDATE, index, data, arg(), ImmutableMap.of());
        }
        if (write && (msr == KvmAbi.Msr.SYSTEM_TIME || msr == KvmAbi.Msr.SYSTEM_TIME_NEW)) {
            ImmutableMap.Builder<Field, Object> args = ImmutableMap.builder();
            args.put(Field.LEGACY, msr == KvmAbi.Msr.SYSTEM_TIME);
            if (data != null) {
                args.put(Field.ACTIVE, (data & 1) != 0);
                setActive((data & 1) != 0);
            }
            return new X86Run.GuestAct(
                    Operation.GUEST_WRITE_SYSTEM_TIME, index, data, with(args.buildOrThrow()), ImmutableMap.of());
        }
        return null;
    }

    private ImmutableMap<Field, Object> with(ImmutableMap<Field, Object> args) {
        return ImmutableMap.<Field, Object>builder().putAll(arg()).putAll(args).buildOrThrow();
    }

    private static ImmutableMap<Field, Object> value(@Nullable Long value) {
        return value == null ? ImmutableMap.of() : ImmutableMap.of(Field.VALUE, value);
    }
}
