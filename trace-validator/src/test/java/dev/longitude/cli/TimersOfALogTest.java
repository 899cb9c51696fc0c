package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a log shows of a vCPU's timer, and what it leaves open: a guest sets its timer while it runs, and no log shows
 * it. Each step of a log is named by a word.
 */
class TimersOfALogTest {
    /** LVTT with the modes TSC-deadline (bit 18) and periodic (bit 17). */
    private static final String DEADLINE_MODE = "\"lvtt\":262372";

    private static final String PERIODIC = "\"lvtt\":131300";
    private static final long FAR = 1L << 60;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private int tsc = 1_200_000;

    private String record(String op, String args, String out, long ret) {
        tsc += 2_000;
        return String.format(
                Locale.ROOT,
                "{\"op\":\"%s\",\"vm\":0,\"vcpu\":0,\"args\":{%s},\"out\":{%s},\"ret\":%d,\"errno\":0,\"host_tsc\":[%d,%d]}\n",
                op,
                args,
                out,
                ret,
                tsc,
                tsc + 1_000);
    }

    private String step(String word) {
        return switch (word) {
            case "cpuid" -> record("KVM_SET_CPUID2", "\"tsc_deadline_timer\":1", "", 0);
            case "cpuid-without" -> record("KVM_SET_CPUID2", "\"tsc_deadline_timer\":0", "", 0);
            case "lapic" -> record("KVM_SET_LAPIC", DEADLINE_MODE, "", 0);
            case "lapic-periodic" -> record("KVM_SET_LAPIC", PERIODIC, "", 0);
            case "lapic-unknown" -> record("KVM_SET_LAPIC", "", "", 0);
            case "write" -> record("KVM_SET_MSRS", "\"index\":\"0x6e0\",\"data\":" + FAR, "", 1);
            case "write-past" -> record("KVM_SET_MSRS", "\"index\":\"0x6e0\",\"data\":1", "", 1);
            case "write-0" -> record("KVM_SET_MSRS", "\"index\":\"0x6e0\",\"data\":0", "", 1);
            case "read" -> record("KVM_GET_MSRS", "\"index\":\"0x6e0\"", "\"data\":" + FAR, 1);
            case "read-0" -> record("KVM_GET_MSRS", "\"index\":\"0x6e0\"", "\"data\":0", 1);
            case "read-other" -> record("KVM_GET_MSRS", "\"index\":\"0x6e0\"", "\"data\":77777777", 1);
            case "tsc" -> record("KVM_SET_MSRS", "\"index\":\"0x10\",\"data\":1000000000000", "", 1);
            case "tsc+write" ->
                record(
                        "KVM_SET_MSRS",
                        "\"nmsrs\":2,\"clock_msrs\":{\"0x10\":1000000000000,\"0x6e0\":" + FAR + "}",
                        "",
                        2);
            case "write+tsc" ->
                record(
                        "KVM_SET_MSRS",
                        "\"nmsrs\":2,\"clock_msrs\":{\"0x6e0\":" + FAR + ",\"0x10\":1000000000000}",
                        "",
                        2);
            case "run" -> record("KVM_RUN", "\"guest\":\"rdtsc\"", "", 0);
            case "run-unknown" -> record("KVM_RUN", "", "", 0);
            case "run-wrmsr" -> record("KVM_RUN", "\"guest\":\"wrmsr\",\"index\":\"0x6e0\",\"data\":77777777", "", 0);
            case "run-x2apic" -> record("KVM_RUN", "\"guest\":\"wrmsr\",\"index\":\"0x832\",\"data\":0", "", 0);
            default -> throw new IllegalArgumentException(word);
        };
    }

