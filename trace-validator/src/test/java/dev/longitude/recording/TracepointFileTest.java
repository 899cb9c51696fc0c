package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The importer counts unusable tracepoints, with the reason. */
class TracepointFileTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private TracepointFile read(String text) throws Exception {
        Files.writeString(folder.resolve("run.ftrace.txt"), text);
        return TracepointFile.beside(folder.resolve("run.jsonl"));
    }

    private static String at(String time) {
        return "  probe-1  [000] d..1.  " + time
                + ": kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0\n";
    }

    @Test
    void aTracepointInAnotherToolsFormIsNamed() throws Exception {
        TracepointFile file = read(at("100")
                + "qemu 2841 [001] 11.860302: kvm:kvm_write_tsc_offset: vcpu=0 prev=0 next=1\n"
                + "  probe-1  [000] .....  105: kvm_exit: reason EXIT_HLT rip 0xfff0\n"
                + "  probe-1  [000] .....  110: tracing_mark_write: kvm_msr: a note\n");
        assertThat(file.points()).hasSize(1);
        assertThat(file.unusable()).containsExactly("not in the form of the kernel's file named trace");
    }

    @Test
    void aTracepointTwiceOrOfAnotherClockIsNamed() throws Exception {
        assertThat(read(at("100") + at("100") + at("11.860302")).unusable())
                .containsExactlyInAnyOrder("there twice", "written with another trace clock than x86-tsc");
    }

    /** The missing update would explain the vCPU's next step. */
    @Test
    void ofAFileFromWhichSomeAreLostNothingIsUsed() throws Exception {
        for (String loss : new String[] {
            "CPU:1 [LOST 7 EVENTS]\n", "CPU:0 [LOST EVENTS]\n", "# entries-in-buffer/entries-written: 2/9   #P:2\n"
        }) {
            TracepointFile file = read(loss + at("100") + at("200"));
            assertThat(file.points()).as(loss).isEmpty();
            assertThat(file.unusable().count("in a file of which the kernel has lost some lines"))
                    .as(loss)
                    .isEqualTo(2);
        }
        assertThat(read("# entries-in-buffer/entries-written: 2/2   #P:2\n" + at("100") + at("200"))
                        .points())
                .hasSize(2);
    }

    @Test
    void theTracepointsOfACompressedLogHaveTheSameName() {
        for (String log : new String[] {"run.jsonl", "run.jsonl.gz"}) {
            assertThat(TracepointFile.of(folder.resolve(log))).isEqualTo(folder.resolve("run.ftrace.txt"));
        }
    }
}
