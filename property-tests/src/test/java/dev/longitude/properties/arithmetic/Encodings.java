package dev.longitude.properties.arithmetic;

import com.google.common.collect.ImmutableList;
import dev.longitude.x86.TimeScale;

/** The arithmetic of the reference implementation, as terms; {@link EncodingProperties} compares each with its method. */
final class Encodings {
    /** Wide enough for every product here of two words, and for sums of such products. */
    static final int WIDE = 130;

    private Encodings() {}

    /** {@link dev.longitude.x86.TscScaling#scale} before it takes the low 64 bits. */
    static Term scaledWide(Term cycles, Term ratio, int fracBits) {
        return cycles.resized(WIDE).times(ratio.resized(WIDE)).shiftedRight(fracBits);
    }

    /** {@link dev.longitude.x86.TscScaling#scale}. */
    static Term scaled(Term cycles, Term ratio, int fracBits) {
        return scaledWide(cycles, ratio, fracBits).resized(Long.SIZE);
    }

    /** {@link dev.longitude.x86.TimeScale#apply}, with a multiplier of 32 bits. */
    static Term converted(Term delta, Term mult, int shift) {
        return multiplied(shifted(delta, shift), mult);
    }

    /** What {@link dev.longitude.x86.TimeScale#apply} does first. */
    static Term shifted(Term delta, int shift) {
        return shift < 0 ? delta.shiftedRight(-shift) : delta.shiftedLeft(shift);
    }

    /** What {@link dev.longitude.x86.TimeScale#apply} does after the shift. */
    static Term multiplied(Term shifted, Term mult) {
        return shifted.resized(WIDE)
                .times(mult.resized(WIDE))
                .shiftedRight(Integer.SIZE)
                .resized(Long.SIZE);
    }

    /** {@link dev.longitude.x86.PvclockPage.Contents#at}. */
    static Term clockAt(Term tsc, Term tscTimestamp, Term systemTime, Term mult, int shift) {
        return systemTime.plus(converted(tsc.minus(tscTimestamp), mult, shift));
    }

    /** {@link dev.longitude.x86.SyncWindow#contains}. */
    static Fact inWindow(Term value, Term expected, Term hz) {
        return value.isLess(expected.plus(hz)).and(expected.isLess(value.plus(hz)));
    }

    /** {@link dev.longitude.x86.TscScaling#ratio}, where it is not too large for the hardware. */
    static Term ratio(Term userKhz, Term hostKhz, int fracBits) {
        return userKhz.resized(WIDE).shiftedLeft(fracBits).dividedBy(hostKhz.resized(WIDE));
    }

    /** {@link dev.longitude.x86.TscScaling#maxGuestTscKhz}. */
    static Term maxGuestTscKhz(Term hostKhz, int fracBits) {
        Term host = hostKhz.resized(WIDE);
        Term most = mostRatio(host, fracBits).times(host).shiftedRight(fracBits);
        Term khz = host.powerOfTwo(31).minus(host.number(1));
        return most.isLess(khz).choose(most, khz);
    }

    /** The first ratio that KVM refuses, as wide as this word. */
    static Term mostRatio(Term wide, int fracBits) {
        return wide.powerOfTwo(fracBits == 32 ? 40 : 64).minus(wide.number(1));
    }

    /** {@link dev.longitude.x86.TscScaling#nearEnough}. */
    static Fact nearEnough(Term userKhz, Term hostKhz) {
        Term user = userKhz.resized(WIDE);
        Term host = hostKhz.resized(WIDE);
        return host.times(999_750)
                .dividedBy(1_000_000)
                .isAtMost(user)
                .and(user.isAtMost(host.times(1_000_250).dividedBy(1_000_000)));
    }

    /** {@link dev.longitude.x86.KernelRates#cyclesToNs} before it takes the low 64 bits. */
    static Term cyclesToNsWide(Term khz, Term cycles) {
        return cycles.resized(WIDE).times(1_000_000).dividedBy(khz.resized(WIDE));
    }

