package dev.longitude.lockstep;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longitude.spec.ModelSpecification;

/**
 * Words of a few bits in Java's 64: a word of the model is the upper bits of a long, and the bits below are 0. So sums
 * and differences wrap where the model's do, and unsigned and signed comparisons of two words are the model's, in the
 * reference implementation's own code.
 *
 * @param bits the bits of a word in the model, 1 to 30
 */
record SmallWords(int bits) {
    /** Checks the range. */
    SmallWords {
        checkArgument(bits >= 1 && bits <= 30, "words of %s bits", bits);
    }

    static SmallWords of(ModelSpecification model) {
        return new SmallWords(model.number("WordBits"));
    }

    /** The long that stands for a word of the model. */
    long wide(long small) {
        return small << (Long.SIZE - bits);
    }

    /** The word of the model that a long stands for. */
    int small(long wide) {
        return (int) (wide >>> (Long.SIZE - bits));
    }

    /** A long that stands for the same word, whatever the upper bits of {@code small} are. */
    boolean isWord(long wide) {
        return wide(small(wide)) == wide;
    }

    /** (a * multiplier) / divisor with the product whole, as {@code MulDiv} in {@code spec/Words.tla}. */
    long mulDiv(long wide, long multiplier, long divisor) {
        return wide(small(wide) * multiplier / divisor);
    }
}