    private String judged(String words) throws Exception {
        StringBuilder log = new StringBuilder("""
                {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
                {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
                """);
        for (String word : words.split(" ", -1)) {
            log.append(step(word));
        }
        Files.writeString(
                folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\nclocksource tsc\ntsc_khz 2000000\n");
        Path file = Files.writeString(folder.resolve("log.jsonl"), log);
        Run run = Run.of("validate", file);
        String verdict = run.code() == ExitCode.HOLDS ? "" : run.code() == ExitCode.VIOLATED ? "refused" : run.out();
        return verdict
                + (run.out().contains("does not keep TimerOnTime")
                        ? "not kept"
                        : run.out().contains("may not keep TimerOnTime") ? "may not be kept" : "");
    }

    /** As it was measured on a kernel 6.18: dropped, kept, forgotten. */
    @ParameterizedTest
    @CsvSource({
        "cpuid write lapic run, not kept", // Dragonball
        "cpuid write lapic read-0 run, not kept",
        "cpuid write lapic write run, ''",
        "cpuid lapic write read run read, ''",
        "cpuid lapic write lapic read run, ''",
        "cpuid lapic write lapic-periodic lapic read-0 run, not kept",
        "cpuid lapic-periodic write read-0 run, not kept",
        "cpuid lapic write write-0 read-0 run, ''",
        "cpuid lapic write-past read-0 run, ''", // it has fired
        "cpuid lapic write-past run read-0, ''",
        "cpuid lapic write+tsc run, not kept", // Firecracker, before its issue 4099
        "cpuid lapic tsc+write run, ''",
        "cpuid lapic write tsc lapic run, ''", // KVM starts the timer again
        "cpuid-without lapic write read-0 run, not kept", // Firecracker's issue 1942
    })
    void whatTheLogShowsIsJudged(String words, String expected) throws Exception {
        assertThat(judged(words)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "write read",
        "cpuid lapic write read-0",
        "cpuid lapic write read-other",
        "cpuid lapic-periodic write read",
        "cpuid-without lapic write read",
        "cpuid lapic write run read-other",
        "cpuid lapic write-0 read",
    })
    void whatNoKernelReturnsIsRefused(String words) throws Exception {
        assertThat(judged(words)).startsWith("refused");
    }

    /** The mode that KVM takes may be another than that of the register, or the log does not show the register. */
    @ParameterizedTest
    @CsvSource({
        "lapic write run, may not be kept",
        "lapic write read run, ''",
        "lapic write read-0 run, not kept",
        "cpuid lapic-unknown write run, may not be kept",
        "cpuid lapic-unknown write read run, ''",
        "cpuid lapic-unknown write read-0 run, not kept",
        "cpuid lapic-unknown write-0 run, ''",
        "cpuid lapic write lapic-unknown run, may not be kept",
        "cpuid lapic write lapic-unknown read run, ''",
        "cpuid lapic-unknown write run read, ''",
    })
    void anUnknownModeMakesTheVerdictWeaker(String words, String expected) throws Exception {
        assertThat(judged(words)).isEqualTo(expected);
    }

    /** The guest may have set its timer in a run of which the log does not show what it did. */
    @ParameterizedTest
    @CsvSource({
        "cpuid lapic write run-unknown read run, ''",
        "cpuid lapic write run-unknown read-0 run, ''",
        "cpuid lapic write run-unknown read-other run read-other, ''",
        "run-unknown read-other, ''",
        "run-unknown read-0 read-0, ''",
        "run-wrmsr read-other, ''",
        "run-x2apic read-other, ''",
        "run-unknown run-unknown run-unknown, ''",
        "run-unknown tsc run, may not be kept",
        "run-unknown tsc run-unknown, may not be kept",
        "run-unknown tsc read-other run, not kept",
        "run-unknown tsc read-0 run, ''",
        "run-unknown read-other tsc run, not kept",
        "run-unknown read-0 tsc run, ''",
        "cpuid run-unknown lapic tsc+write run, ''",
        "cpuid run-unknown tsc lapic run, ''",
        "run-unknown tsc+write run, may not be kept",
        "run-unknown tsc+write read run, ''",
        "run-unknown write tsc run, not kept",
    })
    void whatTheGuestDidIsUnknown(String words, String expected) throws Exception {
        assertThat(judged(words)).isEqualTo(expected);
    }

    /** After an unknown run a value that the vCPU shows twice is the same twice. */
    @Test
    void whatIsKnownAgainIsJudgedAgain() throws Exception {
        for (String words : List.of("run-unknown read-other read", "run-unknown read-other run read")) {
            // (A run that is not shown makes every refusal after it undecided.)
            assertThat(judged(words)).contains("undecided: ReadTscDeadline(vcpu 0)");
        }
        assertThat(judged("run-unknown read-other run-unknown read")).isEmpty();
    }

    /** Many places that are open cost no more than a few. */
    @Test
    void manyUnknownRunsEndTheJudgementOfNothing() throws Exception {
        String round = "run-unknown lapic-unknown write run tsc ";
        assertThat(judged("cpuid lapic " + round.repeat(12) + "run"))
                .endsWith("kept")
                .doesNotContain("refused");
    }
}
