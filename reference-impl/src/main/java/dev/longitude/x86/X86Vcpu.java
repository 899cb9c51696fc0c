package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longitude.trace.Operation;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A vCPU: the part of struct kvm_vcpu_arch that the guest's TSC depends on. Its fields are guarded by the host's lock.
 *
 * <p>As in the kernel, an ioctl takes the vCPU's mutex, and KVM_RUN holds it until it returns: an ioctl from another
 * thread waits that long. From the thread in the guest it would wait forever; it throws {@link IllegalStateException}
 * instead.
 */
public final class X86Vcpu {
    private final X86Vm vm;
    private final int index;
    private final ReentrantLock mutex = new ReentrantLock();

    long tscOffset;
    long thisTscNsec;
    long thisTscWrite;
    int thisTscGeneration;
    int virtualTscKhz;
    long tscScalingRatio;
    long tscAdjust;
    long lastGuestTsc;
    boolean tscCatchup;
    boolean tscAlwaysCatchup;
    boolean masterclockUpdate;
    boolean clockUpdate;
    volatile boolean pvclockActive;
    boolean stoppedRequest;
    boolean kicked;
    final TscDeadlineTimer timer = new TscDeadlineTimer();
    final PvclockPage page = new PvclockPage();
    volatile boolean inGuest;
    volatile boolean entering;

    X86Vcpu(X86Vm vm, int index) {
        this.vm = vm;
        this.index = index;
    }

    /** A copy in a copy of its VM; if the current thread is in the original's KVM_RUN, it is in the copy's too. */
    X86Vcpu(X86Vm vm, X86Vcpu from) {
        this(vm, from.index);
        tscOffset = from.tscOffset;
        thisTscNsec = from.thisTscNsec;
        thisTscWrite = from.thisTscWrite;
        thisTscGeneration = from.thisTscGeneration;
        virtualTscKhz = from.virtualTscKhz;
        tscScalingRatio = from.tscScalingRatio;
        tscAdjust = from.tscAdjust;
        lastGuestTsc = from.lastGuestTsc;
        tscCatchup = from.tscCatchup;
        tscAlwaysCatchup = from.tscAlwaysCatchup;
        masterclockUpdate = from.masterclockUpdate;
        clockUpdate = from.clockUpdate;
        pvclockActive = from.pvclockActive;
        stoppedRequest = from.stoppedRequest;
        kicked = from.kicked;
        timer.take(from.timer);
        page.hold(from.page.version(), from.page.contents());
        inGuest = from.inGuest;
        entering = from.entering;
        if (from.mutex.isHeldByCurrentThread()) {
            mutex.lock();
        }
    }

    /** The vCPU's index. */
    public int index() {
        return index;
    }

    /** The offset that the vCPU has, read without an operation: cycles modulo 2^64. */
    public long tscOffset() {
        return tscOffset;
    }

    /** The rate that the vCPU is meant to have, read without an operation: kHz. */
    public int virtualTscKhz() {
        return virtualTscKhz;
    }

    /** The ratio that the vCPU has, read without an operation: unsigned fixed point. */
    public long tscScalingRatio() {
        return tscScalingRatio;
    }

    /** Its timer in TSC-deadline mode, read without an operation. */
    public TscDeadlineTimer timer() {
        return timer;
    }

    /** Whether the calling thread holds the vCPU's mutex: it does so in KVM_RUN. */
    public boolean isMine() {
        return mutex.isHeldByCurrentThread();
    }

    /** Whether KVM has kicked it out of the guest, and it has not gone through KVM since. */
    public boolean kicked() {
        return kicked;
    }

    /** Whether KVM_RUN is in the guest. */
    public boolean inGuest() {
        return inGuest;
    }

    /** Whether KVM_RUN has performed a masterclock update, and is not in the guest yet. */
    public boolean entering() {
        return entering;
    }

    /**
     * KVM_SET_MSRS of MSR_IA32_TSC: sets the guest's TSC by value, unless KVM takes the write for one of several that
     * give all vCPUs the same time. KVM then drops the value, and the vCPU joins the others' line.
     *
     * @param value unsigned cycles; 0 always joins
     */
    public void writeTsc(long value) {
        set(() -> vm.writeTsc(this, value));
    }

    /**
     * KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET (Linux 5.16): always takes effect exactly.
     *
     * @param offset guest TSC minus host TSC, cycles modulo 2^64
     */
    public void setTscOffset(long offset) {
        set(() -> vm.setTscOffset(this, offset));
    }

    /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET: guest TSC minus host TSC, cycles modulo 2^64. */
    public long getTscOffset() {
        return ioctl(() -> vm.getTscOffset(this));
    }

    /** KVM_GET_MSRS of MSR_IA32_TSC: the guest's TSC now, unsigned cycles. */
    public long readTsc() {
        return ioctl(() -> vm.read(this, Operation.READ_TSC));
    }

