package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events of one KVM_RUN of an x86 host. A run may enter the guest several times: KVM handles most exits itself, and
 * a thread that was preempted prepares its entry again. A tracepoint comes after its event; the event came after the
 * previous tracepoint. A guest's access that no tracepoint shows may have been anywhere within the run.
 *
 * <p>One entry performs a masterclock update, raises the TSC if it is behind, and writes the vCPU's page, in this
 * order; the update is a step of its own if another thread performs one before the rest. An update also requests a page from its own vCPU: if the vCPU has a page, the next page belongs to the same
 * entry, however far apart the two are. If it is not known to have one, the importer leaves both ways open: an optional
 * entry, and then a check of the resulting state.
 */
final class X86Run {
    private static final ImmutableMap<Field, Object> NOT_UPDATED = ImmutableMap.of(Field.UPDATED, false);

    private final X86Vcpu vcpu;
    private final EventList events;
    private final Findings findings;
    private final Segment run;
    private final int first;

    /** Lower bound of all later events. */
    private long lo;

    private boolean inGuest;

    /** Whether the last entry may not have reached the guest. */
    private boolean mayBeCancelled;

    /** The load of the vCPU that the next tracepoint shows; null if it shows none. */
    private Tracepoint.@Nullable WriteTscOffset load;

    /** Whether no tracepoint follows, and the run fails: then the vCPU may not have reached the guest again. */
    private boolean isLast;

    private int entries;

    /** When the kernel wrote the next tracepoint, or the end of the run. */
    private long next;

    /** The tracepoints of the current entry so far: first an update, then a raised offset, then a page. */
    private Tracepoint.@Nullable UpdateMasterClock update;

    private Tracepoint.@Nullable WriteTscOffset raised;

    /** Lower bound of the current entry's start. */
    private long begun;

    X86Run(X86Vcpu vcpu, EventList events, Findings findings, Segment run) {
        this.vcpu = vcpu;
        this.events = events;
        this.findings = findings;
        this.run = run;
        this.first = events.size();
        this.lo = run.when().lo();
    }