    /** The ways through {@link dev.longitude.x86.KernelRates#nsToCycles}, for each rate of 31 bits. */
    static ImmutableList<ScalePath> nsToCycles(Term.Variable khz) {
        Term hz = khz.resized(WIDE).times(1_000);
        return ScalePath.all(khz, khz.width(), hz, hz.number(TimeScale.NSEC_PER_SEC));
    }

    /** The same for each rate in Hz. */
    static ImmutableList<ScalePath> nsToCyclesOfHz(Term.Variable hz) {
        Term wide = hz.resized(WIDE);
        return ScalePath.all(hz, hz.width(), wide, wide.number(TimeScale.NSEC_PER_SEC));
    }

    /** The ways through {@link dev.longitude.x86.KernelRates#pageScale}, for each rate in Hz. */
    static ImmutableList<ScalePath> pageScale(Term.Variable hz) {
        Term wide = hz.resized(WIDE);
        return ScalePath.all(hz, hz.width(), wide.number(TimeScale.NSEC_PER_SEC), wide);
    }

    /** The same for each rate in kHz. */
    static ImmutableList<ScalePath> pageScaleOfKhz(Term.Variable khz) {
        Term hz = khz.resized(WIDE).times(1_000);
        return ScalePath.all(khz, khz.width(), hz.number(TimeScale.NSEC_PER_SEC), hz);
    }

    /** A guest's counter: {@link dev.longitude.x86.X86Vcpu#readTsc}. */
    static Term guestTsc(Term hostTsc, Term ratio, Term offset, int fracBits) {
        return scaled(hostTsc, ratio, fracBits).plus(offset);
    }

    /** compute_guest_tsc() in {@link dev.longitude.x86.X86Vm}, of ns since the write that became so many cycles. */
    static Term due(Term write, Term cycles) {
        return write.plus(cycles);
    }

    /** The same of a negative difference, where the kernel knows its sign. */
    static Term dueBefore(Term write, Term cycles) {
        return write.minus(cycles);
    }

    /** The offset after kvm_guest_time_update() in {@link dev.longitude.x86.X86Vm} of a vCPU that catches up. */
    static Term caughtUp(Term offset, Term stamp, Term due) {
        return stamp.isLess(due).choose(offset.plus(due.minus(stamp)), offset);
    }

    /** The clock that {@link dev.longitude.x86.X86Vm#setClock} sets with KVM_CLOCK_REALTIME, when the host's real time is now. */
    static Term setWithRealtime(Term clock, Term realtime, Term now) {
        return realtime.isLess(now).choose(clock.plus(now.minus(realtime)), clock);
    }

    /** {@link dev.longitude.x86.X86Vcpu#timerFires}, if a deadline is armed. */
    static Fact deadlineFires(Term tsc, Term deadline, Term advance) {
        return deadline.isAtMost(tsc).or(deadline.minus(tsc).isAtMost(advance));
    }

    /** {@link dev.longitude.arm64.Arm64Timers#lookAtVtimer}, and a physical timer that is compared for the guest. */
    static Fact reached(Term host, Term offset, Term compare) {
        return compare.isAtMost(host.minus(offset));
    }

    /** {@link dev.longitude.arm64.Arm64Timers#lookAtPtimer} where KVM programs the host's timer. */
    static Fact programmed(Term host, Term offset, Term compare, boolean cannotWrap) {
        Term corrected = compare.plus(offset);
        Fact plain = corrected.isAtMost(host);
        if (!cannotWrap) {
            return plain;
        }
        Fact both = host.isLess(offset).sameAs(corrected.isLess(compare));
        return both.and(plain).or(both.not().and(reached(host, offset, compare)));
    }

    /** {@code Bound#ticks}. */
    static Term ticks(Term ns, Term perSecond) {
        Term product = ns.resized(WIDE).times(perSecond.resized(WIDE));
        return product.plus(TimeScale.NSEC_PER_SEC - 1).dividedBy(TimeScale.NSEC_PER_SEC);
    }

    /** The distance of two words is less than some cycles, without any wrap. */
    static Fact closerThan(Term cycles, Term one, Term other) {
        Term distance = one.isLess(other).choose(other.minus(one), one.minus(other));
        return distance.isLess(cycles);
    }
}
