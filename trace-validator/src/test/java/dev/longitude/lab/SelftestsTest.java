package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of the kernel's own tests are run, with which options, and what became of each. */
class SelftestsTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private void file(String name, String content) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.resolve("..").normalize());
        Files.writeString(path, content);
    }

    @Test
    void aTestIsFoundUnderTheFoldersOfOldAndOfNewKernels() throws IOException {
        file("x86_64/kvm_clock_test.c", "");
        file("x86/tsc_msrs_test.c", "");
        file("steal_time.c", "");
        file("arm64/arch_timer_edge_cases.c", "");
        SelftestSource x86 = new SelftestSource(folder, EmulatedMachine.X86);
        assertThat(x86.target("kvm_clock_test")).contains("x86_64/kvm_clock_test");
        assertThat(x86.target("tsc_msrs_test")).contains("x86/tsc_msrs_test");
        assertThat(x86.target("steal_time")).contains("steal_time");
        assertThat(x86.target("arch_timer_edge_cases")).isEmpty();
    }

    /** The part in the architecture's folder cannot be linked alone. */
    @Test
    void aTestOfTwoPartsIsBuiltFromTheUpperFolder() throws IOException {
        file("arch_timer.c", "");
        file("arm64/arch_timer.c", "");
        assertThat(new SelftestSource(folder, EmulatedMachine.ARM64).target("arch_timer"))
                .contains("arch_timer");
    }

    @Test
    void onlyOptionsWithAValueAreKnown() throws IOException {
        file("arch_timer.c", "while ((opt = getopt(argc, argv, \"hn:i:o:\")) != -1) {");
        file("steal_time.c", "int main(void) {}");
        SelftestSource source = new SelftestSource(folder, EmulatedMachine.ARM64);
        assertThat(source.options("arch_timer")).containsExactlyInAnyOrder('n', 'i', 'o');
        assertThat(source.options("steal_time")).isEmpty();
    }

    private static SelftestsPlan plan(Character... letters) {
        KernelSelftests.Program program =
                new KernelSelftests.Program(Path.of("arch_timer"), ImmutableSet.copyOf(letters));
        return new SelftestsPlan(
                EmulatedMachine.ARM64,
                new KernelSelftests("6.1.192-2", ImmutableMap.of("arch_timer", program), ImmutableMap.of()));
    }

    @Test
    void anOptionThatAKernelsTestLacksIsLeftOutAndSoIsARunThatNeedsIt() {
        assertThat(plan('i', 'e', 'o').lines())
                .containsExactly(
                        "test arch_timer 180 /record -o /out/arch_timer -- /tests/arch_timer -i 2 -e 20000",
                        "test arch_timer-offset 180 /record -o /out/arch_timer-offset -- /tests/arch_timer -i 2 -e 20000"
                                + " -o 1000000000");
        assertThat(plan('i').lines())
                .containsExactly("test arch_timer 180 /record -o /out/arch_timer -- /tests/arch_timer -i 2");
    }

    @Test
    void whatATestSaysByItsStatusIsToldApart() throws IOException {
        file("tests.txt", "good 0\nlacks 4\nbad 254\nslow 137\n");
        file("good.txt", "all fine\n");
        file("lacks.txt", "1..0 # SKIP - no VMX\nlongitude-record: lacks/log.jsonl: 0 records\n");
        file("bad.txt", "a != b\n");
        file("slow.txt", "stopped after 180 seconds\n");
        TestOutcome.writeNotBuilt(folder, ImmutableMap.of("old", "no member named 'entries'"));
        assertThat(TestOutcome.in(folder))
                .containsExactly(
                        new TestOutcome("good", TestOutcome.Kind.PASSED, ""),
                        new TestOutcome("lacks", TestOutcome.Kind.SKIPPED, "1..0 # SKIP - no VMX"),
                        new TestOutcome("bad", TestOutcome.Kind.FAILED, "exit status 254\na != b"),
                        new TestOutcome("slow", TestOutcome.Kind.FAILED, "exit status 137\nstopped after 180 seconds"),
                        new TestOutcome("old", TestOutcome.Kind.NOT_BUILT, "no member named 'entries'"));
    }

    @Test
    void aFolderOfOtherLogsHasNone() throws IOException {
        assertThat(TestOutcome.in(folder)).isEmpty();
    }
}
