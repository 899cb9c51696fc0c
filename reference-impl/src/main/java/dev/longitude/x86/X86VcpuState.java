package dev.longitude.x86;

import dev.longitude.trace.StateVariable;

/** What an event shows of a vCPU. */
final class X86VcpuState {
    private X86VcpuState() {}

    /** A variable of a vCPU; 1 if it is in a set of vCPUs, otherwise 0. */
    static long shown(X86Vcpu vcpu, StateVariable variable) {
        return switch (variable) {
            case ONLINE -> 1;
            case VIRTUAL_TSC_KHZ -> vcpu.virtualTscKhz;
            case TSC_SCALING_RATIO -> vcpu.tscScalingRatio;
            case TSC_OFFSET -> vcpu.tscOffset;
            case THIS_TSC_NSEC -> vcpu.thisTscNsec;
            case THIS_TSC_WRITE -> vcpu.thisTscWrite;
            case THIS_TSC_GENERATION -> vcpu.thisTscGeneration;
            case TSC_ADJUST -> vcpu.tscAdjust;
            case LAST_GUEST_TSC -> vcpu.lastGuestTsc;
            case PVCLOCK_ACTIVE -> flag(vcpu.pvclockActive);
            case PVCLOCK_VERSION -> vcpu.page.version();
            case PVCLOCK_TSC_TIMESTAMP -> vcpu.page.contents().tscTimestamp();
            case PVCLOCK_SYSTEM_TIME -> vcpu.page.contents().systemTime();
            case PVCLOCK_MUL -> vcpu.page.contents().scale().mult();
            case PVCLOCK_SHIFT -> vcpu.page.contents().scale().shift();
            case PVCLOCK_FLAGS -> vcpu.page.contents().flags();
            case TSC_CATCHUP -> flag(vcpu.tscCatchup);
            case TSC_ALWAYS_CATCHUP -> flag(vcpu.tscAlwaysCatchup);
            case MASTERCLOCK_UPDATE -> flag(vcpu.masterclockUpdate);
            case CLOCK_UPDATE -> flag(vcpu.clockUpdate);
            case STOPPED_REQUEST -> flag(vcpu.stoppedRequest);
            case KICKED -> flag(vcpu.kicked);
            case IN_GUEST -> flag(vcpu.inGuest);
            default -> throw new IllegalArgumentException(variable + " is no variable of a vCPU");
        };
    }

    private static long flag(boolean is) {
        return is ? 1 : 0;
    }
}
