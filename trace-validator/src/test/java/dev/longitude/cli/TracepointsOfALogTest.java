package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How tracepoints beside a log affect the verdict on a read that does not fit: the guest reads 5 and must read about
 * 80000.
 */
class TracepointsOfALogTest {
    private static final String LOG = """
            {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
            {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
            {"op":"KVM_GET_TSC_KHZ","vm":0,"vcpu":0,"ret":2000000,"errno":0,"host_tsc":[1170000,1170900]}
            {"op":"KVM_GET_DEVICE_ATTR","vm":0,"vcpu":0,"args":{"group":0,"attr":0},"out":{"offset":-1130000},\
            "ret":0,"errno":0,"host_tsc":[1180000,1181000]}
            {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{"guest":"none"},"ret":0,"errno":0,"host_tsc":[1182000,1183000]}
            {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{"guest":"rdtsc"},"out":{"guest_tsc":5},"ret":0,"errno":0,\
            "host_tsc":[1190000,1230000]}
            """;

    private static final String OFFSET = ": kvm_write_tsc_offset: vcpu=0 prev=0 next=5\n";

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private Run judged(String log, String tracepoints) throws IOException {
        Files.writeString(folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\nclocksource tsc\n");
        Files.writeString(folder.resolve("log.ftrace.txt"), tracepoints);
        return Run.of("validate", Files.writeString(folder.resolve("log.jsonl"), log));
    }

    private static String at(long stamp, String event) {
        return "     qemu-1     [000] d..1.  " + stamp + event;
    }

    /**
     * An unexplained tracepoint within the log may explain the guest's read. Outside the log, all belong to another
     * clock.
     */
    @Test
    void tracepointsOfWhichNoneLiesWithinTheLogAreNotUsed() throws IOException {
        Run within = judged(LOG, at(100, OFFSET) + at(1165000, OFFSET));
        assertThat(within.code()).as(within.out()).isEqualTo(ExitCode.UNDECIDED);
        for (String others : new String[] {
            at(100, OFFSET) + at(200, OFFSET),
            at(999999, OFFSET) + at(1230001, OFFSET),
            at(-1L >>> 1, OFFSET) + at(7, OFFSET)
        }) {
            Run outside = judged(LOG, others);
            assertThat(outside.code()).as(others + outside.out()).isEqualTo(ExitCode.VIOLATED);
            assertThat(outside.out())
                    .contains(
                            "tracepoints not used: not one of the 2 lines lies within the log's host_tsc: written with"
                                    + " another trace clock?");
        }
    }

    /** A KVM_RUN whose end is not logged may last until long after the last line. */
    @Test
    void whatALogHasOnlyTheBeginningOfHasNoEnd() throws IOException {
        String open = "{\"op\":\"KVM_RUN\",\"vm\":0,\"vcpu\":0,\"host_tsc\":[1240000,1240000]}\n";
        assertThat(judged(LOG + open, at(1300000, OFFSET)).out()).doesNotContain("another trace clock");
        assertThat(judged(LOG + open, at(100, OFFSET)).out()).contains("another trace clock");
    }

    /** The effect of a write of MSR_AMD64_TSC_RATIO is in no list; EFER and the x2APIC are. */
    @Test
    void aGuestsWriteOfAnUnlistedMsrMayHaveMovedItsClocks() throws IOException {
        Run unlisted = judged(LOG, at(1182500, ": kvm_msr: msr_write c0000104 = 0x1\n"));
        assertThat(unlisted.code()).as(unlisted.out()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(unlisted.out() + unlisted.err())
                .contains(
                        "that the guest's write of MSR 0xc0000104, which line 1 of the tracepoints shows, moved none");
        for (String listed : new String[] {
            "msr_write c0000080 = 0x500",
            "msr_write 838 = 0x5",
            "msr_read c0000104 = 0x1",
            "msr_write c0000104 = 0x1 (#GP)"
        }) {
            Run run = judged(LOG, at(1182500, ": kvm_msr: " + listed + "\n"));
            assertThat(run.code()).as(listed + run.out()).isEqualTo(ExitCode.VIOLATED);
            assertThat(run.out())
                    .contains("tracepoints not used: 1 an access of a guest that failed, or of an MSR that moves no");
        }
    }

    /** Tracepoints of the model's MSRs show that none of them is missing; others show nothing. */
    @Test
    void anUnlistedWriteDoesNotShowThatAllWritesAreRecorded() throws IOException {
        String unseen = LOG.replace("{\"guest\":\"none\"}", "{}")
                + "{\"op\":\"KVM_RUN\",\"vm\":0,\"vcpu\":0,\"args\":{\"guest\":\"none\"},\"ret\":0,\"errno\":0,"
                + "\"host_tsc\":[1240000,1260000]}\n";
        String offset =
                at(1150000, ": kvm_write_tsc_offset: vcpu=0 prev=0 next=" + Long.toUnsignedString(-1130000) + "\n");
        assertThat(judged(unseen, offset + at(1250000, ": kvm_msr: msr_write 11 = 0x0\n"))
                        .code())
                .isEqualTo(ExitCode.VIOLATED);
        assertThat(judged(unseen, offset + at(1250000, ": kvm_msr: msr_write c0000104 = 0x1\n"))
                        .code())
                .isEqualTo(ExitCode.UNDECIDED);
    }
}
