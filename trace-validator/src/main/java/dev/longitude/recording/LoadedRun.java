package dev.longitude.recording;

import dev.longitude.trace.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A KVM_RUN on a host whose TSC is unstable, step by step. The vCPU is loaded first, and again whenever its thread comes
 * back after it was preempted; at its entries its TSC is raised to where it should be.
 */
final class LoadedRun {
    private final IoctlRecord run;
    private final int vm;
    private final Loads loads;
    private final Interval whole;
    private final List<OpenRuns.Step> steps = new ArrayList<>();

    private long from;
    private Tracepoints.@Nullable WriteTscOffset last;
    private boolean inGuest;
    private int entered;
    private boolean guestDone;
    private Tracepoints.@Nullable WriteTscOffset raised;
    private Tracepoints.@Nullable UpdateMasterClock update;

    private LoadedRun(IoctlRecord run, Interval whole, Loads loads) {
        this.run = run;
        this.vm = Objects.requireNonNull(run.vm());
        this.loads = loads;
        this.whole = whole;
        this.from = whole.lo();
    }

    /**
     * The steps of a run.
     *
     * @param points the vCPU's tracepoints of that time
     * @param guestWrite the one of them that tells of the guest's own write of its TSC, or null
     * @param comesBack whether it is known when the run is over
     */
    static List<OpenRuns.Step> steps(
            IoctlRecord run,
            Interval whole,
            List<Tracepoints.Point> points,
            Tracepoints.@Nullable WriteTscOffset guestWrite,
            boolean comesBack,
            Loads loads) {
        LoadedRun loaded = new LoadedRun(run, whole, loads);
        for (Tracepoints.Point point : points) {
            loaded.take(point, guestWrite);
        }
        loaded.end(!OpenRuns.isOpen(run), comesBack);
        return loaded.steps;
    }

    private void take(Tracepoints.Point point, Tracepoints.@Nullable WriteTscOffset guestWrite) {
        if (point instanceof Tracepoints.WriteTscOffset write) {
            enterIfDue();
            if (write.equals(guestWrite)) {
                enter(null);
                add(OpenRuns.Kind.GUEST, new Interval(from, write.tsc()), write, null);
                guestDone = true;
            } else if (write.step() > 0) {
                raised = write;
            } else {
                exit(write.tsc());
                add(OpenRuns.Kind.LOAD, new Interval(from, write.tsc()), write, null);
            }
            last = loads.take(vm, write);
        } else if (point instanceof Tracepoints.PvclockUpdate page) {
            enter(page);
        } else if (point instanceof Tracepoints.UpdateMasterClock master) {
            enterIfDue();
            update = master;
        }
    }

    private void end(boolean complete, boolean comesBack) {
        enterIfDue();
        if (complete) {
            enter(null);
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
            enter(null);
        }
    }

    /** An entry, if something shows one: a page, a TSC that was raised, a masterclock update; or the first. */
    private void enter(Tracepoints.@Nullable PvclockUpdate page) {
        if (inGuest && page == null && raised == null && update == null) {
            return;
        }
        long at =
                page != null ? page.tsc() : raised != null ? raised.tsc() : update != null ? update.tsc() : whole.hi();
        add(
                inGuest ? OpenRuns.Kind.REENTER : OpenRuns.Kind.ENTER,
                new Interval(from, at),
                raised != null ? raised : last,
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
        OpenRuns.Step entry = steps.get(entered);
        long at = last == null ? latest : loads.seenUntil(last).orElse(latest);
        if (at - entry.when().lo() < 0 || at - latest >= 0) {
            at = latest;
        } else if (at - entry.when().hi() < 0) {
            steps.set(entered, entry.until(at));
        }
        add(OpenRuns.Kind.EXIT, Interval.exactly(at), null, null);
        inGuest = false;
    }

    private void add(
            OpenRuns.Kind kind,
            Interval when,
            Tracepoints.@Nullable WriteTscOffset offset,
            Tracepoints.@Nullable PvclockUpdate page) {
        steps.add(new OpenRuns.Step(
                run,
                when,
                kind,
                kind == OpenRuns.Kind.ENTER || kind == OpenRuns.Kind.REENTER ? update : null,
                page,
                offset));
        if (kind != OpenRuns.Kind.GUEST || offset != null) {
            from = kind == OpenRuns.Kind.ENTER && when.hi() == whole.hi() ? from : when.hi();
        }
    }
}
