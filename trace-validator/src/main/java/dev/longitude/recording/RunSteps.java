package dev.longitude.recording;

import dev.longitude.trace.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A KVM_RUN step by step, as its tracepoints show it: a run may come into the guest several times, since KVM handles most
 * exits itself, and a thread that was preempted prepares its entry anew. On a host whose TSC is unstable the vCPU is loaded
 * first, and again whenever its thread comes back.
 */
final class RunSteps {
    private final IoctlRecord run;
    private final int vm;
    private final @Nullable Loads loads;
    private final Guest guest;
    private final Interval whole;
    private final List<OpenRuns.Step> steps = new ArrayList<>();

    private long from;
    private Tracepoints.@Nullable WriteTscOffset last;
    private boolean inGuest;
    private int entered;
    private boolean guestDone;
    private Tracepoints.@Nullable WriteTscOffset raised;
    private Tracepoints.@Nullable UpdateMasterClock update;

    private RunSteps(IoctlRecord run, Interval whole, Guest guest, @Nullable Loads loads) {
        this.run = run;
        this.vm = Objects.requireNonNull(run.vm());
        this.loads = loads;
        this.guest = guest;
        this.whole = whole;
        this.from = whole.lo();
    }

    /**
     * The steps of a run.
     *
     * @param points the vCPU's tracepoints of that time
     * @param comesBack whether it is known when the run is over
     * @param loads null where a load does not change an offset
     */
    static List<OpenRuns.Step> steps(
            IoctlRecord run,
            Interval whole,
            List<Tracepoints.Point> points,
            Guest guest,
            boolean comesBack,
            @Nullable Loads loads) {
        RunSteps planned = new RunSteps(run, whole, guest, loads);
        for (Tracepoints.Point point : points) {
            planned.take(point);
        }
        planned.end(!OpenRuns.isOpen(run), comesBack);
        return planned.steps;
    }

    /**
     * What the guest did in the run, as far as it is known.
     *
     * @param write the tracepoint of its own write of its TSC, or null
     * @param read what it read of its TSC, or null
     * @param readByKvm whether the guest left for it, and KVM read it
     * @param offset the offset that its vCPU had before the run, or null
     */
    record Guest(
            Tracepoints.@Nullable WriteTscOffset write,
            @Nullable Long read,
            boolean readByKvm,
            @Nullable Long offset) {
        static final Guest UNKNOWN = new Guest(null, null, false, null);
    }

    private void take(Tracepoints.Point point) {
        Long offset = last == null ? guest.offset() : (Long) last.next();
        boolean ofThatEntry = raised != null && point instanceof Tracepoints.PvclockUpdate;
        if ((inGuest || raised != null) && !ofThatEntry && !guestDone && guest.read() != null && offset != null) {
            if (guest.read() - offset - point.tsc() < 0) {
                enterIfDue();
                add(OpenRuns.Kind.GUEST, whole, null, null);
                guestDone = true;
            }
        }
        if (point instanceof Tracepoints.WriteTscOffset write && !guestDone && guest.read() != null) {
            // What was read after an entry that raised the TSC was read after the tracepoint.
            if (guest.read() - write.next() - write.tsc() < 0 && guest.read() - write.prev() - from >= 0) {
                enterIfDue();
                enter(null, guest.read() - write.prev());
                add(OpenRuns.Kind.GUEST, whole, null, null);
                guestDone = true;
            }
        }
        if (point instanceof Tracepoints.WriteTscOffset write) {
            boolean entry = !write.equals(guest.write()) && (loads == null || !Loads.isLoad(write, last));
            if (!entry || raised != null) {
                enterIfDue();
            }
            if (write.equals(guest.write())) {
                enter(null, write.tsc());
                add(OpenRuns.Kind.GUEST, new Interval(from, write.tsc()), write, null);
                guestDone = true;
            } else if (entry) {
                raised = write;
            } else {
                exit(write.tsc());
                add(OpenRuns.Kind.LOAD, new Interval(from, write.tsc()), write, null);
            }
            last = loads == null ? write : loads.take(vm, write);
        } else if (point instanceof Tracepoints.PvclockUpdate page) {
            enter(page, page.tsc());
        } else if (point instanceof Tracepoints.UpdateMasterClock master) {
            enterIfDue();
            update = master;
        }
    }

    private void end(boolean complete, boolean comesBack) {
        enterIfDue();
        if (complete) {
            enter(null, whole.hi());
            if (!guestDone) {
                add(OpenRuns.Kind.GUEST, whole, null, null);
            }
        }
        if (comesBack) {
            exit(whole.hi());
        }
    }

    private void enterIfDue() {
        if (raised != null || update != null) {
            enter(null, whole.hi());
        }
    }

    /** An entry, if something shows one: a page, a TSC that was raised, a masterclock update; or the first. */
    private void enter(Tracepoints.@Nullable PvclockUpdate page, long latest) {
        if (inGuest && page == null && raised == null && update == null) {
            return;
        }
        Tracepoints.Point shown = page != null ? page : raised != null ? raised : update;
        long at = shown == null ? latest : shown.tsc();
        add(
                inGuest ? OpenRuns.Kind.REENTER : OpenRuns.Kind.ENTER,
                new Interval(from, at),
                raised == null && loads != null ? last : raised,
                page);
        inGuest = true;
        entered = steps.size() - 1;
        raised = null;
        update = null;
    }

    /**
     * An exit before {@code latest}, if it is in the guest. (A thread may be preempted when the entry has been prepared, and
     * before it is in the guest: then KVM has seen the TSC last when it prepared it.)
     */
    private void exit(long latest) {
        if (!inGuest) {
            return;
        }
        if (loads == null) {
            add(OpenRuns.Kind.EXIT, whole, null, null);
            return;
        }
        OpenRuns.Step entry = steps.get(entered);
        long at =
                last == null ? latest : loads.seenUntil(last, entry.when().lo()).orElse(latest);
        if (at - entry.when().lo() < 0 || at - latest >= 0) {
            at = latest;
        } else if (at - entry.when().hi() < 0) {
            steps.set(entered, entry.until(at));
        }
        boolean emulated = guest.readByKvm() && isDoneAfter(at);
        if (emulated) {
            steps.remove(steps.size() - 1);
        }
        add(OpenRuns.Kind.EXIT, Interval.exactly(at), null, null);
        if (emulated) {
            add(OpenRuns.Kind.READ_BY_KVM, whole, null, null);
        }
        inGuest = false;
    }

    /** Whether the last step is what the guest read, and it read so later than an instant. */
    private boolean isDoneAfter(long tsc) {
        return steps.get(steps.size() - 1).kind() == OpenRuns.Kind.GUEST
                && guest.read() != null
                && last != null
                && guest.read() - last.next() - tsc > 0;
    }

    private void add(
            OpenRuns.Kind kind,
            Interval when,
            Tracepoints.@Nullable WriteTscOffset offset,
            Tracepoints.@Nullable PvclockUpdate page) {
        boolean entry = kind == OpenRuns.Kind.ENTER || kind == OpenRuns.Kind.REENTER;
        steps.add(new OpenRuns.Step(
                run,
                when,
                kind,
                entry ? update : null,
                page,
                offset,
                raised != null,
                entry && raised == null ? (last == null ? guest.offset() : (Long) last.next()) : null));
        if (kind != OpenRuns.Kind.READ_BY_KVM && (kind != OpenRuns.Kind.GUEST || offset != null)) {
            from = kind == OpenRuns.Kind.ENTER && when.hi() == whole.hi() ? from : when.hi();
        }
    }
}
