package dev.longitude.properties.arithmetic;

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
        return multiplied(shift < 0 ? delta.shiftedRight(-shift) : delta.shiftedLeft(shift), mult);
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

    /** The distance of two words is less than some cycles, without any wrap. */
    static Fact closerThan(Term cycles, Term one, Term other) {
        Term distance = one.isLess(other).choose(other.minus(one), one.minus(other));
        return distance.isLess(cycles);
    }
}
