package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeScaleTest {
    /**
     * Worked out by hand from the algorithm: the base is doubled until it exceeds the scaled rate, the multiplier is
     * their quotient times 2^32. 3.0 GHz: 1e9 is doubled twice, 3e9 / 4e9 = 0.75.
     */
    @ParameterizedTest
    @CsvSource({"2345678000, 2, 961f969e", "2500000000, 2, a0000000", "3000000000, 2, c0000000"})
    void nanosecondsToCycles(long hz, int shift, String mult) {
        assertThat(TimeScale.of(hz, TimeScale.NSEC_PER_SEC)).isEqualTo(new TimeScale(Long.parseLong(mult, 16), shift));
    }

    /** The pvclock's multiplier and shift: cycles to nanoseconds. 1.5 GHz: 1 / 1.5 = 0xaaaaaaaa / 2^32, truncated. */
    @ParameterizedTest
    @CsvSource({
        "1000000000, 1, 80000000",
        "1500000000, 0, aaaaaaaa",
        "2000000000, 0, 80000000",
        "2345678000, -1, da461657",
        "2400000000, -1, d5555555",
        "2500000000, -1, cccccccc",
        "2499999000, -1, ccccd22b",
        "2995200000, -1, aaf0af0a",
        "3000000000, -1, aaaaaaaa"
    })
    void cyclesToNanoseconds(long hz, int shift, String mult) {
        assertThat(TimeScale.of(TimeScale.NSEC_PER_SEC, hz)).isEqualTo(new TimeScale(Long.parseLong(mult, 16), shift));
    }

    @Test
    void aSecondIsAsManyCyclesAsTheRateSays() {
        assertThat(TimeScale.of(3_000_000_000L, TimeScale.NSEC_PER_SEC).apply(1_000_000_000L))
                .isEqualTo(3_000_000_000L);
    }

    @Test
    void whatTheShiftPushesOutIsLost() {
        assertThat(new TimeScale(1L << 31, 1).apply(-1L)).isEqualTo((-2L >>> 1) & ~0L);
    }

    /**
     * A power of two as one rate, and the other one odd: whether the algorithm halves a rate, which loses its last bit,
     * depends on which bounds it includes.
     */
    @ParameterizedTest
    @CsvSource({
        "2147483649, 4294967296, 0, 80000000", // the base of 2^32 is halved: then the rate of 2^31 + 1 is, too
        "2147483649, 2147483648, 1, 80000000", // a base of 2^31 is not doubled: the rate is halved
        "2147483649, 2147483647, 1, 80000002", // one of 2^31 - 1 is: (2^31 + 1) / (2^32 - 2)
        "4294967297, 4294967295, 1, 80000000",
        "5, 5, 1, 80000000", // equal rates: the multiplier would need 33 bits
        "1, 2, 0, 80000000",
        "1, 3, 0, 80000000", // as in the kernel: 3 is halved, which is 1
        "4294967295, 4294967295, 1, 7fffffff", // the smallest multiplier
        "4611686018427387903, 4611686018427387903, 1, 7fffffff"
    })
    void theBoundsOfTheAlgorithm(long scaledHz, long baseHz, int shift, String mult) {
        assertThat(TimeScale.of(scaledHz, baseHz)).isEqualTo(new TimeScale(Long.parseLong(mult, 16), shift));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0", "-1, 1", "1, -1", "4611686018427387904, 4294967296", "4294967296, 4611686018427387904"})
    void aRateIsFromOneTo2To62(long scaledHz, long baseHz) {
        assertThatThrownBy(() -> TimeScale.of(scaledHz, baseHz)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "4294967296, 0", "0, -33", "0, 33"})
    void aMultiplierHas32BitsAndAShiftMovesNoMore(long mult, int shift) {
        assertThatThrownBy(() -> new TimeScale(mult, shift)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"0, -32, 0", "0, 32, 0", "4294967295, 0, 4294967295"})
    void theEndsOfTheRangesAreInThem(long mult, int shift, long applied) {
        assertThat(new TimeScale(mult, shift).apply(1L << 32)).isEqualTo(applied);
    }
}
