package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The audit's exit codes and output; {@link dev.longitude.audit} tests what it finds. */
class AuditCommandTest {
    private static final String HOST = "arch x86_64\nkernel 6.12.95\nclocksource tsc\ntsc_khz 2000000\n";
    private static final String CREATED = line("KVM_CREATE_VM", null, "", 0, 1000)
            + line("KVM_CREATE_VCPU", 0, "\"id\":0", 0, 2000)
            + line("KVM_CREATE_VCPU", 1, "\"id\":1", 0, 3000);
    private static final String RUN = line("KVM_RUN", 0, "", 0, 9000) + line("KVM_RUN", 1, "", 0, 10_000);

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static String line(String op, @Nullable Integer vcpu, String args, int ret, long at) {
        return "{\"op\":\"" + op + "\",\"vm\":0,\"vcpu\":" + vcpu + ",\"args\":{" + args + "},\"out\":{},\"ret\":" + ret
                + ",\"errno\":0,\"host_tsc\":[" + at + "," + (at + 100) + "]}\n";
    }

    private static String offset(int vcpu, long offset) {
        return line(
                "KVM_SET_DEVICE_ATTR",
                vcpu,
                "\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\",\"offset\":" + offset,
                0,
                5000 + vcpu * 1000L);
    }

    private Path log(String name, String text) throws IOException {
        Files.writeString(folder.resolve("host.txt"), HOST);
        return Files.writeString(folder.resolve(name + ".jsonl"), text);
    }

    private Path file(String name) throws IOException {
        return switch (name) {
            case "clean" -> log(name, CREATED + offset(0, 7) + offset(1, 7) + RUN);
            case "found" -> log(name, CREATED + offset(0, 7) + offset(1, 8) + RUN);
            case "open" -> log(name, CREATED + line("KVM_SET_MSRS", 0, "", 1, 5000) + RUN);
            case "withoutVm" ->
                log(name, CREATED + line("KVM_SET_MSRS", 0, "", 1, 5000).replace("\"vm\":0", "\"vm\":null"));
            case "strace" -> Path.of("src/test/resources/formats/strace.txt");
            case "missing" -> folder.resolve("missing.jsonl");
            default -> log(name, "{\n");
        };
    }

    @ParameterizedTest
    @CsvSource({
        "clean,0",
        "found,1",
        "damaged,2",
        "strace,2",
        "missing,2",
        "open,3",
        "withoutVm,3",
        "clean open,3",
        "open found clean,1",
        "found open missing,2"
    })
    void theExitCodeIsTheWorstOfTheFiles(String files, int code) throws IOException {
        List<Object> command = new ArrayList<>(List.of("audit"));
        for (String name : Splitter.on(' ').split(files)) {
            command.add(file(name));
        }
        assertThat(Run.of(command.toArray()).code()).isEqualTo(code);
    }

    @Test
    void aFindingSaysWhereWhatAndWhatToDoInstead() throws IOException {
        Path file = file("found");
        assertThat(Run.of("audit", file).out())
                .startsWith(
                        file + ":6: offsets-differ: vCPUs entered the guest with different TSC offsets: {0=7, 1=8}\n")
                .contains("\n  guest    ", "\n  kernels  all\n", "\n  instead  ");
    }

    @Test
    void jsonHasTheFindingsIdentifier() throws IOException {
        Run run = Run.of("audit", "--json", file("found"));
        assertThat(run.out()).contains("\"offsets-differ\"").doesNotContain("  guest    \n");
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
    }

    @Test
    void whereHostTxtNamesNoKernelTheKernelIsTheNamedOne() throws IOException {
        Path file = file("found");
        Files.writeString(folder.resolve("host.txt"), HOST.replace("kernel 6.12.95\n", ""));
        Run unnamed = Run.of("audit", file);
        assertThat(unnamed.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(unnamed.err()).contains("say which with --kernel");
        Run named = Run.of("audit", "--kernel", "v6.12", file);
        assertThat(named.out()).contains("offsets-differ");
        assertThat(named.code()).isEqualTo(ExitCode.VIOLATED);
    }

    @Test
    void anotherKernelDoesNotChangeWhatTheRecordedOneDid() throws IOException {
        assertThat(Run.of("audit", "--kernel", "v6.1", file("found")).code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(Run.of("audit", "--kernel", "v6.1", file("clean")).code()).isEqualTo(ExitCode.HOLDS);
    }
}
