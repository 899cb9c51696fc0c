package dev.longitude.arm64;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.function.Supplier;

/**
 * The virtual and the physical timer of a vCPU (arch/arm64/kvm/arch_timer.c, Linux 5.10 to 7.3). KVM keeps a compare
 * value as the guest's number, and compares it with the guest's counter only when it loads the vCPU: a VMM may restore
 * it before the counter or after it.
 */
public final class Arm64Timers {
    /** A timer's registers: its compare value, unsigned ticks of the guest's counter, and whether it is on. */
    private record Timer(long cval, boolean on) {
        static final Timer OFF = new Timer(0, false);
    }

    private final Arm64Vcpu vcpu;
    private Timer vtimer = Timer.OFF;
    private Timer ptimer = Timer.OFF;

    Arm64Timers(Arm64Vcpu vcpu) {
        this.vcpu = vcpu;
    }

    /** Becomes a copy of another vCPU's. */
    void take(Arm64Timers other) {
        vtimer = other.vtimer;
        ptimer = other.ptimer;
    }

    /** The virtual timer's compare value, read without an operation: unsigned ticks. */
    public long vtimerCval() {
        return vtimer.cval;
    }

    /** Whether the virtual timer is on. */
    public boolean hasVtimer() {
        return vtimer.on;
    }

    /** Whether the physical timer is on. */
    public boolean hasPtimer() {
        return ptimer.on;
    }

    /** The physical timer's compare value, read without an operation: unsigned ticks. */
    public long ptimerCval() {
        return ptimer.cval;
    }

