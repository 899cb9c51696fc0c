package dev.longitude.unknowns;

import static dev.longitude.unknowns.ExtendedBound.INFINITY;

import java.util.Arrays;

/**
 * A difference bound matrix: the greatest difference of any two of a set of integers, closed, so that no two bounds add
 * up to less than a third. Integers have places from 1 on; place 0 is the constant 0, so a difference to it bounds the
 * integer itself.
 *
 * <p>Copies share the matrix until one of them changes it.
 */
final class DifferenceBounds {
    private static final int FIRST_CAPACITY = 8;

    private long[] greatest;
    private int capacity;
    private int places;
    private boolean shared;

    /** When a bound of the place alone, and one of a pair with it, last changed; links wait for such changes. */
    private int[] alone;

    private int[] inPair;
    private int clock;
    private int lastTied;

    private int[] rows;
    private int[] columns;

    DifferenceBounds() {
        capacity = FIRST_CAPACITY;
        greatest = new long[capacity * capacity];
        Arrays.fill(greatest, INFINITY);
        greatest[0] = 0;
        places = 1;
        alone = new int[capacity];
        inPair = new int[capacity];
        rows = new int[capacity];
        columns = new int[capacity];
    }

    private DifferenceBounds(DifferenceBounds from) {
        from.shared = true;
        shared = true;
        greatest = from.greatest;
        capacity = from.capacity;
        places = from.places;
        alone = new int[capacity];
        inPair = new int[capacity];
        rows = new int[capacity];
        columns = new int[capacity];
    }

    DifferenceBounds copy() {
        return new DifferenceBounds(this);
    }

    /** Places in use, the free ones between them included. */
    int places() {
        return places;
    }

    /** The greatest that a - b can be; {@link ExtendedBound#INFINITY} if nothing bounds it. */
    long greatest(int a, int b) {
        return greatest[a * capacity + b];
    }

    int clock() {
        return clock;
    }

    int changedAlone(int place) {
        return alone[place];
    }

    /** When a difference was last found to have one value. */
    int lastTied() {
        return lastTied;
    }

    int changedInPair(int place) {
        return inPair[place];
    }

    /** Allocates the place for an integer between these bounds, both within {@link ExtendedBound#INFINITY}. */
    void add(int place, long least, long most) {
        if (place >= capacity) {
            grow();
        }
        own();
        places = Math.max(places, place + 1);
        for (int other = 0; other < places; other++) {
            greatest[other * capacity + place] = ExtendedBound.plus(greatest(other, 0), -least);
            greatest[place * capacity + other] = ExtendedBound.plus(most, greatest(0, other));
        }
        greatest[place * capacity + place] = 0;
    }

    /** Frees the place. The bounds of the others that followed from it stay. */
    void remove(int place) {
        own();
        for (int other = 0; other < places; other++) {
            greatest[other * capacity + place] = INFINITY;
            greatest[place * capacity + other] = INFINITY;
        }
    }

    /** Imposes {@code p - q <= most}; false if that contradicts the bounds. */
    boolean limit(int p, int q, long most) {
        if (most >= greatest(p, q)) {
            return true;
        }
        if (most < -greatest(q, p)) {
            return false;
        }
        own();
        clock++;
        // Only where the step from p to q shortens a path that ends at q, or one that begins at p, can it shorten any
        // other.
        int nrRows = 0;
        int nrColumns = 0;
        for (int other = 0; other < places; other++) {
            if (ExtendedBound.plus(greatest(other, p), most) < greatest(other, q)) {
                rows[nrRows++] = other;
            }
            if (ExtendedBound.plus(most, greatest(q, other)) < greatest(p, other)) {
                columns[nrColumns++] = other;
            }
        }
        for (int i = 0; i < nrRows; i++) {
            int row = rows[i];
            long toQ = ExtendedBound.plus(greatest(row, p), most);
            for (int j = 0; j < nrColumns; j++) {
                int column = columns[j];
                long sum = ExtendedBound.plus(toQ, greatest(q, column));
                if (sum < greatest(row, column)) {
                    if (row == column) {
                        return false;
                    }
                    greatest[row * capacity + column] = sum;
                    changed(row, column);
                    if (sum == -greatest(column, row)) {
                        lastTied = clock;
                    }
                }
            }
        }
        return true;
    }

    /**
     * A subset of the places, renumbered.
     *
     * @param numbers the new number of each place that is kept, and 0 for those that are not
     * @param count how many are kept; their numbers are 1 to this
     */
    DifferenceBounds renumbered(int[] numbers, int count) {
        DifferenceBounds part = new DifferenceBounds();
        while (part.capacity <= count) {
            part.grow();
        }
        part.places = count + 1;
        for (int a = 0; a < places; a++) {
            for (int b = 0; b < places; b++) {
                if ((a == 0 || numbers[a] > 0) && (b == 0 || numbers[b] > 0)) {
                    part.greatest[numbers[a] * part.capacity + numbers[b]] = greatest(a, b);
                }
            }
        }
        return part;
    }

    private void changed(int a, int b) {
        if (a == 0) {
            alone[b] = clock;
        } else if (b == 0) {
            alone[a] = clock;
        } else {
            inPair[a] = clock;
            inPair[b] = clock;
        }
    }

    private void own() {
        if (shared) {
            greatest = greatest.clone();
            shared = false;
        }
    }

    private void grow() {
        int wider = capacity * 2;
        long[] larger = new long[wider * wider];
        Arrays.fill(larger, INFINITY);
        for (int place = 0; place < places; place++) {
            System.arraycopy(greatest, place * capacity, larger, place * wider, places);
        }
        greatest = larger;
        capacity = wider;
        shared = false;
        alone = Arrays.copyOf(alone, wider);
        inPair = Arrays.copyOf(inPair, wider);
        rows = new int[wider];
        columns = new int[wider];
    }
}
