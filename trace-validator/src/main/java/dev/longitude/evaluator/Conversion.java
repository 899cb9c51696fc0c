package dev.longitude.evaluator;

import dev.longitude.unknowns.MonotoneRelation;
import java.util.function.LongUnaryOperator;

/** A conversion of one word to another, both unsigned; it is non-decreasing while the result does not wrap. */
public sealed interface Conversion extends LongUnaryOperator {
    /** CyclesToNs64 at a rate in kHz. */
    record CyclesToNs(int khz) implements Conversion {
        @Override
        public long applyAsLong(long cycles) {
            return Words64.cyclesToNs(khz, cycles);
        }
    }

    /** pvclock_scale_delta() by a multiplier, unsigned, and a shift. */
    record ScaleDelta(long mult, int shift) implements Conversion {
        @Override
        public long applyAsLong(long delta) {
            return Words64.scaleDelta(delta, mult, shift);
        }
    }

    /** Scale64 by a ratio with so many fraction bits. */
    record Scale(int fracBits, long ratio) implements Conversion {
        @Override
        public long applyAsLong(long cycles) {
            return Words64.scale(fracBits, cycles, ratio);
        }
    }

    /** NsToCycles64 at a rate in kHz. */
    static Conversion nsToCycles(int khz) {
        return Words64.nsToCyclesScale(khz);
    }

    /**
     * The increase of a conversion's result over {@code base} when {@code x} is added to {@code from}.
     *
     * @param from unsigned
     * @param base unsigned
     */
    record ConvertedDifference(Conversion conversion, long from, long base) implements MonotoneRelation {
        @Override
        public long least(long x) {
            return conversion.applyAsLong(from + x) - base;
        }

        @Override
        public long greatest(long x) {
            return least(x);
        }
    }

    /**
     * KeepsPace64 of {@code cycles + x} and {@code ns + y}: bounds of their distance.
     *
     * @param khz the rate of the cycles
     */
    record Pace(int khz, long cycles, long ns) implements MonotoneRelation {
        @Override
        public long least(long x) {
            long nominal = nominal(x);
            return Math.max(0, nominal - Words64.paceSlack(nominal)) - ns;
        }

        @Override
        public long greatest(long x) {
            long nominal = nominal(x);
            return nominal + Words64.paceSlack(nominal) - ns;
        }

        /** (The elapsed cycles are never negative.) */
        private long nominal(long x) {
            return Words64.cyclesToNs(khz, Math.max(0, cycles + x));
        }
    }
}
