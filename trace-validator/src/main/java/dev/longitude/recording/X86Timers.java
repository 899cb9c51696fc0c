package dev.longitude.recording;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Multiset;
import com.google.common.collect.Range;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events of the local APICs' timers of x86 vCPUs. A guest sets mode and deadline of its timer in a KVM_RUN, and no
 * log shows it: after a run of which the log does not show what the guest did, both are unknown.
 *
 * <p>Where the state is unknown, the events leave nothing armed: this is possible, and keeps the property. Where the
 * guest may have armed a deadline, or KVM may have dropped one, so that the vCPU then runs with a timer that does not
 * fire on time, one optional event takes that other possibility, so that the property may fail. A few times for each
 * VM suffice, since the property need only fail once. After the run the two possibilities come together again: they do
 * not multiply with what else is open.
 */
final class X86Timers {
    /** The most places where the events take both possibilities, for each VM. */
    private static final int MOST_DOUBTS = 2;

    /** LVTT's two bits of the timer's mode, and TSC-deadline mode. */
    private static final int MODE_SHIFT = 17;

    private static final int TSC_DEADLINE_MODE = 2;

    /** The MSRs by which a guest changes its local APIC: IA32_APICBASE and the x2APIC's. */
    private static final long APICBASE = 0x1b;

    private static final Range<Long> X2APIC = Range.closed(0x800L, 0x8ffL);

    private static final long SOME_DEADLINE = 1;

    private final EventList events;
    private final boolean unstable;
    private final Map<VcpuId, List<Segment>> segments = new HashMap<>();
    private final IdentityHashMap<Segment, Integer> places = new IdentityHashMap<>();
    private final Map<VcpuId, Timer> timers = new HashMap<>();
    private final Multiset<Integer> doubts = HashMultiset.create();

    /**
     * @param segments all operations, in the order of the log
     * @param unstable whether the host's TSC is unstable: each load of a vCPU moves its TSC
     */
    X86Timers(EventList events, List<Segment> segments, boolean unstable) {
        this.events = events;
        this.unstable = unstable;
        for (Segment segment : segments) {
            if (segment.isOnVcpu()) {
                List<Segment> ofVcpu = this.segments.computeIfAbsent(segment.id(), id -> new ArrayList<>());
                places.put(segment, ofVcpu.size());
                ofVcpu.add(segment);
            }
        }
    }

    /** What is known of a vCPU's timer. */
    private static final class Timer {
        /** Whether it is in TSC-deadline mode; null: unknown. A new vCPU's is not. */
        private @Nullable Boolean mode = false;

        /** Whether what the events have armed is what is armed. */
        private boolean known = true;

        /** Whether the events have a deadline armed. */
        private boolean armed;

        /** Whether the events have taken both possibilities, and no run has ended since. */
        private boolean doubted;

        /** Whether the guest's CPUID has the TSC-deadline timer; null: unknown. */
        private @Nullable Boolean cpuid;

        private void forget() {
            mode = null;
            known = false;
        }
    }

    private Timer of(Segment segment) {
        return timers.computeIfAbsent(segment.id(), id -> new Timer());
    }

    /** KVM_CREATE_VCPU. */
    void created(Segment segment) {
        timers.put(segment.id(), new Timer());
    }

    /** KVM_SET_CPUID2: without the bit KVM takes a register with TSC-deadline mode for one with another. */
    void cpuid(Segment segment) throws TraceFormatException {
        if (segment.isOnVcpu() && !segment.record().failed()) {
            Long bit = segment.record().args().word("tsc_deadline_timer");
            of(segment).cpuid = (bit == null || !segment.record().hasOutcome()) ? null : (Boolean) (bit != 0);
        }
    }

    /** An operation on an unknown vCPU of the VM that may have changed its timer. */
    void forget(int vm) {
        timers.forEach((id, timer) -> {
            if (vm < 0 || id.vm() == vm) {
                timer.forget();
            }
        });
    }

    /** KVM_SET_LAPIC. */
    void setLapic(Segment segment) throws TraceFormatException {
        Timer timer = of(segment);
        Boolean mode = lapicMode(segment, timer);
        if (mode == null && !timer.armed) {
            timer.mode = null; // (what was armed, if anything, still is, or is forgotten)
            return;
        }
        add(segment, Operation.SET_LAPIC, ImmutableMap.of(Field.DEADLINE_MODE, mode == null || mode));
        if (mode == null) {
            if (runFollows(segment)) {
                doubt(segment, Operation.SET_LAPIC, ImmutableMap.of(Field.DEADLINE_MODE, false));
            }
            timer.known = false;
        } else if (!mode || Boolean.FALSE.equals(timer.mode)) {
            timer.known = true;
            timer.armed = false;
        }
        timer.mode = mode;
    }

