package dev.longitude.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longitude.x86.TscScaling;
import org.junit.jupiter.api.Test;

class DriftTest {
    /** The tolerance of 250 ppm is 86400 s * 250 / 10^6 = 21.6 s a day, and KVM still sets no ratio. */
    @Test
    void atTheToleranceItIs21SecondsADay() {
        Drift drift = new Drift(1_000_000, 1_000_250);
        assertThat(TscScaling.nearEnough(1_000_000, 1_000_250)).isTrue();
        assertThat(drift.ppm()).isCloseTo(250, within(1e-9));
        assertThat(drift.secondsADay()).isCloseTo(21.6, within(1e-9));
    }

    /** On a slower host the guest is slow: 249 ppm of 86400 s are 21.5136 s, and 250 are beyond the tolerance. */
    @Test
    void onASlowerHostTheGuestIsSlow() {
        assertThat(TscScaling.nearEnough(1_000_000, 999_751)).isTrue();
        assertThat(TscScaling.nearEnough(1_000_000, 999_750)).isFalse();
        assertThat(new Drift(1_000_000, 999_751).secondsADay()).isCloseTo(-21.5136, within(1e-9));
    }

    /** Equal hosts as calibrated at boot: 2 of 2596124 kHz are 0.7704 ppm, 66.6 ms a day; 576 are 221.87 ppm, 19.17 s. */
    @Test
    void calibrationAtBootAlreadyDrifts() {
        assertThat(new Drift(2_596_124, 2_596_126).ppm()).isCloseTo(0.7704, within(1e-4));
        assertThat(new Drift(2_596_124, 2_596_126).secondsADay()).isCloseTo(0.0666, within(1e-4));
        assertThat(new Drift(2_596_124, 2_596_700).ppm()).isCloseTo(221.87, within(1e-2));
        assertThat(new Drift(2_596_124, 2_596_700).secondsADay()).isCloseTo(19.17, within(1e-2));
    }

    /** Half a kHz twice is 1 kHz: 10^6 / 2596124 = 0.3852 ppm. */
    @Test
    void wholeKhzLeaveItsErrorOpen() {
        assertThat(new Drift(2_596_124, 2_596_126).errorPpm()).isCloseTo(0.3852, within(1e-4));
    }

    @Test
    void ratesArePositive() {
        assertThatThrownBy(() -> new Drift(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Drift(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
