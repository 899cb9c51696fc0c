package tlc2.value.impl;

import dev.longitude.unknowns.LinearSum;
import org.jspecify.annotations.Nullable;
import tlc2.value.IValue;

/**
 * A 64-bit word that is not fully known: {@code constant + sum} modulo 2^64. It is in TLC's package because only
 * classes there can be values.
 *
 * <p>Equality is syntactic. Whether two words <em>are</em> the same, which may depend on the unknowns, is decided by
 * {@link dev.longitude.evaluator.SymbolicWords#same}.
 */
// TLC hashes every value by its fingerprint, and that is final; nothing serialises these.
@SuppressWarnings({"overrides", "serial"})
public final class SymbolicWord extends Value {
    private static final long serialVersionUID = 1;

    /** A word that may be passed on but not read: reading it throws an {@link UnreadWordException}. */
    public static final SymbolicWord UNREAD = new SymbolicWord(0, LinearSum.ZERO);

    /** An evaluation read a word that was assumed to be irrelevant. */
    public static final class UnreadWordException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private UnreadWordException() {
            super("a word that must not be read was read", null, false, false);
        }
    }

    private final long constant;
    private final LinearSum sum;

    /**
     * A word that is not known.
     *
     * @param constant unsigned
     * @param sum not zero
     */
    public SymbolicWord(long constant, LinearSum sum) {
        this.constant = constant;
        this.sum = sum;
    }

    /** Whether this is {@link #UNREAD}. */
    public boolean isUnread() {
        return sum.isZero(); // (no other word has a zero sum)
    }

    /** The known constant, unsigned. */
    public long constant() {
        if (isUnread()) {
            throw new UnreadWordException();
        }
        return constant;
    }

    /** The sum of unknowns that is added to the constant. */
    public LinearSum sum() {
        if (isUnread()) {
            throw new UnreadWordException();
        }
        return sum;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SymbolicWord word && constant == word.constant && sum.equals(word.sum);
    }

    /** TLC never sorts these: a set keeps them in the order in which they were found to be distinct. */
    @Override
    public int compareTo(Object other) {
        throw new UnsupportedOperationException("unknown words have no order");
    }

    @Override
    public byte getKind() {
        return TUPLEVALUE;
    }

    @Override
    public boolean member(Value element) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isFinite() {
        return true;
    }

    @Override
    public Value takeExcept(ValueExcept change) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Value takeExcept(ValueExcept[] changes) {
        throw new UnsupportedOperationException();
    }

    @Override
    boolean assignable(Value value) {
        return equals(value);
    }

    @Override
    public int size() {
        return 2;
    }

    @Override
    public boolean isNormalized() {
        return true;
    }

    @Override
    public Value normalize() {
        return this;
    }

    @Override
    public void deepNormalize() {
        // it has no parts
    }

    @Override
    public boolean isDefined() {
        return true;
    }

    @Override
    public IValue deepCopy() {
        return this;
    }

    @Override
    public long fingerPrint(long fp) {
        return 31 * fp + 31L * Long.hashCode(constant) + sum.hashCode();
    }

    @Override
    public StringBuffer toString(StringBuffer text, int offset, boolean swallow) {
        return text.append(Long.toUnsignedString(constant)).append(" + ").append(sum);
    }
}
