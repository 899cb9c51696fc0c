package dev.longitude.lockstep;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The pairs that were found: their fingerprints, and how each was reached first. */
final class Visited {
    private static final int INITIAL = 1 << 12;

    /** An open hash table of fingerprints; 0 is an empty place. */
    private long[] table = new long[2 * INITIAL];

    private long[] prints = new long[INITIAL];
    private int[] parents = new int[INITIAL];
    private short[] moves = new short[INITIAL];
    private int size;

    int size() {
        return size;
    }

    /** Adds a pair, unless there is one with that fingerprint; returns whether it is new. */
    boolean add(long print, int parent, int move) {
        long key = print == 0 ? 1 : print;
        if (!put(table, key)) {
            return false;
        }
        if (size == prints.length) {
            prints = Arrays.copyOf(prints, 2 * size);
            parents = Arrays.copyOf(parents, 2 * size);
            moves = Arrays.copyOf(moves, 2 * size);
            long[] larger = new long[4 * size];
            for (int i = 0; i < size; i++) {
                put(larger, prints[i]);
            }
            put(larger, key);
            table = larger;
        }
        prints[size] = key;
        parents[size] = parent;
        moves[size] = (short) move;
        size++;
        return true;
    }

    private static boolean put(long[] table, long key) {
        int mask = table.length - 1;
        int place = (int) (key ^ (key >>> 32)) & mask;
        while (table[place] != 0) {
            if (table[place] == key) {
                return false;
            }
            place = (place + 1) & mask;
        }
        table[place] = key;
        return true;
    }

    /** Writes all of it. */
    void write(DataOutput out) throws IOException {
        out.writeInt(size);
        for (int i = 0; i < size; i++) {
            out.writeLong(prints[i]);
            out.writeInt(parents[i]);
            out.writeShort(moves[i]);
        }
    }

    /** Reads what {@link #write} wrote. */
    static Visited read(DataInput in) throws IOException {
        Visited visited = new Visited();
        int size = in.readInt();
        for (int i = 0; i < size; i++) {
            long print = in.readLong();
            if (!visited.add(print, in.readInt(), in.readShort())) {
                throw new IOException("a state occurs twice in the checkpoint");
            }
        }
        return visited;
    }

    /** The moves from the initial state to a pair. */
    ImmutableList<Integer> path(int number) {
        List<Integer> backwards = new ArrayList<>();
        for (int i = number; parents[i] >= 0; i = parents[i]) {
            backwards.add((int) moves[i]);
        }
        return ImmutableList.copyOf(Lists.reverse(backwards));
    }
}
