package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which of a distribution's kernels a release stands for. */
class BootedKernelTest {
    private static final Map<String, String> VERSIONS = Map.of(
            "linux-image-6.1.0-9-cloud-amd64", "6.1.27-1",
            "linux-image-6.1.0-56-cloud-amd64", "6.1.192-2",
            "linux-image-6.12.95+deb12-cloud-amd64", "6.12.95-1~bpo12+1",
            "linux-image-6.12.118+deb13-cloud-amd64", "6.12.118-1",
            "linux-image-6.12.118+deb12-cloud-amd64", "6.12.118-1~bpo12+1");

    @Test
    void aSeriesIsItsNewestKernel() {
        assertThat(BootedKernel.newest("6.12", VERSIONS)).contains("linux-image-6.12.118+deb13-cloud-amd64");
        assertThat(BootedKernel.newest("v6.1", VERSIONS)).contains("linux-image-6.1.0-56-cloud-amd64");
    }

    @Test
    void aStableReleaseIsItself() {
        assertThat(BootedKernel.newest("6.12.95", VERSIONS)).contains("linux-image-6.12.95+deb12-cloud-amd64");
        assertThat(BootedKernel.newest("6.1.27", VERSIONS)).contains("linux-image-6.1.0-9-cloud-amd64");
    }

    @Test
    void otherReleasesAreNotThere() {
        assertThat(BootedKernel.newest("6.13", VERSIONS)).isEmpty();
        assertThat(BootedKernel.newest("6.12.96", VERSIONS)).isEmpty();
        assertThat(BootedKernel.newest("no release", VERSIONS)).isEmpty();
    }
}
