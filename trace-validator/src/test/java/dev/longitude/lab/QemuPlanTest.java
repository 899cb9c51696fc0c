package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Iterables;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the machine is told to do with a VMM. */
class QemuPlanTest {
    private static final BootedKernel KERNEL =
            new BootedKernel("6.12.118+deb13-cloud-amd64", Path.of("vmlinuz"), ImmutableMap.of(), "6.12.118-1");

    private static QemuPlan plan(Guest guest, int vcpus) {
        // (No program is looked at before the machine's files are put together.)
        QemuTree none = QemuTree.at(Path.of("none"), EmulatedMachine.X86);
        return new QemuPlan(EmulatedMachine.X86, none, none, guest, vcpus);
    }

    @Test
    void aLinuxGuestHasTheWordsOfItsCommandLineInOneArgument() {
        assertThat(Iterables.get(plan(new Guest.Linux(KERNEL), 4).lines(), 0))
                .contains(" -smp 4 ")
                .contains(" -kernel /guest -initrd /guest.initramfs -append \"console=ttyS0 quiet panic=-1\" ");
    }

    /** Before that, a snapshot would be one of the firmware. */
    @Test
    void nothingIsDoneToAGuestBeforeItRuns() {
        for (Guest guest : new Guest[] {new Guest.Bare(), new Guest.Linux(KERNEL)}) {
            assertThat(Iterables.get(plan(guest, 2).lines(), 1))
                    .startsWith("until ")
                    .endsWith(" /out/savevm-loadvm-migrate-serial.txt counter");
        }
    }

    @Test
    void theHostsFactsNameTheGuest() {
        assertThat(plan(new Guest.Linux(KERNEL), 4).description())
                .isEqualTo("guest Linux 6.12.118+deb13-cloud-amd64, 4 vCPUs\n");
    }
}