    /**
     * KVM_SET_TSC_KHZ: the rate of this vCPU. In every kernel so far the offset stays unchanged, so the TSC jumps.
     *
     * @param khz kHz, 0 for the host's
     * @return 0, or 22 (EINVAL) if the host does not support it; {@link #getTscKhz} then still returns the refused
     *     rate, unless it is too high for a host that scales ({@link TscScaling#maxGuestTscKhz})
     */
    public int setTscKhz(int khz) {
        return ioctl(() -> vm.setTscKhz(this, khz));
    }

    /** KVM_GET_TSC_KHZ: kHz. */
    public int getTscKhz() {
        return ioctl(() -> vm.getTscKhz(this));
    }

    /**
     * KVM_SET_MSRS of MSR_IA32_TSC_ADJUST: stores the value; the guest's TSC stays.
     *
     * @param value cycles modulo 2^64
     */
    public void writeTscAdjust(long value) {
        set(() -> vm.writeTscAdjust(this, value));
    }

    /** KVM_GET_MSRS of MSR_IA32_TSC_ADJUST: cycles modulo 2^64. */
    public long readTscAdjust() {
        return ioctl(() -> vm.read(this, Operation.READ_TSC_ADJUST));
    }

    /**
     * KVM_SET_LAPIC: restores the local APIC's registers. A change of its timer's mode into or out of TSC-deadline mode
     * forgets the deadline that is armed.
     *
     * @param deadlineMode whether the LVT timer in the restored registers has TSC-deadline mode
     */
    public void setLapic(boolean deadlineMode) {
        set(() -> vm.setLapic(this, deadlineMode));
    }

    /**
     * KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE. Outside TSC-deadline mode KVM drops the value and reports success.
     *
     * @param deadline unsigned cycles of the guest's TSC; 0 disarms
     */
    public void writeTscDeadline(long deadline) {
        set(() -> vm.writeTscDeadline(this, deadline));
    }

    /** KVM_GET_MSRS of MSR_IA32_TSC_DEADLINE: unsigned cycles of the guest's TSC; 0 if none is armed. */
    public long readTscDeadline() {
        return ioctl(() -> vm.readTscDeadline(this));
    }

    /**
     * The masterclock update of vcpu_enter_guest(), as a step of its own: before the vCPU writes its page, other
     * threads may act. The calling thread belongs to the vCPU from here on; {@link #enterGuest}, {@link #cancelEntry}
     * or, if it was in the guest, {@link #reenterGuest} must follow.
     *
     * @throws IllegalStateException if no update is requested, or the vCPU has performed one already
     */
    public void performMasterclockUpdate() {
        boolean isMine = isMine();
        mutex.lock();
        try {
            vm.performMasterclockUpdate(this);
        } finally {
            if (isMine || !entering) { // (in KVM_RUN it is held once)
                mutex.unlock();
            }
        }
    }

    /** KVM_RUN up to the guest; the calling thread belongs to the vCPU until {@link #exitGuest}. */
    public void enterGuest() {
        beginEntry();
        vm.enterGuest(this, Operation.ENTER_GUEST);
    }

    /** KVM_RUN up to the guest, without entering it: a signal or another thread is waiting. */
    public void cancelEntry() {
        beginEntry();
        try {
            vm.enterGuest(this, Operation.CANCEL_ENTRY);
        } finally {
            mutex.unlock();
        }
    }

    /** (After a masterclock update of its own the entry has begun.) */
    private void beginEntry() {
        if (!isMine() || inGuest || !entering) {
            checkNotMine();
            mutex.lock();
        }
    }

    /** Back to the guest after an exit that KVM handled itself. */
    public void reenterGuest() {
        checkState(isMine() && inGuest, "vCPU %s is not in the guest on this thread", index);
        vm.enterGuest(this, Operation.REENTER_GUEST);
    }

    /** KVM_RUN's return to userspace. */
    public void exitGuest() {
        checkInGuest();
        vm.exitGuest(this);
        mutex.unlock();
    }

    /** The guest executes rdtsc: unsigned cycles. */
    public long guestReadTsc() {
        checkInGuest();
        return vm.read(this, Operation.GUEST_READ_TSC);
    }

    /**
     * The guest writes MSR_IA32_TSC: this vCPU's TSC becomes the value, and MSR_IA32_TSC_ADJUST changes by the same
     * amount.
     *
     * @param value unsigned cycles
     */
    public void guestWriteTsc(long value) {
        checkInGuest();
        vm.guestWriteTsc(this, value);
    }

    /**
     * The guest writes MSR_IA32_TSC_ADJUST: this vCPU's TSC changes by the same amount as the MSR.
     *
     * @param value cycles modulo 2^64
     */
    public void guestWriteTscAdjust(long value) {
        checkInGuest();
        vm.guestWriteTscAdjust(this, value);
    }

    /**
     * The guest sets the mode of its LVT timer and its deadline.
     *
     * @param deadline unsigned cycles of its TSC; 0 disarms; ignored outside TSC-deadline mode
     */
    public void guestSetsTimer(boolean deadlineMode, long deadline) {
        checkInGuest();
        vm.guestSetsTimer(this, deadlineMode, deadline);
    }

