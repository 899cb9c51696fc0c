package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * The offset to set on the destination of a migration between arm64 hosts (KVM_ARM_SET_COUNTER_OFFSET, Linux 6.4 and
 * later, for both counters of all vCPUs), from the guest's counter and real time on the source, and the host's counter
 * and real time on the destination:
 *
 * <pre>destination.counter - (source.counter + elapsed * hz / 10^9)</pre>
 *
 * <p>where elapsed is the difference in real time, or 0 under the policy freeze. Offsets are host counter minus guest
 * counter, ticks modulo 2^64; the product is exact, and the division truncates ({@code OffsetPlanLemmasTest}: by less than a tick). On arm64 KVM returns no pair of counter
 * and real time, so the VMM reads one after the other, and gives an upper bound for the time between. KVM does not
 * scale a counter on arm64: both hosts have the same rate, which is CNTFRQ_EL0.
 *
 * @param offset to set on the destination
 * @param elapsedNs the elapsed real time, signed ns
 * @param bound how far from the right one the offset can be
 */
public record CounterOffsetPlan(long offset, long elapsedNs, Bound bound) {
    private static final BigInteger SECOND = BigInteger.valueOf(1_000_000_000);

    /**
     * A counter and real time, read one right after the other.
     *
     * @param counter on the source the guest's (KVM_REG_ARM_TIMER_CNT), on the destination the host's; unsigned ticks
     * @param realtime CLOCK_REALTIME, unsigned ns
     * @param apartNs upper bound for the time between the two reads, ns, not negative
     */
    public record Reading(long counter, long realtime, long apartNs) {
        /** Checks the distance. */
        public Reading {
            checkArgument(apartNs >= 0, "readings %s ns apart", apartNs);
        }
    }

    /**
     * Computes a plan.
     *
     * @param counterHz CNTFRQ_EL0 of both hosts, Hz, positive
     * @param clockErrorNs how far the hosts' CLOCK_REALTIME may be apart, ns, not negative; 0 for one host; null if that is
     *     not known
     * @throws IllegalArgumentException if 2^63 ns or more have elapsed, either way, or the bound has more than 63 bits
     */
    public static CounterOffsetPlan of(
            long counterHz, Policy policy, Reading source, Reading destination, @Nullable Long clockErrorNs) {
        checkArgument(counterHz > 0, "a counter of %s Hz", counterHz);
        checkArgument(clockErrorNs == null || clockErrorNs >= 0, "a clock error of %s ns", clockErrorNs);
        long elapsedNs = Bound.elapsed(source.realtime(), destination.realtime());
        boolean advances = policy == Policy.ADVANCE;
        long elapsed = BigInteger.valueOf(advances ? elapsedNs : 0)
                .multiply(BigInteger.valueOf(counterHz))
                .divide(SECOND)
                .longValue();
        long apartNs = Bound.sum(source.apartNs(), destination.apartNs(), 2);
        return new CounterOffsetPlan(
                destination.counter() - (source.counter() + elapsed),
                elapsedNs,
                new Bound(
                        advances ? 1 : 0,
                        advances ? Bound.ticks(apartNs, counterHz) : 0,
                        Bound.hostClocks(advances ? clockErrorNs : Long.valueOf(0), counterHz),
                        0));
    }
}
