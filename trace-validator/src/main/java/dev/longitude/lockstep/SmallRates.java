package dev.longitude.lockstep;

import dev.longitude.spec.ModelSpecification;
import dev.longitude.x86.Rates;
import dev.longitude.x86.TimeScale;

/**
 * The conversions of {@code spec/Rates.tla} for a second of a few ticks.
 *
 * @param nsPerSecond the ns in a second of the model
 * @param cyclesPerKhz the cycles in a second for each kHz
 */
record SmallRates(SmallWords words, int nsPerSecond, int cyclesPerKhz) implements Rates {
    /** KVM's 5 us, as a part of a second. */
    private static final int ADVANCES_PER_SECOND = 200_000;

    static SmallRates of(ModelSpecification model) {
        return new SmallRates(SmallWords.of(model), model.number("NsPerSecond"), model.number("CyclesPerKhz"));
    }

    @Override
    public long second(long khz) {
        return words.wide(khz * cyclesPerKhz);
    }

    @Override
    public long nsToCycles(int khz, long ns) {
        return words.mulDiv(ns, (long) khz * cyclesPerKhz, nsPerSecond);
    }

    @Override
    public long cyclesToNs(int khz, long cycles) {
        return words.mulDiv(cycles, nsPerSecond, (long) khz * cyclesPerKhz);
    }

    @Override
    public TimeScale pageScale(long cyclesPerSecond) {
        return new TimeScale(words.small(cyclesPerSecond), 0);
    }

    @Override
    public long pageNs(TimeScale scale, long cycles) {
        return words.mulDiv(cycles, nsPerSecond, scale.mult());
    }

    @Override
    public long mostAdvanceNs() {
        return words.wide(nsPerSecond / ADVANCES_PER_SECOND);
    }
}
