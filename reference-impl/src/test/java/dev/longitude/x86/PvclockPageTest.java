package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PvclockPageTest {
    private static final TimeScale ONE_TO_ONE = new TimeScale(1L << 31, 1);

    @Test
    void theVersionIsEvenAndGrowsByTwo() {
        PvclockPage page = new PvclockPage();
        assertThat(page.version()).isZero();
        page.write(new PvclockPage.Contents(5, 7, ONE_TO_ONE, 1));
        assertThat(page.version()).isEqualTo(2);
        assertThat(page.read(() -> 15)).as("7 ns, and 10 cycles since").isEqualTo(17);
    }

    /** A reader returns the fields of one write: every write has two equal fields. */
    @Test
    void aReaderBesideAWriterSeesWholeWrites() {
        PvclockPage page = new PvclockPage();
        int writes = 200_000;
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            for (int i = 1; i <= writes; i++) {
                page.write(new PvclockPage.Contents(i, i, ONE_TO_ONE, 0));
            }
        });
        long seen = 0;
        while (seen < writes) {
            PvclockPage.Contents contents = page.contents();
            assertThat(contents.systemTime()).isEqualTo(contents.tscTimestamp()).isGreaterThanOrEqualTo(seen);
            seen = contents.systemTime();
        }
        writer.join();
        assertThat(page.version()).isEqualTo(2 * writes);
    }

    /** A write between the two looks at the version makes the guest read again. */
    @Test
    void aReaderReadsAgainIfThePageIsWrittenMeanwhile() {
        PvclockPage page = new PvclockPage();
        page.write(new PvclockPage.Contents(0, 1_000, ONE_TO_ONE, 0));
        int[] reads = {0};
        long clock = page.read(() -> {
            if (reads[0]++ == 0) {
                page.write(new PvclockPage.Contents(0, 2_000, ONE_TO_ONE, 0));
            }
            return 5;
        });
        assertThat(clock).isEqualTo(2_005);
        assertThat(reads[0]).isEqualTo(2);
    }
}