    private static @Nullable Boolean lapicMode(Segment segment, Timer timer) throws TraceFormatException {
        Long register = segment.record().args().u32("lvtt");
        if (register == null || !segment.record().hasOutcome()) {
            return null;
        }
        boolean mode = ((register >> MODE_SHIFT) & 3) == TSC_DEADLINE_MODE;
        return mode ? timer.cpuid : (Boolean) false;
    }

    /**
     * KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE.
     *
     * @param deadline unsigned cycles of the guest's TSC; null: unknown
     */
    void write(Segment segment, @Nullable Long deadline) throws TraceFormatException {
        Timer timer = of(segment);
        boolean arms = deadline == null || deadline != 0;
        if (timer.mode == null && arms) {
            guestSets(segment, true, 0);
            Access next = next(segment, false);
            if (next.read != null && next.read != 0) {
                timer.mode = true;
            } else if (next.read != null) {
                optional(segment, Operation.GUEST_SETS_TIMER, mode(false, 0));
            } else if (next.runs) {
                doubt(segment, Operation.GUEST_SETS_TIMER, mode(false, 0));
            }
        }
        add(
                segment,
                Operation.WRITE_TSC_DEADLINE,
                deadline == null ? ImmutableMap.of() : ImmutableMap.of(Field.DEADLINE, deadline));
        timer.armed = arms && !Boolean.FALSE.equals(timer.mode);
        timer.known = true;
    }

    /** KVM_GET_MSRS of MSR_IA32_TSC_DEADLINE, which returned a value. */
    void read(Segment segment, long deadline) {
        Timer timer = of(segment);
        if (!timer.known && (deadline != 0 || timer.armed)) {
            guestSets(segment, true, deadline);
            timer.armed = deadline != 0;
        }
        if (deadline == 0 && timer.armed) {
            optional(segment, Operation.TIMER_FIRES, ImmutableMap.of());
            timer.armed = false;
        }
        if (deadline != 0) {
            timer.mode = true;
        }
        timer.known = true;
        events.add(
                segment,
                segment.lane(),
                segment.when(),
                Operation.READ_TSC_DEADLINE,
                vcpu(segment),
                ImmutableMap.of(Field.DEADLINE, deadline),
                ImmutableMap.of());
    }

    /**
     * The vCPU's TSC moves, by an operation of the VMM.
     *
     * @param rewritten whether the same operation then writes a deadline
     */
    void moves(Segment segment, boolean rewritten) throws TraceFormatException {
        Access next = rewritten ? Access.NONE : next(segment, true);
        moves(segment, next.read, next.runs);
    }

    private void moves(Segment segment, @Nullable Long read, boolean runs) {
        Timer timer = of(segment);
        if (!timer.known && read != null && read != 0) {
            guestSets(segment, true, read);
            timer.mode = true;
            timer.known = true;
            timer.armed = true;
        } else if (timer.armed) {
            optional(segment, Operation.TIMER_FIRES, ImmutableMap.of());
        } else if (!timer.known && runs) {
            doubt(segment, Operation.GUEST_SETS_TIMER, mode(true, SOME_DEADLINE));
        }
    }

    /** A KVM_RUN begins. */
    void runs(Segment segment) throws TraceFormatException {
        if (unstable || guestMovesTsc(segment)) {
            moves(segment, null, true);
        }
    }

    /** A KVM_RUN has ended, or the log does not show its end. */
    void ran(Segment segment) throws TraceFormatException {
        Timer timer = of(segment);
        if (mayHaveSetTimer(segment) || timer.doubted) {
            if (timer.armed || timer.doubted) {
                long end = segment.when().hi();
                events.add(
                        segment,
                        segment.lane(),
                        new Interval(end, end),
                        Operation.GUEST_SETS_TIMER,
                        with(segment, mode(true, 0)),
                        ImmutableMap.of(),
                        ImmutableMap.of());
                timer.armed = false;
                timer.doubted = false;
            }
            timer.forget();
        }
    }

    private static boolean guestMovesTsc(Segment run) throws TraceFormatException {
        return guestWrites(run, Range.singleton(KvmAbi.Msr.TSC.index()))
                || guestWrites(run, Range.singleton(KvmAbi.Msr.TSC_ADJUST.index()));
    }