    /** kvm_timer_vcpu_reset(): turns both off; the compare values stay. */
    void reset() {
        vtimer = new Timer(vtimer.cval, false);
        ptimer = new Timer(ptimer.cval, false);
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CVAL, whose number is the one that the architecture gives to CNTVCT_EL0.
     *
     * @param cval unsigned ticks of the guest's virtual counter
     */
    public void setVtimerCval(long cval) {
        setVtimer(Operation.SET_VTIMER_CVAL, Field.CVAL, cval, () -> new Timer(cval, vtimer.on));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CVAL: unsigned ticks of the guest's virtual counter. */
    public long getVtimerCval() {
        return (Long) get(Operation.GET_VTIMER_CVAL, Field.CVAL, () -> vtimer.cval);
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CTL.
     *
     * @param on its enabling bit; the others are not modelled
     */
    public void setVtimerCtl(boolean on) {
        setVtimer(Operation.SET_VTIMER_CTL, Field.ON, on, () -> new Timer(vtimer.cval, on));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CTL: its enabling bit. */
    public boolean getVtimerCtl() {
        return (Boolean) get(Operation.GET_VTIMER_CTL, Field.ON, () -> vtimer.on);
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CVAL.
     *
     * @param cval unsigned ticks of the guest's physical counter
     * @return 0; 2 (ENOENT) before 6.4
     */
    public int setPtimerCval(long cval) {
        return setPtimer(Operation.SET_PTIMER_CVAL, Field.CVAL, cval, () -> new Timer(cval, ptimer.on));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CVAL: unsigned ticks; 0 where the kernel does not have it, before 6.4. */
    public long getPtimerCval() {
        return (Long) getPtimer(Operation.GET_PTIMER_CVAL, Field.CVAL, () -> hasPtimerRegisters() ? ptimer.cval : 0L);
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CTL.
     *
     * @param on its enabling bit; the others are not modelled
     * @return 0; 2 (ENOENT) before 6.4
     */
    public int setPtimerCtl(boolean on) {
        return setPtimer(Operation.SET_PTIMER_CTL, Field.ON, on, () -> new Timer(ptimer.cval, on));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CTL: its enabling bit; false where the kernel does not have it. */
    public boolean getPtimerCtl() {
        return (Boolean) getPtimer(Operation.GET_PTIMER_CTL, Field.ON, () -> hasPtimerRegisters() && ptimer.on);
    }

    private boolean hasPtimerRegisters() {
        return host().has(Switch.PTIMER_CNT);
    }

    private int errno() {
        return hasPtimerRegisters() ? 0 : KvmAbi.ENOENT;
    }

    private int setPtimer(Operation operation, Field field, Object value, Supplier<Timer> after) {
        return ioctl(() -> {
            ptimer = hasPtimerRegisters() ? after.get() : ptimer;
            host().emit(vcpu, operation, ImmutableMap.of(field, value), ImmutableMap.of(Field.ERRNO, errno()));
            return errno();
        });
    }

    private void setVtimer(Operation operation, Field field, Object value, Supplier<Timer> after) {
        ioctl(() -> {
            vtimer = after.get();
            host().emit(vcpu, operation, ImmutableMap.of(field, value), ImmutableMap.of());
            return vtimer;
        });
    }

    private Object getPtimer(Operation operation, Field field, Supplier<Object> part) {
        return ioctl(() -> {
            Object value = part.get();
            host().emit(vcpu, operation, ImmutableMap.of(), ImmutableMap.of(field, value, Field.ERRNO, errno()));
            return value;
        });
    }

    private Object get(Operation operation, Field field, Supplier<Object> part) {
        return ioctl(() -> {
            Object value = part.get();
            host().emit(vcpu, operation, ImmutableMap.of(), ImmutableMap.of(field, value));
            return value;
        });
    }

    private <T> T ioctl(Supplier<T> body) {
        return vcpu.ioctl(() -> host().underLock(body));
    }

    /**
     * The guest sets CNTV_CVAL_EL0 and turns its virtual timer on.
     *
     * @param cval unsigned ticks of its virtual counter
     */
    public void guestSetVtimer(long cval) {
        host().underLock(() -> {
            vcpu.checkInGuest();
            vtimer = new Timer(cval, true);
            host().emit(vcpu, Operation.GUEST_SET_VTIMER, ImmutableMap.of(Field.CVAL, cval), ImmutableMap.of());
        });
    }

    /**
     * The guest sets CNTP_CVAL_EL0 and turns its physical timer on.
     *
     * @param cval unsigned ticks of its physical counter
     */
    public void guestSetPtimer(long cval) {
        host().underLock(() -> {
            vcpu.checkInGuest();
            ptimer = new Timer(cval, true);
            host().emit(vcpu, Operation.GUEST_SET_PTIMER, ImmutableMap.of(Field.CVAL, cval), ImmutableMap.of());
        });
    }

    /**
     * Whether the vCPU's virtual timer has fired in hardware, which subtracts the offset of the vCPU's load.
     *
     * @throws IllegalStateException if the vCPU is not loaded or its timer is off
     */
    public boolean lookAtVtimer() {
        return look(Operation.LOOK_AT_VTIMER);
    }

    /**
     * Whether the vCPU's physical timer has fired in hardware.
     *
     * @throws IllegalStateException if the vCPU is not loaded or its timer is off
     */
    public boolean lookAtPtimer() {
        return look(Operation.LOOK_AT_PTIMER);
    }

    private boolean look(Operation operation) {
        boolean virtual = operation == Operation.LOOK_AT_VTIMER;
        return host().underLock(() -> {
            checkState(
                    vcpu.isLoaded() && (virtual ? vtimer : ptimer).on,
                    "vCPU %s is not loaded, or has no timer",
                    vcpu.index());
            boolean due =
                    virtual ? reached(host().cntpct() - vcpu.on().cntvoff, vtimer.cval) : ptimerFires(ptimer.cval);
            host().emit(vcpu, operation, ImmutableMap.of(), ImmutableMap.of(Field.DUE, due));
            return due;
        });
    }

    /** {@code CounterLemmasTest} proves that with CVAL_CANNOT_WRAP it is the guest's own comparison, for all words. */
    private boolean ptimerFires(long cval) {
        long now = host().cntpct();
        if (host().usesCntpoff() && vcpu.inGuest()) {
            return reached(now - vcpu.on().cntpoff, cval);
        }
        if (host().usesCntpoff() && !host().has(Switch.FLIPS_CVAL)) {
            return reached(now, cval); // CNTPOFF_EL2 does not count for the host
        }
        long offset = vcpu.physicalOffset();
        long corrected = cval + offset;
        boolean guestWraps = Long.compareUnsigned(now, offset) < 0;
        boolean sumWraps = Long.compareUnsigned(corrected, cval) < 0;
        if (host().has(Switch.CVAL_CANNOT_WRAP) && guestWraps != sumWraps) {
            return reached(now - offset, cval); // programmed as now or never
        }
        return reached(now, corrected);
    }

    private static boolean reached(long counter, long compare) {
        return Long.compareUnsigned(counter, compare) >= 0;
    }

    private Arm64Host host() {
        return vcpu.vm().host();
    }
}
