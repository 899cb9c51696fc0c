package dev.longitude.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers of a simulated run: conversions, a VMM's arithmetic, and what is drawn for a world. */
class RecipeNumbersTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long MS = 1_000_000L;
    private static final int DRAWS = 2_000;

    /** 2.5 cycles a ns; both directions round down, also below 0. */
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 2",
        "-1, -3",
        "1000001, 2500002",
        "-1000001, -2500003",
        "999999, 2499997",
        "4000000000, 10000000000"
    })
    void nanosecondsAreCyclesAtTheRate(long ns, long cycles) {
        assertThat(SimulatedHost.cycles(ns, 2_500_000)).isEqualTo(cycles);
    }

    /** 2 cycles a ns. */
    @ParameterizedTest
    @CsvSource({"0, 0", "7, 3", "-7, -4", "2000001, 1000000", "-2000001, -1000001", "20000000000, 10000000000"})
    void cyclesAreNanosecondsAtTheRate(long cycles, long ns) {
        assertThat(SimulatedHost.ns(cycles, 2_000_000)).isEqualTo(ns);
    }

    private static long eval(String expression, int vcpu) {
        SavedValues saved = new SavedValues(2_500_000);
        saved.put("tsc", 0, 100);
        saved.put("tsc", 1, 200);
        saved.put("clock.flags", 0, 14);
        saved.put("back", 0, -8);
        return saved.eval(Expression.parse(expression), vcpu, counter -> 3 * counter);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7 | 7",
                "tsc | 200", // the vCPU's own
                "tsc[0] | 100",
                "tsc - tsc[0] + 1 | 101", // from left to right
                "tsc - (tsc[0] + 1) | 99",
                "cycles(tsc) | 500",
                "scaled(tsc) | 600",
                "atLeast0(back[0]) | 0",
                "atLeast0(tsc) | 200",
                "without(clock.flags[0], 4) | 10",
                "without(clock.flags[0], 1) | 14"
            })
    void theVmmComputes(String expression, long value) {
        assertThat(eval(expression, 1)).isEqualTo(value);
    }

    @Test
    void whatIsNotSavedCannotBeUsed() {
        assertThatThrownBy(() -> eval("tsc", 2)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> eval("other", 0)).isInstanceOf(NullPointerException.class);
    }

    private static WorldSample sample(World world, boolean byRealtime) throws RecipeException {
        String recipe = """
                about: a VMM
                arch: x86_64
                policy: advance
                save:
                  - pause
                  - ReadRealtime: {as: stop}
                  - inTurn:
                      - ReadTsc: {as: tsc}
                restore:
                  - inTurn: [CreateVcpu]
                  - inTurn:
                      - WriteTsc: {value: tsc}
                  - run
                """;
        return new WorldSample(
                RecipeReader.read(
                        "mine.yaml",
                        "mine",
                        new StringReader(byRealtime ? recipe : recipe.replace("  - ReadRealtime: {as: stop}\n", ""))),
                world,
                new SplittableRandom(1));
    }

    /** Draws come from within bounds, and from close to both of them. */
    private static void assertSpread(LongSupplier draw, long least, long most) {
        long[] all = LongStream.generate(draw).limit(DRAWS).sorted().toArray();
        assertThat(all[0]).isBetween(least, least + (most - least) / 20);
        assertThat(all[DRAWS - 1]).isBetween(most - (most - least) / 20, most - 1);
    }

    @ParameterizedTest
    @EnumSource(World.class)
    void aGuestRunsForMinutesUnlessTheWorldSaysOtherwise(World world) throws RecipeException {
        WorldSample sample = sample(world, false);
        switch (world) {
            case YOUNG_GUEST -> assertSpread(sample::uptime, 10 * MS, SECOND);
            case SHORT -> {
                long[] all = LongStream.generate(sample::uptime)
                        .limit(DRAWS)
                        .sorted()
                        .toArray();
                assertThat(all[0]).isBetween(10 * MS, 20 * MS);
                assertThat(LongStream.of(all)).noneMatch(ns -> ns >= 100 * MS && ns < 300 * SECOND);
                assertThat(all[DRAWS / 4]).isLessThan(100 * MS);
                assertThat(all[DRAWS * 3 / 4]).isGreaterThan(300 * SECOND);
                assertThat(all[DRAWS - 1]).isBetween(3_400 * SECOND, 3_600 * SECOND);
            }
            default -> assertSpread(sample::uptime, 300 * SECOND, 3_600 * SECOND);
        }
    }

    /** Never about as long as the second that KVM counts with. */
    @ParameterizedTest
    @EnumSource(World.class)
    void aBlackoutAndAWaitAreShortOrLong(World world) throws RecipeException {
        WorldSample sample = sample(world, false);
        if (world == World.SHORT) {
            assertSpread(sample::blackout, MS, 600 * MS);
        } else {
            assertSpread(sample::blackout, 1_200 * MS, 600 * SECOND);
        }
        long[] waits =
                LongStream.generate(sample::waiting).limit(DRAWS).sorted().toArray();
        assertThat(waits[0]).isBetween(MS, 20 * MS);
        assertThat(LongStream.of(waits)).noneMatch(ns -> ns >= 900 * MS && ns < 1_100 * MS);
        assertThat(waits[DRAWS / 4]).isLessThan(900 * MS);
        assertThat(waits[DRAWS - 1]).isBetween(57 * SECOND, 60 * SECOND);
    }

    /** By 50 ms at most if the recipe goes by them; a stepped clock is off by more than twice the blackout. */
    @ParameterizedTest
    @EnumSource(World.class)
    void wallClocksDiffer(World world) throws RecipeException {
        WorldSample without = sample(world, false);
        WorldSample with = sample(world, true);
        if (world == World.STEPPED_CLOCK) {
            assertSpread(() -> Math.abs(with.skew(5 * SECOND)), 12 * SECOND, 70 * SECOND);
            assertThat(LongStream.generate(() -> with.skew(5 * SECOND)).limit(DRAWS))
                    .anyMatch(ns -> ns < 0)
                    .anyMatch(ns -> ns > 0);
        } else {
            assertThat(without.skew(5 * SECOND)).isZero();
            assertSpread(() -> with.skew(5 * SECOND), -50 * MS, 50 * MS + 1);
        }
    }

    /** The guest has 2 GHz: 250 ppm of it are 500 kHz, and 5 to 39 % of it 100 to 780 MHz. */
    @ParameterizedTest
    @EnumSource(World.class)
    void theDestinationHasTheRateOfTheWorld(World world) throws RecipeException {
        WorldSample sample = sample(world, false);
        LongSupplier by = () -> sample.destinationKhz(2_000_000) - 2_000_000L;
        switch (world) {
            case NEAR_RATE -> assertSpread(() -> Math.abs(by.getAsLong()), 2, 500);
            case OTHER_RATE, CANNOT_SCALE -> assertSpread(() -> Math.abs(by.getAsLong()), 100_000, 780_001);
            default -> assertThat(by.getAsLong()).isZero();
        }
        if (world.changesRate()) {
            assertThat(LongStream.generate(by).limit(DRAWS))
                    .anyMatch(d -> d < 0)
                    .anyMatch(d -> d > 0);
        }
    }
}