    /**
     * The timer fires, if a deadline is armed and the TSC has reached it (or will within 5 us) on the line on which it
     * was armed. KVM does this whether the vCPU is in the guest or not. {@code CounterLemmasTest} proves that it is never
     * earlier.
     *
     * @return whether it fired
     */
    public boolean timerFires() {
        return vm.timerFires(this);
    }

    /** The guest reads MSR_IA32_TSC_ADJUST: cycles modulo 2^64. */
    public long guestReadTscAdjust() {
        checkInGuest();
        return vm.read(this, Operation.GUEST_READ_TSC_ADJUST);
    }

    /** KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW, with the address that the page has. */
    public void writeSystemTime(boolean active) {
        writeSystemTime(active, false);
    }

    /**
     * KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW: whether KVM keeps the vCPU's kvmclock page up to date.
     *
     * @param active bit 0 of the MSR
     * @param moves whether an active page lies at another address than before, where memory is zero
     */
    public void writeSystemTime(boolean active, boolean moves) {
        set(() -> vm.writeSystemTime(this, active, moves));
    }

    /** The guest writes MSR_KVM_SYSTEM_TIME_NEW or the legacy one, with the address that the page has. */
    public void guestWriteSystemTime(boolean active, boolean legacy) {
        guestWriteSystemTime(active, legacy, false);
    }

    /**
     * The guest writes MSR_KVM_SYSTEM_TIME_NEW.
     *
     * @param active bit 0 of the MSR
     * @param legacy whether it is MSR_KVM_SYSTEM_TIME instead; on vCPU 0 that forbids the masterclock
     * @param moves whether an active page lies at another address than before, where memory is zero
     */
    public void guestWriteSystemTime(boolean active, boolean legacy, boolean moves) {
        checkInGuest();
        vm.guestWriteSystemTime(this, active, legacy, moves);
    }

    /**
     * KVM_KVMCLOCK_CTRL: the next clock update shows the guest that it was stopped.
     *
     * @return 0, or 22 (EINVAL) if the vCPU has no active page
     */
    public int kvmclockCtrl() {
        return ioctl(() -> vm.kvmclockCtrl(this));
    }

    /** The VMM reads the vCPU's page in the guest's memory. */
    public PvclockPage.Contents readPvclockPage() {
        return vm.readPvclockPage(this);
    }

    /**
     * The page's memory gets another content, not from KVM: the VMM loads the guest's memory, or a page has moved to
     * memory that was not zero. KVM continues from the version and the flag {@link PvclockPage#GUEST_STOPPED} in it.
     *
     * @param version even, not negative
     * @throws IllegalStateException if the vCPU is in the guest, unless KVM has kicked it out
     */
    public void writePvclockPage(int version, PvclockPage.Contents page) {
        checkArgument(version >= 0 && version % 2 == 0, "a page that is being written: version %s", version);
        vm.writePvclockPage(this, version, page);
    }

    /** Whether KVM keeps the vCPU's page up to date and has written it: a guest reads kvmclock from no other. */
    public boolean showsClock() {
        return pvclockActive && page.version() != 0;
    }

    /** The page itself, to read as a guest does, without an operation. */
    public PvclockPage pvclockPage() {
        return page;
    }

    /**
     * The vCPU is loaded on another pCPU; while the host's TSC is unstable, on any. KVM_RUN with immediate_exit does no
     * more: it handles no request and does not enter the guest.
     */
    public void load() {
        set(() -> vm.load(this));
    }

    /** KVM requests a clock update from the vCPU for reasons of its own, as every five minutes until 6.18. */
    public void askForClockUpdate() {
        vm.askForClockUpdate(this);
    }

    /**
     * KVM_REQ_MASTERCLOCK_UPDATE because of an interface that is not modelled: a write of HV_X64_MSR_REFERENCE_TSC with
     * its enabling bit, or, for each vCPU, KVM_XEN_HVM_SET_ATTR of the shared info page until 7.2.
     */
    public void askForMasterclockUpdate() {
        vm.askForMasterclockUpdate(this);
    }

    /** The guest reads kvmclock through the vCPU's own page: unsigned ns. */
    public long guestReadClock() {
        return guestReadClock(this);
    }

    /**
     * The guest reads kvmclock through the page of another vCPU, as a process of a Linux guest does through vCPU 0's.
     *
     * @return unsigned ns
     */
    public long guestReadClock(X86Vcpu through) {
        checkInGuest();
        return vm.guestReadClock(this, through);
    }

    /** The guest clears PVCLOCK_GUEST_STOPPED. */
    public void guestClearsStopped() {
        checkInGuest();
        vm.guestClearsStopped(this);
    }

    /** An ioctl that returns nothing. */
    private void set(Runnable body) {
        ioctl(() -> {
            body.run();
            return true;
        });
    }

    private <T> T ioctl(Supplier<T> body) {
        checkNotMine();
        mutex.lock();
        try {
            return body.get();
        } finally {
            mutex.unlock();
        }
    }

    private void checkNotMine() {
        checkState(
                !isMine(),
                "vCPU %s is in the guest: its ioctls wait until KVM_RUN returns, which this thread has to do",
                index);
    }

    private void checkInGuest() {
        checkState(isMine() && !entering, "vCPU %s is not in the guest on this thread", index);
    }
}
