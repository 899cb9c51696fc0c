package dev.longitude.trace;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.trace.ByteCursor.Unusual;
import org.jspecify.annotations.Nullable;

/**
 * Reads values of the fields and variables of events from bytes, in the form that writers produce; as {@link
 * JsonLine#value}.
 */
final class ValueScanner {
    /** Sets of vCPUs below this number are created once. */
    private static final int MOST_KEPT = 8;

    private final ByteCursor cursor;

    /** The sets created so far, by the bits of their vCPUs. */
    private final @Nullable ImmutableSortedSet<?>[] sets = new ImmutableSortedSet<?>[1 << MOST_KEPT];

    ValueScanner(ByteCursor cursor) {
        this.cursor = cursor;
    }

    /** The value, read as {@code kind}. */
    Object value(Kind kind) throws Unusual {
        return switch (kind) {
            case VCPU, PCPU -> cursor.number(0, JsonLine.LARGEST_VCPU);
            case UINT64, UINT64_OF_VM -> cursor.word();
            case UINT31 -> cursor.number(0, Integer.MAX_VALUE);
            case INT8 -> cursor.number(-128, 127);
            case FLAG, FLAG_OF_VM -> cursor.flag();
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU -> byIndex(kind.each());
            case VCPU_SET -> vcpuSet();
        };
    }

    /** A word, or an array of two. */
    Interval interval() throws Unusual {
        if (!cursor.take('[')) {
            return Interval.exactly(cursor.word());
        }
        long lo = cursor.word();
        cursor.expect(',');
        long hi = cursor.word();
        cursor.expect(']');
        if (hi - lo < 0) {
            throw ByteCursor.unusual();
        }
        return new Interval(lo, hi);
    }

    private ImmutableSortedMap<Integer, Object> byIndex(Kind each) throws Unusual {
        cursor.expect('{');
        if (cursor.take('}')) {
            return ImmutableSortedMap.of();
        }
        int last = cursor.index(JsonLine.LARGEST_VCPU);
        Object first = value(each);
        if (cursor.take('}')) {
            return ImmutableSortedMap.of(last, first);
        }
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        values.put(last, first);
        do {
            cursor.expect(',');
            int index = cursor.index(JsonLine.LARGEST_VCPU);
            if (index <= last) {
                throw ByteCursor.unusual(); // perhaps a duplicate
            }
            values.put(index, value(each));
            last = index;
        } while (!cursor.take('}'));
        return values.buildOrThrow();
    }

    private ImmutableSortedSet<?> vcpuSet() throws Unusual {
        cursor.expect('[');
        int bits = 0;
        if (!cursor.take(']')) {
            do {
                int vcpu = cursor.number(0, JsonLine.LARGEST_VCPU);
                if (vcpu >= MOST_KEPT) {
                    return largeVcpuSet(bits, vcpu);
                }
                bits |= 1 << vcpu;
            } while (cursor.take(','));
            cursor.expect(']');
        }
        ImmutableSortedSet<?> set = sets[bits];
        if (set == null) {
            set = ofBits(bits).build();
            sets[bits] = set;
        }
        return set;
    }

    /** The set of these vCPUs, of {@code next}, which was read last, and of those that follow. */
    private ImmutableSortedSet<?> largeVcpuSet(int bits, int next) throws Unusual {
        ImmutableSortedSet.Builder<Integer> vcpus = ofBits(bits).add(next);
        while (cursor.take(',')) {
            vcpus.add(cursor.number(0, JsonLine.LARGEST_VCPU));
        }
        cursor.expect(']');
        return vcpus.build();
    }

    private static ImmutableSortedSet.Builder<Integer> ofBits(int bits) {
        ImmutableSortedSet.Builder<Integer> vcpus = ImmutableSortedSet.naturalOrder();
        for (int vcpu = 0; vcpu < MOST_KEPT; vcpu++) {
            if ((bits & 1 << vcpu) != 0) {
                vcpus.add(vcpu);
            }
        }
        return vcpus;
    }
}
