package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A host whose clocks the test advances: a TSC, the same on all its CPUs, and the kernel's clocks derived from it.
 *
 * <p>Any number of threads may use everything. A step (one event) holds the host's lock, so that a trace has the steps
 * of all VMs in an order in which they happened. An event of the whole host (another clocksource, an unstable TSC, a
 * suspend) is one step for all its VMs.
 */
public final class X86Host {
    private final Rates rates;
    private final int tscKhz;
    private final Scaling scaling;
    private final Consumer<TraceEvent> trace;
    private final List<X86Vm> vms = new ArrayList<>();
    private final Lock step;
    private boolean tscClocksource;
    private boolean tscUnstable;
    private int clocksourceKhz;

    /** kvm_guest_has_master_clock: a VM has had the masterclock since the clocksource last left the TSC. */
    private boolean guestHasMasterClock;

    private long tsc;
    private long anchorTsc;
    private long anchorNs;

    /** By how much the base clock is ahead of the TSC's pace since the anchor, ns. */
    private long aheadNs;

    private long realtimeAhead;
    private boolean showsState = true;

    /**
     * A host. Its base clock begins at 0, and its real time is its base clock.
     *
     * @param tscKhz the rate of its TSC, kHz, positive
     * @param scaling what its hardware can do
     * @param tscClocksource whether the kernel's clocksource is the TSC; without it there is no masterclock
     * @param tsc its TSC now, unsigned cycles
     * @param trace receives every event of the host and its VMs, in the order in which they happened, under the host's
     *     lock
     */
    public X86Host(int tscKhz, TscScaling scaling, boolean tscClocksource, long tsc, Consumer<TraceEvent> trace) {
        this(new KernelRates(), tscKhz, scaling, tscClocksource, tsc, trace);
    }

    /** The same with other conversions between cycles and ns, and other ratios, than the kernel's. */
    public X86Host(
            Rates rates, int tscKhz, Scaling scaling, boolean tscClocksource, long tsc, Consumer<TraceEvent> trace) {
        this(new ReentrantLock(), rates, tscKhz, scaling, tscClocksource, tsc, trace);
    }

    /** The same with this lock around each step: the seam at which a test shows what it is for. */
    X86Host(
            Lock step,
            Rates rates,
            int tscKhz,
            Scaling scaling,
            boolean tscClocksource,
            long tsc,
            Consumer<TraceEvent> trace) {
        this.step = step;
        checkArgument(tscKhz > 0, "a TSC rate of %s kHz", tscKhz);
        this.rates = rates;
        this.tscKhz = tscKhz;
        this.clocksourceKhz = tscKhz;
        this.scaling = scaling;
        this.tscClocksource = tscClocksource;
        this.tsc = tsc;
        this.anchorTsc = tsc;
        this.trace = trace;
    }

    private X86Host(X86Host from) {
        this(from.rates, from.tscKhz, from.scaling, from.tscClocksource, from.tsc, from.trace);
        tscUnstable = from.tscUnstable;
        clocksourceKhz = from.clocksourceKhz;
        guestHasMasterClock = from.guestHasMasterClock;
        anchorTsc = from.anchorTsc;
        anchorNs = from.anchorNs;
        aheadNs = from.aheadNs;
        realtimeAhead = from.realtimeAhead;
        showsState = from.showsState;
        from.vms.forEach(vm -> vms.add(new X86Vm(this, vm)));
    }

    /**
     * A copy of the host and its VMs, which goes on by itself; its events go where this one's go. No other thread may
     * use the host meanwhile. A vCPU whose KVM_RUN the calling thread is in is, in the copy, in the same thread's KVM_RUN.
     */
    public X86Host copy() {
        return new X86Host(this);
    }

    /** Its VMs, in the order of their creation. */
    public ImmutableList<X86Vm> vms() {
        return ImmutableList.copyOf(vms);
    }

    /** All clocks at one instant: unsigned cycles, ns and ns. */
    record Now(long tsc, long ns, long realtime) {
        HostTime asTraced() {
            return HostTime.exactly(tsc, ns, realtime);
        }
    }

    /**
     * Sets kvm_guest_has_master_clock: whether a VM has begun to use the masterclock since the clocksource last left the
     * TSC. Other VMs than those of this host may have.
     */
    public void setGuestHasMasterClock(boolean has) {
        guestHasMasterClock = has;
    }

    /** The rate of the TSC, kHz. */
    public int tscKhz() {
        return tscKhz;
    }

    /**
     * The rate with which the kernel computes its clocks from the TSC, kHz: that of {@link #tscKhz()} unless it was
     * refined.
     */
    public synchronized int clocksourceKhz() {
        return clocksourceKhz;
    }

    /**
     * Refines the rate of the host's clocks, as a kernel does some seconds after boot, if the TSC's was only measured.
     * KVM keeps the one that it took when it was loaded (tsc_refine_calibration_work(), Linux 6.12).
     *
     * @param khz kHz, positive
     * @throws IllegalStateException if there is a VM
     */
    public synchronized void refine(int khz) {
        checkArgument(khz > 0, "a rate of %s kHz", khz);
        checkState(vms.isEmpty(), "the host has VMs");
        anchorNs = now().ns;
        anchorTsc = tsc;
        aheadNs = 0;
        clocksourceKhz = khz;
    }

    Rates rates() {
        return rates;
    }

    /** What the hardware can scale. */
    public Scaling scaling() {
        return scaling;
    }

    /** Whether the kernel's clocksource is the TSC. */
    public boolean tscClocksource() {
        return underLock(() -> tscClocksource);
    }

