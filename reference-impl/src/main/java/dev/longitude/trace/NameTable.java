package dev.longitude.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Looks up values by names in an array of bytes: a hash table with open addressing. */
final class NameTable<T> {
    private final byte[][] names;
    private final List<@Nullable T> values;
    private final int mask;

    NameTable(List<T> all, Function<T, String> name) {
        int size = Integer.highestOneBit(all.size()) * 4;
        mask = size - 1;
        names = new byte[size][];
        values = Arrays.asList(newArray(size));
        for (T one : all) {
            byte[] bytes = name.apply(one).getBytes(US_ASCII);
            int slot = hash(bytes, 0, bytes.length) & mask;
            while (values.get(slot) != null) {
                slot = (slot + 1) & mask;
            }
            names[slot] = bytes;
            values.set(slot, one);
        }
    }

    @SuppressWarnings("unchecked") // nothing but the list sees the array
    private static <T> @Nullable T[] newArray(int size) {
        return (@Nullable T[]) new Object[size];
    }

    /** The value whose name is there, or null. */
    @Nullable
    T find(byte[] bytes, int from, int to) {
        for (int slot = hash(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
            T value = values.get(slot);
            if (value == null || Arrays.equals(names[slot], 0, names[slot].length, bytes, from, to)) {
                return value;
            }
        }
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash ^ (hash >>> 15);
    }
}
