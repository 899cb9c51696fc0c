package dev.longitude.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelProfileTest {
    @ParameterizedTest
    @CsvSource({
        "5.16, V6_1",
        "6.1.0-56-amd64, V6_1",
        "6.6.99, V6_1",
        "6.8.0, V6_12",
        "6.12.95+deb12-cloud-amd64, V6_12",
        "7.3.4, V6_12"
    })
    void coversReleases(String release, KernelProfile profile) {
        assertThat(KernelProfile.covering(release)).contains(profile);
    }

    /** 6.7 has one of the two switches; before 5.16 there is no offset attribute; the rest is no release. */
    @ParameterizedTest
    @CsvSource({"6.7.4", "5.15.0", "tsc", "''", "6"})
    void coversNothingElse(String release) {
        assertThat(KernelProfile.covering(release)).isEmpty();
    }
}
