package dev.longitude.x86;

import dev.longitude.kernel.KvmAbi;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * The page through which a guest reads kvmclock: struct pvclock_vcpu_time_info of the pvclock ABI. KVM writes it on the
 * vCPU's own thread; any vCPU's thread may read it meanwhile. Its version is odd during a write. A reader that sees an
 * odd version, or different versions before and after, reads again.
 *
 * <p>The model of this protocol is {@code spec/Pvclock.tla}.
 */
public final class PvclockPage {
    /**
     * The content of a page.
     *
     * @param tscTimestamp the guest's TSC at the time stamp, unsigned cycles
     * @param systemTime kvmclock then, unsigned ns
     * @param scale from cycles to ns
     * @param flags {@link KvmAbi#PVCLOCK_TSC_STABLE} and {@link KvmAbi#PVCLOCK_GUEST_STOPPED}
     */
    public record Contents(long tscTimestamp, long systemTime, TimeScale scale, int flags) {
        /** The content of an unwritten page. */
        static final Contents NONE = new Contents(0, 0, new TimeScale(0, 0), 0);

        /**
         * kvmclock when the guest's TSC is {@code tsc}. {@code TimeScaleLemmasTest} proves that it does not go back from the
         * page's time stamp on, and shows that before it the difference wraps.
         *
         * @param tsc unsigned cycles
         * @return unsigned ns
         */
        public long at(long tsc) {
            return at(tsc, KERNEL);
        }

        /** The same by the arithmetic of a guest that computes with {@code rates}. */
        long at(long tsc, Rates rates) {
            return systemTime + rates.pageNs(scale, tsc - tscTimestamp);
        }

        /** Whether the page says that all vCPUs' TSCs are on one line. */
        public boolean stable() {
            return (flags & KvmAbi.PVCLOCK_TSC_STABLE) != 0;
        }
    }

    private static final Rates KERNEL = new KernelRates();

    private static final VarHandle VERSION;

    static {
        try {
            VERSION = MethodHandles.lookup().findVarHandle(PvclockPage.class, "version", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("UnusedVariable") // by VERSION
    private int version;

    // As in memory: each field by itself, so that a reader can see parts of an old and of a new write.
    private long tscTimestamp;
    private long systemTime;
    private TimeScale scale = Contents.NONE.scale;
    private int flags;

    /** Goes up by two with each write of KVM; odd while the page is being written. */
    public int version() {
        return (int) VERSION.getAcquire(this);
    }

    /** Writes the page. One thread writes at a time. */
    void write(Contents contents) {
        int before = version();
        VERSION.setOpaque(this, (before + 1) | 1);
        VarHandle.storeStoreFence();
        tscTimestamp = contents.tscTimestamp;
        systemTime = contents.systemTime;
        scale = contents.scale;
        flags = contents.flags;
        VERSION.setRelease(this, ((before + 1) | 1) + 1);
    }

    /**
     * The memory gets this content, not from KVM. No thread may read or write the page meanwhile.
     *
     * @param held the version, even
     */
    void hold(int held, Contents contents) {
        tscTimestamp = contents.tscTimestamp;
        systemTime = contents.systemTime;
        scale = contents.scale;
        flags = contents.flags;
        VERSION.setRelease(this, held);
    }

    /** The guest clears a flag in its memory; the version stays. */
    void clearStopped() {
        flags &= ~KvmAbi.PVCLOCK_GUEST_STOPPED;
        VarHandle.releaseFence();
    }

    /** The page's content, all from one write. */
    public Contents contents() {
        while (true) {
            int before = version();
            Contents seen = new Contents(tscTimestamp, systemTime, scale, flags);
            VarHandle.loadLoadFence();
            if ((before & 1) == 0 && (int) VERSION.getOpaque(this) == before) {
                return seen;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * kvmclock, read as a guest does: the TSC between the two reads of the version.
     *
     * @param rdtsc reads the vCPU's TSC, unsigned cycles
     * @return unsigned ns
     */
    public long read(LongSupplier rdtsc) {
        return read(rdtsc, KERNEL);
    }

    /** The same by the arithmetic of a guest that computes with {@code rates}. */
    long read(LongSupplier rdtsc, Rates rates) {
        while (true) {
            int before = version();
            Contents seen = new Contents(tscTimestamp, systemTime, scale, flags);
            long value = seen.at(rdtsc.getAsLong(), rates);
            VarHandle.loadLoadFence();
            if ((before & 1) == 0 && (int) VERSION.getOpaque(this) == before) {
                return value;
            }
            Thread.onSpinWait();
        }
    }
}