    /**
     * Adds the events.
     *
     * @param guest what the guest did according to the recorder; null if it does not show it, or a tracepoint does
     */
    void add(@Nullable GuestAct guest) {
        List<Tracepoint> points = run.points();
        boolean failed = run.record().mayHaveFailed();
        GuestAct open = guest == null || failed || isShown(guest, points) ? null : guest;
        Tracepoint.WriteTscOffset own = open == null ? null : own(open, points);
        boolean guestWrote = open != null && open.isWrite() && own == null;
        for (int i = 0; i < points.size(); i++) {
            if (open != null && own != null && points.get(i).equals(own)) {
                endEntry();
                act(open, new Interval(lo, own.tsc()), own);
                lo = own.tsc();
                open = null;
                continue;
            }
            Tracepoint next = i + 1 < points.size() ? points.get(i + 1) : null;
            load = next != null && isLoad(next) ? (Tracepoint.WriteTscOffset) next : null;
            isLast = next == null && failed && vcpu.unstable();
            if (take(points.get(i), next, guestWrote)) {
                i++;
            }
        }
        next = run.when().hi();
        endEntry();
        boolean seen = !points.isEmpty();
        boolean sure = seen || (!failed && run.ends() && guest != null);
        if (!inGuest && !seen) {
            int writes = vcpu.isActive() ? vcpu.unshownWrites(run.when()) : 0;
            if (writes > 0) {
                events.addOptional(run, run.lane(), run.when(), Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
            }
            enter(run.when(), Map.of(), Map.of(), !sure);
            if (writes == X86Vcpu.MOST_WRITES) {
                findings.assume(
                        run.record().line(),
                        run.vm(),
                        run.when().lo(),
                        "that KVM wrote the vCPU's page no more than " + writes + " times in the KVM_RUN of line "
                                + run.record().line());
            }
            for (int i = 1; i < writes; i++) {
                events.addOptional(run, run.lane(), run.when(), Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
                enter(run.when(), Map.of(), Map.of(), true);
            }
        } else if (!inGuest && open != null) {
            enter(run.from(lo), Map.of(), Map.of(), false); // it came back after a preemption of its thread
        }
        if (open != null) {
            vcpu.moved(open, null);
            boolean anywhere = entries > 1 || events.size() - first > 1;
            add(anywhere ? events.newLane() : run.lane(), run.when(), open.operation(), open.args(), open.results());
            if (open.isWrite()) { // (KVM handles it, so the vCPU goes through KVM on its way back)
                enter(run.from(lo), Map.of(), Map.of(), true);
            }
        }
        mayBeCancelled |= !sure;
        if (run.ends()) {
            leave(run.from(lo));
        }
    }

    /**
     * The write of an offset that belongs to the guest's own write of its TSC or of MSR_IA32_TSC_ADJUST; null if not
     * certain. The written value is the host's TSC at that instant plus the new offset, or the old value plus the
     * change of the offset.
     */
    private Tracepoint.@Nullable WriteTscOffset own(GuestAct act, List<Tracepoint> points) {
        Long value = act.value();
        Long adjust = vcpu.adjust();
        boolean ofTsc = value != null && act.operation() == Operation.GUEST_WRITE_TSC && vcpu.writesAreExact();
        boolean ofAdjust = value != null && act.operation() == Operation.GUEST_WRITE_TSC_ADJUST && adjust != null;
        if (!ofTsc && !ofAdjust) {
            return null;
        }
        long written = value == null ? 0 : value;
        long step = adjust == null ? 0 : written - adjust;
        Tracepoint.WriteTscOffset own = null;
        long from = run.when().lo();
        for (Tracepoint point : points) {
            if (point instanceof Tracepoint.WriteTscOffset write) {
                long when = written - write.next();
                if (ofTsc ? when - from >= 0 && when - write.tsc() <= 0 : write.step() == step) {
                    if (own != null) {
                        return null;
                    }
                    own = write;
                }
            }
            from = point.tsc();
        }
        return own;
    }

    private static boolean isShown(GuestAct act, List<Tracepoint> points) {
        return act.msr() != null
                && points.stream()
                        .anyMatch(p -> p instanceof Tracepoint.GuestMsr msr
                                && msr.write() == act.isWrite()
                                && msr.index() == act.msr()
                                && (act.value() == null || msr.data() == act.value()));
    }

    /** Takes a tracepoint; returns whether it also takes the one that follows. */
    private boolean take(Tracepoint point, @Nullable Tracepoint following, boolean guestWrote) {
        next = point.tsc();
        Interval when = new Interval(lo, point.tsc());
        if (point instanceof Tracepoint.UpdateMasterClock performed) {
            endEntry();
            update = performed;
            begun = lo;
        } else if (point instanceof Tracepoint.PvclockUpdate page) {
            page(page, when);
        } else if (point instanceof Tracepoint.WriteTscOffset write) {
            if (following instanceof Tracepoint.GuestMsr msr && msr.write() && vcpu.movesTsc(msr)) {
                endEntry();
                guest(msr, new Interval(lo, point.tsc()), write);
                lo = msr.tsc();
                return true;
            }
            offset(write, when, guestWrote);
        } else if (point instanceof Tracepoint.GuestMsr msr) {
            endEntry();
            guest(msr, new Interval(lo, point.tsc()), null);
        }
        lo = point.tsc();
        return false;
    }

    private void page(Tracepoint.PvclockUpdate page, Interval when) {
        Map<StateVariable, Object> state = new HashMap<>();
        state.put(StateVariable.PVCLOCK_TSC_TIMESTAMP, Map.of(vcpu.id(), page.tscTimestamp()));
        state.put(StateVariable.PVCLOCK_SYSTEM_TIME, Map.of(vcpu.id(), page.systemTime()));
        state.put(StateVariable.PVCLOCK_MUL, Map.of(vcpu.id(), page.mul()));
        state.put(StateVariable.PVCLOCK_SHIFT, Map.of(vcpu.id(), page.shift()));
        state.put(StateVariable.PVCLOCK_FLAGS, Map.of(vcpu.id(), page.flags()));
        if (!vcpu.setActive(true)) {
            if (update == null && raised == null) {
                begun = when.lo();
            }
            entry(page.tsc(), state);
            return;
        }
        // The guest has set up its page, which shows only now.
        boolean mayBelongToEntry = update != null;
        endEntry();
        if (!inGuest) {
            enter(when, Map.of(), Map.of(), false);
        }
        ImmutableMap<Field, Object> active = ImmutableMap.of(Field.VCPU, vcpu.id(), Field.ACTIVE, true);
        events.addOptional(run, run.lane(), when, Operation.GUEST_WRITE_SYSTEM_TIME, active);
        events.addOptional(run, run.lane(), when, Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
        if (mayBelongToEntry) {
            enter(when, Map.of(), Map.of(), true);
            look(when, state);
        } else {
            enter(when, Map.of(), state, false);
        }
    }

    /** A write of an offset without an access of the guest that explains it. */
    private void offset(Tracepoint.WriteTscOffset write, Interval when, boolean guestWrote) {
        Map<StateVariable, Object> state = Map.of(StateVariable.TSC_OFFSET, Map.of(vcpu.id(), write.next()));
        if (guestWrote) {
            endEntry();
            // The guest's own write is a separate event; nothing shows whether this is it.
            if (vcpu.unstable()) {
                for (Operation maybe : List.of(
                        Operation.EXIT_GUEST,
                        Operation.X86_VCPU_LOAD,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.CANCEL_ENTRY,
                        Operation.REENTER_GUEST)) {
                    events.addOptional(run, run.lane(), when, maybe, vcpu.arg());
                }
                inGuest = true;
                mayBeCancelled = true;
            } else {
                if (!inGuest) {
                    enter(when, Map.of(), Map.of(), false);
                }
                events.addOptional(run, run.lane(), when, Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
                enter(when, Map.of(), Map.of(), true);
            }
            look(when, state);
        } else if (isLoad(write)) {
            load = write;
            endEntry();
            leave(when); // a preemption of its thread
            vcpu.load(events, run, when, write);
        } else if (raised == null && (update == null || vcpu.isActive())) {
            begun = update == null ? when.lo() : begun;
            raised = write;
        } else if (update != null) {
            endEntry();
            events.addOptional(run, run.lane(), when, Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
            enter(when, Map.of(), Map.of(), true);
            look(when, state);
        } else {
            endEntry();
            begun = lo;
            raised = write;
        }
    }

    private boolean isLoad(Tracepoint point) {
        return vcpu.unstable() && point instanceof Tracepoint.WriteTscOffset write && write.step() <= 0;
    }

    private void leave(Interval when) {
        if (inGuest && mayBeCancelled) {
            events.addOptional(run, run.lane(), when, Operation.EXIT_GUEST, vcpu.arg());
        } else if (inGuest) {
            add(run.lane(), when, Operation.EXIT_GUEST, vcpu.arg(), Map.of());
        }
        inGuest = false;
        mayBeCancelled = false;
    }

    /** Ends the current entry: it has no more tracepoints. */
    private void endEntry() {
        if (update != null || raised != null) {
            entry(lo, Map.of());
        }
    }

    /**
     * One entry, with its tracepoints.
     *
     * @param latest when the kernel wrote the last of them
     */
    private void entry(long latest, Map<StateVariable, Object> page) {
        boolean cancelled = load != null && !mayHaveBeenInGuest(load, latest);
        boolean shows = raised != null || !page.isEmpty();
        if (update != null && shows && vcpu.updatedBetween(update.tsc(), latest)) {
            performUpdate(update, cancelled);
        }
        Map<StateVariable, Object> state = new HashMap<>(page);
        Map<Field, Object> results = new HashMap<>();
        long until = latest;
        if (raised != null) {
            state.put(StateVariable.TSC_OFFSET, Map.of(vcpu.id(), raised.next()));
            until = raised.tsc();
        }
        if (update != null) {
            results.put(Field.UPDATED, true);
            state.put(StateVariable.USE_MASTER_CLOCK, update.masterclock());
            // Without the masterclock KVM reads the clocks for the page itself, after the update's reading.
            boolean byUpdate = update.masterclock() || (page.isEmpty() && !vcpu.isActive());
            until = byUpdate ? update.tsc() : page.isEmpty() && raised == null ? next : until;
        } else if (!vcpu.isAsked(latest)) {
            events.addOptional(run, run.lane(), new Interval(begun, until), Operation.ASK_FOR_CLOCK_UPDATE, vcpu.arg());
        }
        Interval when = new Interval(begun, until);
        if (cancelled) {
            leave(when);
            events.add(run, run.lane(), when, Operation.CANCEL_ENTRY, vcpu.arg(), results, state);
            entries++;
        } else if (isLast) {
            enterOrNot(when, state);
        } else {
            enter(when, results, state, false, latest);
        }
        update = null;
        raised = null;
    }

    /** The entry's update as a step of its own: another thread performed one before the rest of the entry. */
    private void performUpdate(Tracepoint.UpdateMasterClock performed, boolean cancelled) {
        Map<StateVariable, Object> state = Map.of(StateVariable.USE_MASTER_CLOCK, performed.masterclock());
        Interval when = new Interval(begun, performed.tsc());
        if (cancelled) {
            leave(when);
        } else if (isLast && inGuest) { // (it may have failed)
            events.addOptional(run, run.lane(), when, Operation.EXIT_GUEST, vcpu.arg());
        }
        events.add(run, run.lane(), when, Operation.PERFORM_MASTERCLOCK_UPDATE, vcpu.arg(), Map.of(), state);
        vcpu.ask();
        begun = performed.tsc();
        update = null;
    }

    /**
     * Whether the vCPU may have been in the guest before the reload after a preemption of its thread. A load puts its
     * TSC back to where KVM last saw it: when it left the guest, or, if it did not get there, when KVM prepared its
     * entry.
     *
     * @param prepared upper bound of the instant when KVM prepared the entry
     */
    private boolean mayHaveBeenInGuest(Tracepoint.WriteTscOffset loaded, long prepared) {
        if (!vcpu.writesAreExact()) {
            return true;
        }
        boolean may = loaded.tsc() + loaded.step() - prepared > 0;
        if (may) {
            findings.assume(
                    run.record().line(),
                    run.vm(),
                    loaded.tsc(),
                    "that the vCPU had been in the guest before the load that line "
                            + loaded.where().line() + " of the tracepoints shows");
        }
        return may;
    }

    /** An entry that may or may not have reached the guest. */
    private void enterOrNot(Interval when, Map<StateVariable, Object> state) {
        if (inGuest) {
            events.addOptional(run, run.lane(), when, Operation.EXIT_GUEST, vcpu.arg());
        }
        enter(when, Map.of(), Map.of(), true);
        events.addOptional(run, run.lane(), when, Operation.CANCEL_ENTRY, vcpu.arg());
        look(when, state);
        mayBeCancelled = true;
    }

    private void enter(Interval when, Map<Field, Object> results, Map<StateVariable, Object> state, boolean optional) {
        enter(when, results, state, optional, when.hi());
    }

    /** (When it wrote its page may be later than the instant that the page shows.) */
    private void enter(
            Interval when,
            Map<Field, Object> results,
            Map<StateVariable, Object> state,
            boolean optional,
            long latest) {
        Operation how = inGuest ? Operation.REENTER_GUEST : Operation.ENTER_GUEST;
        Map<Field, Object> returned = results.isEmpty() && vcpu.updatesShow(run.when()) ? NOT_UPDATED : results;
        if (optional) {
            events.addOptional(run, run.lane(), when, how, vcpu.arg(), returned);
        } else {
            events.add(run, run.lane(), when, how, vcpu.arg(), returned, state);
        }
        inGuest = true;
        mayBeCancelled = false;
        entries++;
        vcpu.entered(when.hi());
        vcpu.mayClearStopped(events, run, when, latest);
    }

    /** The state that must hold by now, whatever led to it. */
    private void look(Interval when, Map<StateVariable, Object> state) {
        events.add(run, run.lane(), when, Operation.READ_PVCLOCK_PAGE, vcpu.arg(), Map.of(), state);
    }

    private void guest(Tracepoint.GuestMsr msr, Interval when, Tracepoint.@Nullable WriteTscOffset write) {
        boolean reads = !msr.write();
        if (reads && !inGuest && vcpu.unstable() && msr.index() == KvmAbi.Msr.TSC.index()) {
            // KVM reads it for the guest, and its thread was preempted after the exit.
            add(run.lane(), when, Operation.READ_TSC, vcpu.arg(), Map.of(Field.VALUE, msr.data()));
            return;
        }
        GuestAct act = vcpu.act(msr);
        if (act != null) {
            act(act, when, write);
        }
    }

    private void act(GuestAct act, Interval when, Tracepoint.@Nullable WriteTscOffset write) {
        if (!inGuest) {
            enter(when, Map.of(), Map.of(), false);
        }
        Map<StateVariable, Object> state =
                write == null ? Map.of() : Map.of(StateVariable.TSC_OFFSET, Map.of(vcpu.id(), write.next()));
        events.add(run, run.lane(), when, act.operation(), act.args(), act.results(), state);
        vcpu.moved(act, write);
        if (act.operation() == Operation.GUEST_WRITE_SYSTEM_TIME) {
            vcpu.ask(); // (a write of its TSC requests no update; one of TSC_ADJUST does since 5.15)
        }
    }

    private void add(
            int lane, Interval when, Operation operation, Map<Field, Object> args, Map<Field, Object> results) {
        events.add(run, lane, when, operation, args, results, Map.of());
    }
}
