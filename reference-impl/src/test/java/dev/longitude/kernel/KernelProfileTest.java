package dev.longitude.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A kernel's name determines its switches; these are examples. */
class KernelProfileTest {
    /** What {@code uname -r} prints, and the named kernel with equal switches. */
    @ParameterizedTest
    @CsvSource({
        "5.10.0-8-amd64, v5.10",
        "5.11.22, 5.11.22 (as v5.10)",
        "5.13.0, 5.13 (as v5.14)",
        "5.14.0, v5.14",
        "5.15.0, v5.15",
        "5.15.148-android13, v5.15",
        "5.16, v5.16",
        "6.0.7, 6.0.7 (as v5.16)",
        "6.1.0-56-amd64, v6.1",
        "6.2.16, 6.2.16 (as v6.1)",
        "6.3.13, v6.3",
        "6.5.13, 6.5.13 (as v6.4)",
        "6.6.99, v6.6",
        "6.7.4, v6.7",
        "6.9.12, 6.9.12 (as v6.8)",
        "6.12.95+deb12-cloud-amd64, v6.12",
        "6.12.117, v6.12",
        "6.16.3, 6.16.3 (as v6.12)",
        "6.17.0, 6.17 (as v7.3)",
        "7.2.12, 7.2.12 (as v7.3)",
        "7.3.3-arch1-1, v7.3",
        "7.3.4, v7.3.4",
        "7.3.10, v7.3.4",
        "7.4.0-rc1, 7.4 (as v7.3.4)",
        "8.1, 7.4 (as v7.3.4)"
    })
    void aRecordedReleaseIsJudgedByTheKernelThatReportsKnow(String release, String name) {
        assertThat(KernelProfile.covering(release)).map(KernelProfile::toString).contains(name);
    }

    /** A stable release with a backport equals no mainline release: its series lacks the other changes. */
    @ParameterizedTest
    @CsvSource({"5.10.262, v5.10.262", "5.10.65, v5.10.65", "6.12.118, v6.12.118", "5.14.4, v5.15"})
    void aStableReleaseWithAChange(String release, String name) {
        KernelProfile expected = KernelProfile.of(name);
        assertThat(KernelProfile.covering(release))
                .hasValueSatisfying(k -> assertThat(k.switches()).isEqualTo(expected.switches()));
    }

    @Test
    void aChangeComesWithItsMainlineReleaseAndWithTheStableOnesThatGotIt() {
        for (String with : List.of("5.10.65", "5.10.300", "5.14.4", "5.14.21", "5.15", "5.16", "7.4")) {
            assertThat(KernelProfile.of(with).has(Switch.ADJUST_ASKS)).as(with).isTrue();
        }
        for (String without : List.of("3.16", "5.10", "5.10.64", "5.11.22", "5.12.19", "5.13.19", "5.14.3")) {
            assertThat(KernelProfile.of(without).has(Switch.ADJUST_ASKS))
                    .as(without)
                    .isFalse();
        }
        assertThat(KernelProfile.of("5.11.22").has(Switch.SET_CLOCK_FROM_NOW)).isTrue();
        assertThat(KernelProfile.of("5.12").has(Switch.SET_CLOCK_FROM_NOW)).isFalse();
    }

    /** A posting has its own changes and those of the release that it is based on. */
    @Test
    void aPostingStandsOnARelease() {
        assertThat(KernelProfile.of("series-v2").switches())
                .contains(Switch.READS_FLAG_LATER, Switch.TSC_OFFSET_ATTR, Switch.REFUSES_OWN_FLAGS)
                .doesNotContain(Switch.ADJUST_ASKS, Switch.SET_CLOCK_FROM_NOW, Switch.OFFSETS_OF_VM);
        assertThat(KernelProfile.of("corrected").switches())
                .containsAll(KernelProfile.of("7.4").switches())
                .contains(Switch.MATCHES_OFFSETS, Switch.CREATION_KEEPS_LINE);
    }

    @ParameterizedTest
    @CsvSource({
        "6.9, v6.9, 6.9 (as v6.8)",
        "v6.12.95, v6.12.95, 6.12.95 (as v6.12)",
        "6.12.95+deb12-cloud-amd64, v6.12.95, 6.12.95 (as v6.12)",
        "5.15, v5.15, v5.15",
        "5.10.262, v5.10.262, v5.10.262",
        "7.1, v7.1, 7.1 (as v7.3)",
        "7.3.4, v7.3.4, v7.3.4",
        "v6.12, v6.12, v6.12",
        "series-v2, series-v2, series-v2"
    })
    void aNameIsAReleaseOrAPosting(String given, String specName, String printed) {
        KernelProfile kernel = KernelProfile.of(given);
        assertThat(kernel.specName()).isEqualTo(specName);
        assertThat(kernel).hasToString(printed).isEqualTo(KernelProfile.of(specName));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5.9",
                "4.19.1",
                "5.20",
                "6.20",
                "6.112",
                "7.5",
                "9.9",
                "tsc",
                "",
                "6",
                "6.",
                "6.12.",
                "6.12.1.2",
                "series-v3",
                "v"
            })
    void nothingElseIsAKernel(String name) {
        assertThat(KernelProfile.named(name)).isEmpty();
        assertThatThrownBy(() -> KernelProfile.of(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("unknown kernel '" + name + "'; expected " + KernelProfile.expected());
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.9.0", "tsc", "", "6"})
    void noOtherReleaseIsCovered(String release) {
        assertThat(KernelProfile.covering(release)).isEmpty();
    }

    /** On each architecture, every mainline release since 5.10 behaves as one of the kernels shown. */
    @ParameterizedTest
    @EnumSource
    void thoseShownStandForAll(Arch arch) {
        for (Release changed : KernelProfile.changes()) {
            KernelProfile kernel = KernelProfile.named(changed.toString()).orElse(null);
            if (kernel != null && changed.isMainline()) {
                assertThat(KernelProfile.showing(arch))
                        .as("%s", changed)
                        .anyMatch(shown -> shown.isSameOn(arch, kernel));
            }
        }
    }

    /** Each switch makes a difference: it is on in some kernel, and off in another. */
    @ParameterizedTest
    @EnumSource
    void aSwitchIsOnInOneKernelAndOffInAnother(Switch one) {
        assertThat(KernelProfile.known()).anyMatch(k -> k.has(one)).anyMatch(k -> !k.has(one));
    }
}