    private static boolean mayHaveSetTimer(Segment run) throws TraceFormatException {
        return !X86Vcpu.isUnderstood(run.record())
                || guestWrites(run, Range.singleton(KvmAbi.Msr.TSC_DEADLINE.index()))
                || guestWrites(run, Range.singleton(APICBASE))
                || guestWrites(run, X2APIC);
    }

    private static boolean guestWrites(Segment run, Range<Long> msrs) throws TraceFormatException {
        Payload args = run.record().args();
        return ("wrmsr".equals(args.text("guest")) && args.has("index") && msrs.contains(MsrList.index(args)))
                || run.points().stream()
                        .anyMatch(
                                p -> p instanceof Tracepoint.GuestMsr msr && msr.write() && msrs.contains(msr.index()));
    }

    /**
     * What comes next on a vCPU.
     *
     * @param read what a read of its deadline returned, before another write or KVM_SET_LAPIC, or a run in which the
     *     guest may have set its timer; null: there is none
     * @param runs whether it may have run before another write (or KVM_SET_LAPIC)
     */
    private record Access(@Nullable Long read, boolean runs) {
        static final Access NONE = new Access(null, false);
    }

    private boolean runFollows(Segment segment) throws TraceFormatException {
        Access next = next(segment, true);
        return next.runs || next.read != null;
    }

    /**
     * What comes next on the vCPU of an operation.
     *
     * @param lapicEnds whether KVM_SET_LAPIC makes what was before irrelevant
     */
    private Access next(Segment segment, boolean lapicEnds) throws TraceFormatException {
        boolean runs = false;
        List<Segment> all = segments.getOrDefault(segment.id(), List.of());
        for (Segment later : all.subList(places.getOrDefault(segment, all.size() - 1) + 1, all.size())) {
            if (later.is("KVM_RUN")) {
                runs = true;
                if (mayHaveSetTimer(later)) {
                    return new Access(null, true);
                }
            } else if (later.is("KVM_CREATE_VCPU")
                    || (lapicEnds
                            && later.is("KVM_SET_LAPIC")
                            && !later.record().failed())) {
                return new Access(null, runs);
            } else if (later.is("KVM_SET_MSRS")) {
                if (MsrList.written(later.record()).stream()
                        .flatMap(List::stream)
                        .anyMatch(e -> e.msr() == KvmAbi.Msr.TSC_DEADLINE)) {
                    return new Access(null, runs);
                }
            } else if (later.is("KVM_GET_MSRS")) {
                for (MsrList.Entry entry : MsrList.returned(later.record())) {
                    if (entry.msr() == KvmAbi.Msr.TSC_DEADLINE && entry.data() != null) {
                        return new Access(entry.data(), runs);
                    }
                }
            }
        }
        return new Access(null, runs);
    }

    private void doubt(Segment segment, Operation operation, ImmutableMap<Field, Object> args) {
        if (doubts.count(segment.vm()) < MOST_DOUBTS) {
            doubts.add(segment.vm());
            of(segment).doubted = true;
            optional(segment, operation, args);
        }
    }

    private static ImmutableMap<Field, Object> mode(boolean mode, long deadline) {
        return ImmutableMap.of(Field.DEADLINE_MODE, mode, Field.DEADLINE, deadline);
    }

    /** What the guest may have done to its timer since it was last known. */
    private void guestSets(Segment segment, boolean mode, long deadline) {
        add(segment, Operation.GUEST_SETS_TIMER, mode(mode, deadline));
    }

    private static ImmutableMap<Field, Object> vcpu(Segment segment) {
        return ImmutableMap.of(Field.VCPU, segment.vcpu());
    }

    private static ImmutableMap<Field, Object> with(Segment segment, ImmutableMap<Field, Object> args) {
        return ImmutableMap.<Field, Object>builder()
                .putAll(vcpu(segment))
                .putAll(args)
                .buildOrThrow();
    }

    private void add(Segment segment, Operation operation, ImmutableMap<Field, Object> args) {
        events.add(
                segment,
                segment.lane(),
                segment.when(),
                operation,
                with(segment, args),
                ImmutableMap.of(),
                ImmutableMap.of());
    }

    private void optional(Segment segment, Operation operation, ImmutableMap<Field, Object> args) {
        events.addOptional(segment, segment.lane(), segment.when(), operation, with(segment, args));
    }
}
