package dev.longitude.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelProfileTest {
    @ParameterizedTest
    @CsvSource({
        "5.10.223, V5_10",
        "5.14.0, V5_14",
        "5.16, V5_16",
        "6.0.7, V5_16",
        "6.1.0-56-amd64, V6_1",
        "6.2.16, V6_1",
        "6.3.0, V6_3",
        "6.3.13, V6_3",
        "6.4.0, V6_4",
        "6.5.13, V6_4",
        "6.6.99, V6_6",
        "6.7.4, V6_7",
        "6.8.0, V6_8",
        "6.12.95+deb12-cloud-amd64, V6_12",
        "6.16.3, V6_12",
        "6.17.0, V7_3",
        "7.2.12, V7_3",
        "7.3, V7_3",
        "7.3.3-arch1-1, V7_3",
        "7.3.4, V7_3_4",
        "7.3.10, V7_3_4",
        "7.4.0-rc1, V7_3_4"
    })
    void coversReleases(String release, KernelProfile profile) {
        assertThat(KernelProfile.covering(release)).contains(profile);
    }

    /** 5.15 is between two profiles, 5.9 older than all; the rest is no release. */
    @ParameterizedTest
    @CsvSource({"5.9.0", "5.15.0", "tsc", "''", "6"})
    void coversNothingElse(String release) {
        assertThat(KernelProfile.covering(release)).isEmpty();
    }
}
