package dev.longitude.recipe;

import dev.longitude.x86.TscScaling;
import java.util.SplittableRandom;

/** Draws how long things last in a world, and at which rates the hosts run. Durations are in ns. */
final class WorldSample {
    /** The largest difference between the wall clocks of two hosts where a recipe depends on them, ns. */
    static final long WALL_CLOCK_BOUND_NS = 50_000_000;

    private static final long SECOND = 1_000_000_000L;

    private final Recipe recipe;
    private final World world;
    private final SplittableRandom random;

    WorldSample(Recipe recipe, World world, SplittableRandom random) {
        this.recipe = recipe;
        this.world = world;
        this.random = random;
    }

    private long between(long least, long most) {
        return random.nextLong(least, most);
    }

    /** How long the guest runs before it is saved. */
    long uptime() {
        return switch (world) {
            case YOUNG_GUEST -> between(SECOND / 100, SECOND);
            case SHORT ->
                random.nextBoolean() ? between(SECOND / 100, SECOND / 10) : between(300 * SECOND, 3600 * SECOND);
            default -> between(300 * SECOND, 3600 * SECOND);
        };
    }

    /** How long the VMM waits for memory or its user. */
    long waiting() {
        return random.nextBoolean() ? between(SECOND / 1000, SECOND * 9 / 10) : between(SECOND * 11 / 10, 60 * SECOND);
    }

    /** How long the blackout lasts. */
    long blackout() {
        return world == World.SHORT ? between(SECOND / 1000, SECOND * 6 / 10) : between(SECOND * 12 / 10, 600 * SECOND);
    }

    /**
     * By how much CLOCK_REALTIME is ahead after a blackout, signed.
     *
     * @param blackout its length
     */
    long skew(long blackout) {
        if (world == World.STEPPED_CLOCK) {
            long by = 2 * blackout + between(2 * SECOND, 60 * SECOND);
            return random.nextBoolean() ? by : -by;
        }
        return recipe.goesByWallClocks() ? between(-WALL_CLOCK_BOUND_NS, WALL_CLOCK_BOUND_NS + 1) : 0;
    }

    /**
     * The rate of the destination's counter, kHz.
     *
     * @param guestKhz the source's, and the guest's, kHz
     */
    int destinationKhz(int guestKhz) {
        return switch (world) {
            case NEAR_RATE ->
                guestKhz + signed(random.nextInt(2, (int) (guestKhz / 1_000_000L * TscScaling.TOLERANCE_PPM)));
            case OTHER_RATE, CANNOT_SCALE -> guestKhz + signed((int) (guestKhz / 100L * random.nextInt(5, 40)));
            default -> guestKhz;
        };
    }

    private int signed(int by) {
        return random.nextBoolean() ? by : -by;
    }
}
