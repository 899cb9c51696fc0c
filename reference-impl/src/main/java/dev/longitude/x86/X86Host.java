package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longitude.trace.HostTime;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A host whose clocks are moved by the test: a TSC, the same on all its CPUs, and what the kernel makes of it.
 *
 * <p>Its clocks may be read by any number of threads. What befalls the host as a whole (another clocksource, an unstable
 * TSC, a suspend) is told to its VMs one after the other, from one thread.
 */
public final class X86Host {
    private final int tscKhz;
    private final TscScaling scaling;
    private final List<X86Vm> vms = new CopyOnWriteArrayList<>();
    private boolean tscClocksource;
    private boolean tscUnstable;
    private long tsc;
    private long anchorTsc;
    private long anchorNs;
    private long realtimeAhead;

    /**
     * A host. Its base clock begins at 0, and its real time is its base clock.
     *
     * @param tscKhz the rate of its TSC, kHz, positive
     * @param scaling what its hardware can do
     * @param tscClocksource whether the kernel's clocksource is the TSC; without it there is no masterclock
     * @param tsc its TSC now, unsigned cycles
     */
    public X86Host(int tscKhz, TscScaling scaling, boolean tscClocksource, long tsc) {
        checkArgument(tscKhz > 0, "a TSC rate of %s kHz", tscKhz);
        this.tscKhz = tscKhz;
        this.scaling = scaling;
        this.tscClocksource = tscClocksource;
        this.tsc = tsc;
        this.anchorTsc = tsc;
    }

    /** All clocks at one instant: unsigned cycles, ns and ns. */
    record Now(long tsc, long ns, long realtime) {
        HostTime asTraced() {
            return HostTime.exactly(tsc, ns, realtime);
        }
    }

    /** The rate of the TSC, kHz. */
    public int tscKhz() {
        return tscKhz;
    }

    /** What the hardware can scale. */
    public TscScaling scaling() {
        return scaling;
    }

    /** Whether the kernel's clocksource is the TSC. */
    public synchronized boolean tscClocksource() {
        return tscClocksource;
    }

    /** Whether the kernel has found the TSC unstable. */
    public synchronized boolean tscUnstable() {
        return tscUnstable;
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
        long ns = anchorNs + Unsigned.multiplyDivide(tsc - anchorTsc, 1_000_000, tscKhz);
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

    /** The cycles of the TSC in {@code ms} milliseconds: one kHz is one cycle a millisecond. */
    public long millis(long ms) {
        return Math.multiplyExact(ms, (long) tscKhz);
    }

    /**
     * Somebody sets CLOCK_REALTIME.
     *
     * @param realtime unsigned ns
     */
    public synchronized void setRealtime(long realtime) {
        realtimeAhead = realtime - now().ns;
    }

    /**
     * The kernel takes the TSC for its clocksource, or gives it up.
     *
     * @throws IllegalStateException if the TSC is unstable and cannot be taken
     */
    public void setTscClocksource(boolean isTsc) {
        synchronized (this) {
            checkState(!isTsc || !tscUnstable, "the TSC is unstable");
            if (tscClocksource == isTsc) {
                return;
            }
            tscClocksource = isTsc;
        }
        vms.forEach(vm -> vm.hostClocksource(isTsc));
    }

    /** mark_tsc_unstable(): for ever, and the clocksource becomes another one. */
    public void markTscUnstable() {
        synchronized (this) {
            if (tscUnstable) {
                return;
            }
            tscUnstable = true;
            tscClocksource = false;
        }
        vms.forEach(X86Vm::hostTscUnstable);
    }

    /**
     * The host comes back from a suspend with an earlier TSC; its base clock has gone on meanwhile.
     *
     * @param missing cycles, positive: by how much the TSC is behind
     * @param asleepNs ns, not negative
     */
    public void resume(long missing, long asleepNs) {
        checkArgument(missing > 0 && asleepNs >= 0, "a resume %s cycles back after %s ns", missing, asleepNs);
        Now before;
        synchronized (this) {
            before = now();
            anchorNs = before.ns + asleepNs;
            tsc -= missing;
            anchorTsc = tsc;
        }
        vms.forEach(vm -> vm.hostResumes(before, missing));
    }

    void register(X86Vm vm) {
        vms.add(vm);
    }
}
