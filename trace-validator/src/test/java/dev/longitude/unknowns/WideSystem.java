package dev.longitude.unknowns;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Clocks as in a recording: ordered instants of a counter in intervals, and conversions of their distances, of which
 * some are known exactly. All constraints hold at one point, unless one is off by a little.
 */
final class WideSystem {
    private static final long[] KHZ = {1_000_000, 1_996_249, 2_400_000, 2_899_886, 3_599_998};

    private final long seed;
    private final Random random;
    private final List<Long> point = new ArrayList<>();
    final Store store = new Store();

    WideSystem(long seed) {
        this.seed = seed;
        random = new Random(seed);
        int instants = 2 + random.nextInt(3);
        long scale = 1L << (4 + random.nextInt(42));
        List<LinearSum> counters = new ArrayList<>();
        for (int i = 0; i < instants; i++) {
            counters.add(unknown(random.nextLong(scale), random.nextLong(scale)));
        }
        for (int i = 1; i < instants && !store.isInfeasible(); i++) {
            LinearSum distance = counters.get(i).minus(counters.get(i - 1));
            long value = at(distance);
            store.because("order " + i);
            if (value >= 0) {
                store.require(distance, Math.max(0, value - random.nextLong(scale)), Store.INFINITY);
            } else {
                store.require(distance, -Store.INFINITY, off());
            }
        }
        int conversions = 1 + random.nextInt(4);
        List<LinearSum> nanoseconds = new ArrayList<>();
        for (int i = 0; i < conversions && !store.isInfeasible(); i++) {
            LinearSum x = counters.get(random.nextInt(instants));
            if (random.nextInt(3) > 0) {
                x = x.minus(counters.get(random.nextInt(instants)));
            }
            if (x.isZero()) {
                continue;
            }
            nanoseconds.add(convert(x, i));
        }
        for (int i = 0; i < 4 && nanoseconds.size() > 0 && !store.isInfeasible(); i++) {
            LinearSum sum = nanoseconds.get(random.nextInt(nanoseconds.size()));
            if (random.nextBoolean()) {
                LinearSum other = random.nextBoolean()
                        ? nanoseconds.get(random.nextInt(nanoseconds.size()))
                        : counters.get(random.nextInt(instants));
                sum = random.nextBoolean() ? sum.plus(other) : sum.minus(other);
            }
            long value = at(sum) + off();
            long room = random.nextInt(3) == 0 ? random.nextLong(scale) : random.nextInt(3);
            store.because("observed " + i);
            store.require(sum, value - random.nextLong(room + 1), value + random.nextLong(room + 1));
        }
    }

    /** Mostly zero: then there is a solution. */
    private long off() {
        return random.nextInt(4) > 0 ? 0 : random.nextInt(7) - 3L;
    }

    private LinearSum unknown(long value, long width) {
        long below = random.nextLong(width + 1);
        point.add(value);
        return LinearSum.of(store.because("range").unknown(value - below, value - below + width));
    }

    private LinearSum convert(LinearSum x, int i) {
        Floor floor = random.nextBoolean()
                ? new Floor(1_000_000, 0, KHZ[random.nextInt(KHZ.length)], 0, 55)
                : new Floor(1L + random.nextInt(Integer.MAX_VALUE), 0, 1L << (29 + random.nextInt(4)), 0, 55);
        long value = floor.least(at(x));
        if (random.nextInt(3) == 0) {
            floor = new Floor(floor.times(), floor.plus(), floor.by(), 1 + (Math.abs(value) >> 22), 55);
        }
        long width = Math.max(2, Math.abs(value));
        LinearSum y = unknown(value, random.nextLong(width));
        store.because("conversion " + i).relate(y, x, floor);
        return y;
    }

    private long at(LinearSum sum) {
        return sum.at(point::get);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed " + seed + ":");
        store.constraints().forEach(constraint -> text.append("\n  ").append(constraint));
        return text + "\n  repeat: mvn test -pl reference-impl,trace-validator -Dtest=StoreAgainstSmtTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dunknowns.seed=" + seed;
    }
}
