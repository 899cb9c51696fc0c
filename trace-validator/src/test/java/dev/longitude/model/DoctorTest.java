package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DoctorTest {
    @ParameterizedTest
    @EnumSource(names = {"SAFETY", "LIVENESS"})
    void theBundledTlcFindsWhatLongitudeReliesOn(Doctor check) throws Exception {
        assertThat(check.isNeeded()).isTrue();
        assertThat(check.isRight()).isTrue();
    }

    /** The known results for the bundled TLC; if one changes, another TLC is bundled. */
    @ParameterizedTest
    @EnumSource(names = {"LAZY_EXCEPT", "SHARED_EXCEPT", "CONTINUE"})
    void theBundledTlcHasItsKnownFaults(Doctor check) throws Exception {
        assertThat(check.isNeeded()).isFalse();
        assertThat(check.isRight()).isFalse();
    }
}
