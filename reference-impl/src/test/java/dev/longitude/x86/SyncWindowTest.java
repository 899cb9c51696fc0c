package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyncWindowTest {
    private static final long HZ = 1_000_000_000L;

    /** The window is open at both ends: exactly one second away does not match, one cycle less does. */
    @ParameterizedTest
    @CsvSource({
        "-1000000000, false",
        "-999999999, true",
        "0, true",
        "999999999, true",
        "1000000000, false",
        "3000000000, false"
    })
    void isOneSecondWideOnEitherSide(long distance, boolean inside) {
        long expected = 50 * HZ;
        assertThat(SyncWindow.contains(expected + distance, expected, HZ)).isEqualTo(inside);
    }

    /** The sums wrap as in C: at 2^64 - 1 the upper edge lies at 10^9 - 1, below the value itself. */
    @ParameterizedTest
    @CsvSource({"-1, -1, false", "-1000000001, -1000000001, true", "-1000000000, -1000000000, false"})
    void closeToTheEndOfTheCounterTheEdgesWrap(long value, long expected, boolean inside) {
        assertThat(SyncWindow.contains(value, expected, HZ)).isEqualTo(inside);
    }
}