    /** Whether the kernel has found the TSC unstable. */
    public boolean tscUnstable() {
        return underLock(() -> tscUnstable);
    }

    /** The TSC, unsigned cycles. */
    public synchronized long rdtsc() {
        return tsc;
    }

    /** CLOCK_REALTIME, unsigned ns. */
    public long realtime() {
        return now().realtime;
    }

    /** CLOCK_MONOTONIC_RAW plus boot offset (get_kvmclock_base_ns()), unsigned ns: here always a function of the TSC. */
    public long baseNs() {
        return now().ns;
    }

    synchronized Now now() {
        long ns = anchorNs + rates.cyclesToNs(clocksourceKhz, tsc - anchorTsc) + aheadNs;
        return new Now(tsc, ns, ns + realtimeAhead);
    }

    /**
     * Lets time pass.
     *
     * @param cycles of the TSC, not negative
     */
    public synchronized void advance(long cycles) {
        checkArgument(cycles >= 0, "time does not go back by %s cycles", -cycles);
        tsc += cycles;
    }

    /**
     * Lets time pass, after which the base clock is off the TSC's pace: the kernel computes it with a rounded factor, and
     * NTP corrected it until 5.5.
     *
     * @param cycles of the TSC, not negative
     * @param ahead by how much the base clock is then ahead of what the TSC says, ns; not what is added
     * @throws IllegalStateException if the base clock would go back
     */
    public synchronized void advance(long cycles, long ahead) {
        long ns = anchorNs + rates.cyclesToNs(clocksourceKhz, tsc + cycles - anchorTsc) + ahead;
        checkState(ns - now().ns >= 0, "the base clock would go back");
        advance(cycles);
        aheadNs = ahead;
    }

    /** The cycles of the TSC in {@code ms} milliseconds: one kHz is one cycle a millisecond. */
    public long millis(long ms) {
        return Math.multiplyExact(ms, (long) tscKhz);
    }

    /**
     * Sets CLOCK_REALTIME.
     *
     * @param realtime unsigned ns
     */
    public synchronized void setRealtime(long realtime) {
        realtimeAhead = realtime - now().ns;
    }

    /**
     * The kernel selects the TSC as its clocksource, or leaves it. KVM then requests a masterclock update from all
     * vCPUs of all VMs, if a VM has had the masterclock.
     *
     * @throws IllegalStateException if the TSC is unstable and cannot be the clocksource
     */
    public void setTscClocksource(boolean isTsc) {
        underLock(now -> {
            checkState(!isTsc || !tscUnstable, "the TSC is unstable");
            if (tscClocksource != isTsc) {
                emit(now, Operation.HOST_CLOCKSOURCE, ImmutableMap.of(Field.IS_TSC, isTsc));
                changeClocksource(isTsc);
            }
            return now;
        });
    }

    /** mark_tsc_unstable(): permanent; the kernel selects another clocksource. */
    public void markTscUnstable() {
        underLock(now -> {
            if (!tscUnstable) {
                emit(now, Operation.HOST_TSC_UNSTABLE, ImmutableMap.of());
                tscUnstable = true;
                changeClocksource(false);
            }
            return now;
        });
    }

    /** pvclock_gtod_notify() and pvclock_gtod_update_fn() (arch/x86/kvm/x86.c). */
    private void changeClocksource(boolean isTsc) {
        tscClocksource = isTsc;
        if (!isTsc && guestHasMasterClock) {
            vms.forEach(X86Vm::askAllForMasterclockUpdate);
            guestHasMasterClock = false;
        }
    }

    /**
     * The host resumes from a suspend with an earlier TSC; its base clock has advanced meanwhile.
     *
     * @param missing cycles, positive: by how much the TSC is behind
     * @param asleepNs ns, not negative
     * @throws IllegalStateException if a vCPU is in the guest
     */
    public void resume(long missing, long asleepNs) {
        checkArgument(missing > 0 && asleepNs >= 0, "a resume %s cycles back after %s ns", missing, asleepNs);
        underLock(before -> {
            vms.forEach(X86Vm::checkNoneInGuest);
            goBack(before, missing, asleepNs);
            emit(
                    before,
                    Operation.HOST_RESUMES,
                    ImmutableMap.of(Field.MISSING, missing, Field.NS, before.ns + asleepNs));
            vms.forEach(vm -> vm.hostResumes(missing));
            return before;
        });
    }

    private synchronized void goBack(Now before, long missing, long asleepNs) {
        anchorNs = before.ns + asleepNs;
        aheadNs = 0;
        tsc -= missing;
        anchorTsc = tsc;
    }

    /** Adds a VM. */
    void register(X86Vm vm) {
        vms.add(vm);
    }

    /** Notes that a VM of the host has the masterclock. */
    void noteMasterClock() {
        guestHasMasterClock = true;
    }

    /** Takes a step with the host's clocks, read once. */
    <T> T underLock(Function<Now, T> body) {
        return underLock(() -> body.apply(now()));
    }

    private <T> T underLock(Supplier<T> body) {
        step.lock();
        try {
            return body.get();
        } finally {
            step.unlock();
        }
    }

    private void emit(Now now, Operation operation, ImmutableMap<Field, Object> args) {
        emit(new TraceEvent(0, TraceEvent.HOST, now.asTraced(), operation, args, ImmutableMap.of(), ImmutableMap.of()));
    }

    /** From now on its VMs' events show no state: a run that only asks for results is several times as fast. */
    public void omitState() {
        showsState = false;
    }

    boolean showsState() {
        return showsState;
    }

    /** Records an event of the host or of a VM. */
    void emit(TraceEvent event) {
        trace.accept(event);
    }
}
