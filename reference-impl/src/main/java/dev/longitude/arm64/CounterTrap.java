package dev.longitude.arm64;

import static com.google.common.base.Preconditions.checkState;

/**
 * A trapped read of CNTPCT_EL0, with its costs: the exception to EL2 with its syndrome, the saved guest registers, the
 * handler that decodes and emulates the read, and the return behind the instruction. The kernel has the same steps in
 * its hyp code (arch/arm64/kvm/hyp/include/hyp/switch.h, the series' patches 9 and 10).
 */
final class CounterTrap {
    /** ESR_ELx: the exception class of a trapped MSR, MRS or system instruction, and its position. */
    private static final int EC_SYS64 = 0x18;

    private static final int EC_SHIFT = 26;
    private static final long EC_MASK = 0x3f;

    /** ISS of that class: direction (1: a read), target register, and which system register. */
    private static final long READ = 1;

    private static final int RT_SHIFT = 5;
    private static final long RT_MASK = 0x1f;

    /** op0 3, op1 3, CRn 14, CRm 0, op2 1, at their positions in the syndrome. */
    private static final long CNTPCT_EL0 = sysreg(3, 3, 14, 0, 1);

    private static final long SYSREG_MASK = sysreg(3, 7, 15, 15, 7);
    private static final int INSTRUCTION = 4;

    /** The guest's x0 to x30, and their copies while EL2 runs. */
    private final long[] registers = new long[31];

    private final long[] saved = new long[31];
    private long elr = 0x4000_1000L;

    private static long sysreg(int op0, int op1, int crn, int crm, int op2) {
        return (long) op0 << 20 | (long) op2 << 17 | (long) op1 << 14 | (long) crn << 10 | (long) crm << 1;
    }

    /**
     * The guest executes {@code mrs Xt, CNTPCT_EL0}, which traps.
     *
     * @param rt the target register, 0 to 30
     * @param host the source of the host's counter
     * @param offset the vCPU's physical offset, ticks modulo 2^64
     * @return the value of that register afterwards
     */
    long read(int rt, Arm64Host host, long offset) {
        long esr = (long) EC_SYS64 << EC_SHIFT | CNTPCT_EL0 | (long) rt << RT_SHIFT | READ;
        System.arraycopy(registers, 0, saved, 0, registers.length);
        checkState(handle(esr, host, offset), "a trap of another register");
        System.arraycopy(saved, 0, registers, 0, registers.length);
        return registers[rt];
    }

    /** Whether it was a read of the physical counter, and has been emulated. */
    private boolean handle(long esr, Arm64Host host, long offset) {
        if ((esr >>> EC_SHIFT & EC_MASK) != EC_SYS64 || (esr & SYSREG_MASK) != CNTPCT_EL0 || (esr & READ) == 0) {
            return false;
        }
        saved[(int) (esr >>> RT_SHIFT & RT_MASK)] = host.cntpct() - offset;
        elr += INSTRUCTION;
        return true;
    }

    /** Where the guest continues. */
    long elr() {
        return elr;
    }
}
