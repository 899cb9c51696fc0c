package dev.longitude.lockstep;

import static com.google.common.base.Preconditions.checkState;

import dev.longitude.spec.ModelSpecification;
import dev.longitude.x86.Scaling;

/**
 * The scaling of {@code spec/Rates.tla}: ratios are plain numbers with a few bits behind the point.
 *
 * @param fracBits these bits; 0: the host cannot scale
 */
record SmallScaling(SmallWords words, int fracBits) implements Scaling {
    static SmallScaling of(ModelSpecification model) {
        return new SmallScaling(SmallWords.of(model), model.number("FracBits"));
    }

    private long modulus() {
        return 1L << words.bits();
    }

    @Override
    public long ratio(int userKhz, int hostKhz) {
        long ratio = ((long) userKhz << fracBits) / hostKhz;
        return ratio < modulus() ? ratio : 0;
    }

    @Override
    public int maxGuestTscKhz(int hostKhz) {
        checkState(supported(), "a host that cannot scale has no such limit");
        return (int) (((modulus() - 1) * hostKhz) >> fracBits);
    }

    @Override
    public long scale(long cycles, long ratio) {
        return ratio == defaultRatio() ? cycles : words.wide((words.small(cycles) * ratio) >> fracBits);
    }

    @Override
    public long scaleKhz(int khz, long ratio) {
        return ratio == defaultRatio() ? khz : (khz * ratio) >> fracBits;
    }
}
