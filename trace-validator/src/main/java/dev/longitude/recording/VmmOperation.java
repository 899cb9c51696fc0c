package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;

/**
 * What a VMM asked of KVM in one line of a log, as far as it concerns a guest's time. A KVM_SET_MSRS or KVM_GET_MSRS of
 * several MSRs is several operations of one line, in the call's order.
 *
 * @param line the line of the log, from 1
 * @param vm the VM, numbered from 0 in the order of appearance; -1: none
 * @param vcpu the log's number of the vCPU; -1 for an operation on the VM
 * @param values the decoded numbers, by name: {@code offset}, {@code khz}, the fields of KVM_GET_CLOCK and KVM_SET_CLOCK,
 *     or that of {@link #value()}; a missing one is unknown
 * @param outcome whether KVM did it
 * @param errno the reason of a failure, 0 if there was none or it is unknown
 * @param before the host's counter before the call, cycles or ticks
 * @param after the host's counter after the call
 * @param realtime CLOCK_REALTIME when the record was written, ns; 0 if unknown
 * @param thread who called; null if unknown
 */
public record VmmOperation(
        int line,
        int vm,
        int vcpu,
        Kind kind,
        ImmutableMap<String, Long> values,
        Outcome outcome,
        int errno,
        long before,
        long after,
        long realtime,
        @Nullable String thread) {
    /** Whether KVM did what it was asked. */
    public enum Outcome {
        DONE,
        FAILED,
        UNKNOWN
    }

    /** The kinds; one that a recipe can name has the name of the recipe's kind of step. */
    public enum Kind {
        CREATE_VM,
        CLOSE_VM,
        CREATE_VCPU,
        /** KVM_RUN that entered the guest, or may have. */
        ENTER_GUEST,
        /** KVM_RUN with {@code immediate_exit}, which did not enter. */
        VCPU_LOAD,
        READ_TSC,
        WRITE_TSC,
        READ_SYSTEM_TIME,
        WRITE_SYSTEM_TIME,
        READ_TSC_DEADLINE,
        WRITE_TSC_DEADLINE,
        SET_LAPIC,
        GET_CLOCK,
        SET_CLOCK,
        KVMCLOCK_CTRL,
        GET_TSC_KHZ,
        SET_TSC_KHZ,
        SET_VM_TSC_KHZ,
        GET_TSC_OFFSET,
        SET_TSC_OFFSET,
        /** KVM_SET_MSRS that wrote fewer MSRs than it was given. */
        MSRS_CUT_SHORT,
        INIT_VCPU,
        GET_TIMER_CNT,
        SET_TIMER_CNT,
        GET_PTIMER_CNT,
        SET_PTIMER_CNT,
        SET_VTIMER_CVAL,
        SET_VTIMER_CTL,
        SET_PTIMER_CVAL,
        SET_PTIMER_CTL,
        SET_COUNTER_OFFSET,
        /** Something that may have set a clock, or whose payload the log lacks. */
        UNKNOWN;

        /** Whether it sets a guest's counter, clock, rate or timer. */
        public boolean writes() {
            return switch (this) {
                case WRITE_TSC,
                        WRITE_SYSTEM_TIME,
                        WRITE_TSC_DEADLINE,
                        SET_LAPIC,
                        SET_CLOCK,
                        SET_TSC_KHZ,
                        SET_VM_TSC_KHZ,
                        SET_TSC_OFFSET,
                        SET_TIMER_CNT,
                        SET_PTIMER_CNT,
                        SET_VTIMER_CVAL,
                        SET_VTIMER_CTL,
                        SET_PTIMER_CVAL,
                        SET_PTIMER_CTL,
                        SET_COUNTER_OFFSET -> true;
                default -> false;
            };
        }

        /** Whether it reads a counter, a clock or an offset, which a VMM saves. */
        public boolean saves() {
            return switch (this) {
                case READ_TSC, GET_CLOCK, GET_TSC_OFFSET, GET_TIMER_CNT, GET_PTIMER_CNT -> true;
                default -> false;
            };
        }
    }

    /** Whether it is one of these. */
    public boolean is(Kind one) {
        return kind == one;
    }

    /** A decoded number; null if it is unknown. */
    public @Nullable Long value(String name) {
        return values.get(name);
    }

    /** The number under {@code value}; null if it is unknown. */
    public @Nullable Long value() {
        return value("value");
    }

    /** Whether KVM is known to have done it. */
    public boolean done() {
        return outcome == Outcome.DONE;
    }

    /** Whether it is known that KVM refused it. */
    public boolean failed() {
        return outcome == Outcome.FAILED;
    }

    /** Whether the line has only the beginning of a KVM_RUN, so that its end is unknown. */
    public boolean isOpenRun() {
        return is(Kind.ENTER_GUEST) && before == after;
    }
}
