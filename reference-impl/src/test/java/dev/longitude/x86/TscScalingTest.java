package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TscScalingTest {
    /**
     * On a host at 3 GHz: 2^N * user / 3000000, truncated. 2500000: 5/6, whose hexadecimal digits are d, then 5 for
     * ever; 1500000: exactly half.
     */
    @ParameterizedTest
    @CsvSource({
        "2500000, d55555555555, d5555555, 2499999",
        "1500000, 800000000000, 80000000, 1500000",
        "2345678, c82a1e2850c8, c82a1e28, 2345677",
        "3000000, 1000000000000, 100000000, 3000000"
    })
    void ratios(int khz, String intel, String amd, long threeMillion) {
        long wide = TscScaling.INTEL.ratio(khz, 3_000_000);
        long narrow = TscScaling.AMD.ratio(khz, 3_000_000);
        assertThat(Long.toHexString(wide)).isEqualTo(intel);
        assertThat(Long.toHexString(narrow)).isEqualTo(amd);
        assertThat(TscScaling.INTEL.scale(3_000_000, wide)).isEqualTo(threeMillion);
        assertThat(TscScaling.AMD.scale(3_000_000, narrow)).isEqualTo(threeMillion);
    }

    /** AMD has 8 bits before the point, so 256 times the host's rate has no ratio. */
    @Test
    void whatNoRatioSaysIsZero() {
        assertThat(TscScaling.AMD.ratio(256_000_000, 1_000_000)).isZero();
        assertThat(TscScaling.AMD.ratio(255_000_000, 1_000_000)).isEqualTo(255L << 32);
    }

    /**
     * (2^40 - 1) * 3 000 000 >> 32 = 256 * 3 000 000 - 1 on AMD; on Intel (2^64 - 1) * 32 767 >> 48 = 65 536 * 32 767 - 1,
     * and from 32 768 kHz on that is more than 31 bits.
     */
    @ParameterizedTest
    @CsvSource({"32, 3000000, 767999999", "48, 32767, 2147418111", "48, 32768, 2147483647", "48, 3000000, 2147483647"})
    void theHighestRate(int fracBits, int hostKhz, int most) {
        assertThat(new TscScaling(fracBits).maxGuestTscKhz(hostKhz)).isEqualTo(most);
    }

    /** The product has 128 bits: (2^64 - 1) * 2 >> 0 does not fit 64, and the low half remains. */
    @Test
    void theProductIsWhole() {
        assertThat(TscScaling.INTEL.scale(-1L, 1L << 47)).isEqualTo(Long.MAX_VALUE);
        assertThat(TscScaling.INTEL.scale(-1L, 1L << 49)).isEqualTo(-2L);
    }

    /** 250 ppm of 2596124 kHz are 649.03 kHz: as the kernel rounds, from 2595474 to 2596773. */
    @ParameterizedTest
    @CsvSource({"2595474, true", "2595473, false", "2596773, true", "2596774, false"})
    void theTolerance(int khz, boolean near) {
        assertThat(TscScaling.nearEnough(khz, 2_596_124)).isEqualTo(near);
    }

    @Test
    void whatIsNoHardwareAndNoRateIsRefused() {
        assertThatThrownBy(() -> new TscScaling(47)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TscScaling.INTEL.ratio(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TscScaling.INTEL.ratio(1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TscScaling.NONE.maxGuestTscKhz(1)).isInstanceOf(IllegalStateException.class);
        assertThat(TscScaling.NONE.supported()).isFalse();
        assertThat(new TscScaling(0)).isEqualTo(TscScaling.NONE);
    }
}
