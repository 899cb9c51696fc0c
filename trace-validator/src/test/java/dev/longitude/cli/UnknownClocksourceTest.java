package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.verdict.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A log without the host's clocksource is not refused because of the clocksource. */
class UnknownClocksourceTest {
    private static final String LOG = """
            {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
            {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
            {"op":"KVM_GET_TSC_KHZ","vm":0,"vcpu":0,"ret":2000000,"errno":0,"host_tsc":[1170000,1170900]}
            {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{"guest":"none"},"ret":0,"errno":0,"host_tsc":[1190000,1230000]}
            {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{"guest":"rdtsc"},"out":{"guest_tsc":110000},"ret":0,"errno":0,"host_tsc":[1232000,1240000]}
            {"op":"KVM_GET_CLOCK","vm":0,"out":{"flags":FLAGS},"ret":0,"errno":0,"host_tsc":[1285000,1286000]}
            """;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    /** Without the TSC as clocksource there is no masterclock, and KVM_GET_CLOCK returns no flag. */
    @ParameterizedTest
    @CsvSource({
        "clocksource tsc, 0, refused",
        "clocksource tsc, 14, conforms",
        "clocksource tsc-early, 0, refused",
        "clocksource tsc-early, 14, conforms",
        "clocksource hyperv_clocksource_tsc_page, 14, conforms",
        "clocksource kvm-clock, 0, conforms",
        "clocksource hpet, 0, conforms",
        "clocksource hpet, 14, refused",
        "'', 0, undecided",
        "'', 14, conforms",
    })
    void whatNobodyNotedRefusesNothing(String clocksource, int flags, String verdict) throws Exception {
        Files.writeString(folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\n" + clocksource + "\n");
        Path log = Files.writeString(folder.resolve("log.jsonl"), LOG.replace("FLAGS", String.valueOf(flags)));
        assertThat(new InputFile(log, null).validate().name()).isEqualTo(verdict);
    }

    /** The kernel prints a mode by its number, but for the first two; perf prints all so. Hyper-V's page counts as the TSC. */
    @ParameterizedTest
    @CsvSource({
        "tsc, 0, refused",
        "tsc, 14, conforms",
        "none, 0, conforms",
        "none, 14, refused",
        "0x0, 0, conforms",
        "0x1, 14, conforms",
        "0x2, 0, conforms",
        "0x2, 14, refused",
        "0x3, 0, refused",
        "0x3, 14, conforms",
    })
    void aTracepointShowsIt(String mode, int flags, String verdict) throws Exception {
        Files.writeString(folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\n");
        Files.writeString(
                folder.resolve("log.ftrace.txt"),
                "  vmm-1  [000] d..1.  1050000: kvm_update_master_clock: masterclock 0 hostclock " + mode
                        + " offsetmatched 0\n");
        Path log = Files.writeString(folder.resolve("log.jsonl"), LOG.replace("FLAGS", String.valueOf(flags)));
        assertThat(new InputFile(log, null).validate().name()).isEqualTo(verdict);
    }

    /** A host that is a guest itself, with kvm-clock: its tracepoints do not contradict host.txt. */
    @Test
    void kvmClockIsNoTsc() throws Exception {
        Files.writeString(folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\nclocksource kvm-clock\n");
        Files.writeString(
                folder.resolve("log.ftrace.txt"),
                "  vmm-1  [000] d..1.  1050000: kvm_update_master_clock: masterclock 0 hostclock 0x2 offsetmatched 0\n");
        Path log = Files.writeString(folder.resolve("log.jsonl"), LOG.replace("FLAGS", "0"));
        assertThat(new InputFile(log, null).validate().text())
                .contains("conforms")
                .doesNotContain("returned to the TSC");
    }
}
