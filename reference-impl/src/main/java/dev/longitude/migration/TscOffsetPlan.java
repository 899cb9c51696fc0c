package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.math.BigInteger;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The TSC offsets to set on the destination of a migration (KVM_VCPU_TSC_OFFSET of each vCPU), from what was read on
 * the source and, after KVM_SET_CLOCK, on the destination.
 *
 * <p>There are two recipes. The documented one (Documentation/virt/kvm/devices/vcpu.rst, Linux 5.16 to 7.3) uses
 * kvmclock and takes both hosts' TSCs unscaled:
 *
 * <pre>offset + (source.clock - destination.clock) * -khz / 10^6 + (source.hostTsc - destination.hostTsc)</pre>
 *
 * <p>The corrected one ("Cleaning up the KVM clock mess" v6, patch 6, not merged as of 7.3) uses real time and takes
 * the TSCs as the guest sees them:
 *
 * <pre>scaled(source.hostTsc) + offset + elapsed * khz / 10^6 - scaled(destination.hostTsc)</pre>
 *
 * <p>where elapsed is the difference in real time, or 0 under the policy freeze. Offsets are guest TSC minus scaled
 * host TSC, cycles modulo 2^64. Products are exact; the division by 10^6 truncates. {@code OffsetPlanLemmasTest} proves that
 * the corrected offset continues the guest's TSC, for all words, and shows where the documented one does not.
 *
 * <p>The plan is of one instant. Where a host runs the guest unscaled, its TSC drifts from then on ({@link Drift}); where
 * KVM catches up ({@link GuestRate#CATCHES_UP}), it raises the offset that was set, and on the source the TSC was behind by
 * what it had lost since the last entry, which the bound does not contain.
 *
 * @param guestKhz the guest's rate, kHz
 * @param policy what the guest's TSC does over the blackout
 * @param offsets for each vCPU its offset on the source, and the new ones by both recipes
 * @param elapsedNs the elapsed real time, signed ns
 * @param clockElapsedNs the elapsed kvmclock time, signed ns
 * @param byClock the part of the documented recipe's error, in cycles, that comes from using kvmclock
 * @param byScaling the part that comes from not scaling
 * @param bound how far from the right one the corrected offset can be: one cycle of truncation for elapsed time and one
 *     for each host that scales; real time read in whole ns, twice; the hosts' clocks; and half a kHz of the guest's
 *     rate
 */
public record TscOffsetPlan(
        int guestKhz,
        Policy policy,
        ImmutableList<Offsets> offsets,
        long elapsedNs,
        long clockElapsedNs,
        BigInteger byClock,
        BigInteger byScaling,
        Bound bound) {
    private static final BigInteger MILLION = BigInteger.valueOf(1_000_000);
    private static final long HALF_A_KHZ = 500;
    private static final BigInteger MASK = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    /** A vCPU's offsets, cycles modulo 2^64: on the source, and for the destination by both recipes. */
    public record Offsets(long source, long documented, long corrected) {}

    /**
     * Computes a plan.
     *
     * @param guestKhz what KVM_GET_TSC_KHZ returned on the source, kHz, positive
     * @param offsets each vCPU's KVM_VCPU_TSC_OFFSET on the source, cycles modulo 2^64
     * @param clockErrorNs how far the hosts' CLOCK_REALTIME may be apart, ns, not negative; 0 for one host; null if that is
     *     not known
     * @throws IllegalArgumentException if a host cannot have a guest of that rate, or if that is not known; or if 2^63 ns or
     *     more have elapsed by real time, either way, or the bound has more than 63 bits
     */
    public static TscOffsetPlan of(
            int guestKhz,
            Policy policy,
            ClockFix source,
            ClockFix destination,
            List<Long> offsets,
            @Nullable Long clockErrorNs) {
        checkArgument(guestKhz > 0, "a guest's rate of %s kHz", guestKhz);
        checkArgument(clockErrorNs == null || clockErrorNs >= 0, "a clock error of %s ns", clockErrorNs);
        long elapsedNs = Bound.elapsed(source.realtime(), destination.realtime());
        long clockElapsedNs = destination.clock() - source.clock();
        BigInteger scaledSource = exact(source.scaledTsc(guestKhz));
        BigInteger scaledDestination = exact(destination.scaledTsc(guestKhz));
        BigInteger plain = exact(source.hostTsc()).subtract(exact(destination.hostTsc()));
        BigInteger scaled = scaledSource.subtract(scaledDestination);
        BigInteger byRealtime = policy == Policy.ADVANCE ? cycles(elapsedNs, guestKhz) : BigInteger.ZERO;
        BigInteger byClock = cycles(clockElapsedNs, guestKhz);
        long scaling = Stream.of(source, destination)
                .filter(fix -> fix.rateOf(guestKhz) == GuestRate.SCALED)
                .count();
        boolean advances = policy == Policy.ADVANCE;
        return new TscOffsetPlan(
                guestKhz,
                policy,
                offsets.stream()
                        .map(offset -> new Offsets(
                                offset,
                                offset + byClock.add(plain).longValue(),
                                offset + byRealtime.add(scaled).longValue()))
                        .collect(ImmutableList.toImmutableList()),
                elapsedNs,
                clockElapsedNs,
                byClock.subtract(byRealtime),
                plain.subtract(scaled),
                new Bound(
                        (advances ? 1 : 0) + scaling,
                        advances ? Bound.ticks(2, 1_000L * guestKhz) : 0,
                        Bound.hostClocks(advances ? clockErrorNs : Long.valueOf(0), 1_000L * guestKhz),
                        advances ? Bound.ticks(Math.abs(elapsedNs), HALF_A_KHZ) : 0));
    }

    private static BigInteger exact(long word) {
        return BigInteger.valueOf(word).and(MASK);
    }

    /**
     * The cycles of a guest in some ns, signed, truncated. {@code OffsetPlanLemmasTest} proves that less than a cycle is lost, and
     * in two migrations at most one more than in one; {@code RateLemmasTest}, that from 1 GHz on they are the same ns again, or
     * one less.
     */
    private static BigInteger cycles(long ns, int khz) {
        return BigInteger.valueOf(ns).multiply(BigInteger.valueOf(khz)).divide(MILLION);
    }
}
