package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What strace, perf, QEMU and ftrace print is judged for what it shows, and never conforms. */
class ToolOutputTest {
    private static final Path SAMPLES = Path.of("src/test/resources/formats");
    private static final int DAMAGED = Integer.getInteger("longitude.damagedToolFiles", 60);
    private static final long SEED = Long.getLong("longitude.seed", 20261128);

    private static final String CREATED = """
            7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>
            7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>
            7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_TSC_KHZ, 0) = 2000000
            """;

    private static final String SET_MSRS = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_MSRS, 0x7ffd) = 1\n";
    private static final String OTHER_RATE = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_TSC_KHZ, 0) = 1000000\n";

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private Run validate(String text, String kernel) throws IOException {
        return Run.of("validate", "--kernel", kernel, Files.writeString(folder.resolve("file"), text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "strace.txt|v6.1|order of 29 calls; payload of 4 that have a number for it",
                "strace-threads.txt|v6.12|order of 49 calls; payload of 6 that have a number for it",
                "perf-trace.txt|v6.12|order of ",
                "qemu-trace.txt|v6.1|order of 41 calls; payload of 4 that have a number for it",
                "ftrace.txt|v6.12|8 writes of an offset, ",
                "perf-script.txt|v6.12|6 writes of an offset, "
            })
    void whatAKernelDidIsUndecidedAndSaysHowMuchWasJudged(String sample, String kernel, String judged) {
        Run run = Run.of("validate", "--kernel", kernel, SAMPLES.resolve(sample));
        assertThat(run.out()).contains("only: ", "judged: " + judged).doesNotContain("does not fit");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void jsonSaysWhatWasJudgedAndNoPropertyIsKept() {
        Run run = Run.of("validate", "--json", "--kernel", "v6.12", SAMPLES.resolve("strace-threads.txt"));
        assertThat(run.out())
                .contains(
                        "\"verdict\":\"undecided\"",
                        "\"judged\":\"order of 49 calls",
                        "\"SameLine\":\"may not be kept\"")
                .doesNotContain(":\"kept\"", ":\"not kept\"");
    }

    @Test
    void aRequiredPropertyIsNotDecidedByTheOrder() throws IOException {
        Files.writeString(folder.resolve("file"), CREATED);
        Run run = Run.of("validate", "--kernel", "v6.12", "--require", "SameLine", folder.resolve("file"));
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void resultsThatNoKernelReturnsAreRefused() throws IOException {
        String ctrl = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_KVMCLOCK_CTRL, 0) = 0\n";
        String attribute = "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, 0x7ffd) = 0\n";
        assertThat(validate(CREATED + ctrl, "v6.12").code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(validate(CREATED + OTHER_RATE, "v6.12").code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(validate(CREATED + attribute, "v5.10").code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(validate(CREATED + attribute, "v6.12").code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void onArm64TheOffsetIoctlSucceedsOnlyWhereKvmHasIt() throws IOException {
        String text = """
                ioctl(3, KVM_CREATE_VM, 0) = 4
                ioctl(4, _IOC(_IOC_WRITE, 0xae, 0xb5, 0x10), 0x7ffd) = 0
                ioctl(4, KVM_CREATE_VCPU, 0) = 5
                """;
        assertThat(validate(text, "v6.1").code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(validate(text, "v6.12").code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void nothingIsRefusedAfterACallWithUnknownPayload() throws IOException {
        Run run = validate(CREATED + SET_MSRS + OTHER_RATE, "v6.12");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(run.out()).contains("line 5 does not fit v6.12 if one assumes that KVM_SET_MSRS in line 4");
    }

    /**
     * Two rates on a host that does not scale, and no instant: a property depends on all of them. None is judged, so that the
     * verdict does not take minutes.
     */
    @Test
    @Timeout(180)
    void theOrderOfManyCallsIsJudgedInTime() throws IOException {
        String round = """
                7 ioctl(6<anon_inode:kvm-vcpu:1>, KVM_SET_TSC_KHZ, RATE) = 0
                7 ioctl(6<anon_inode:kvm-vcpu:1>, KVM_GET_TSC_KHZ, 0) = RATE
                7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_MSRS, 0x7ffd) = 1
                7 ioctl(6<anon_inode:kvm-vcpu:1>, KVM_GET_MSRS, 0x7ffd) = 1
                7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = 0
                7 ioctl(6<anon_inode:kvm-vcpu:1>, KVM_RUN, 0) = 0
                7 ioctl(4<anon_inode:kvm-vm>, KVM_GET_CLOCK, 0x7ffd) = 0
                """;
        Files.writeString(
                folder.resolve("host.txt"), "kernel 5.10.262\nclocksource tsc\ntsc-scaling-ratio-frac-bits 0\n");
        Run run = validate(
                CREATED + "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = 6<anon_inode:kvm-vcpu:1>\n"
                        + round.replace("RATE", "2200000") + round.replace("RATE", "2000400"),
                "v5.10.262");
        assertThat(run.out()).contains("order of 18 calls").doesNotContain("does not fit");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    /** Two lines of one call, a call of another thread between, hexadecimal numbers, and ioctls of others. */
    @Test
    void aCallInTwoLinesIsOneCall() throws IOException {
        Run run = validate(CREATED + """
                        [pid 8] 10:11:12.5 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_TSC_KHZ <unfinished ...>
                        [pid 7] 10:11:12.6 ioctl(1</dev/null>, TCGETS, 0x7ffcebf0ffa0) = -1 ENOTTY (Inappropriate ioctl)
                        [pid 7] 10:11:12.7 ioctl(4<anon_inode:kvm-vm>, KVM_GET_CLOCK, 0x7ffd) = 0
                        [pid 8] 10:11:12.6 <... ioctl resumed>, 0) = 0x1e8480
                        [pid 8] 10:11:12.6 ioctl(5<anon_inode:kvm-vcpu:0>, _IOC(_IOC_NONE, 0xae, 0xa3, 0), 0) = 1000000 <0.1>
                        """, "v6.12");
        assertThat(run.out()).startsWith(folder.resolve("file") + ":8: refused");
    }

    @Test
    void aDescriptorThatAnotherThreadGotMayBeOfAnotherProcess() throws IOException {
        Run run = validate(
                CREATED + "9 ioctl(3, KVM_CREATE_VM, 0) = 4\n" + "9 ioctl(4, KVM_SET_CLOCK, 0x7ffd) = 0\n" + OTHER_RATE,
                "v6.12");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void perfsNameOfTheRateIsUnderstood() throws IOException {
        String text = """
                     0.080 ( 0.298 ms): CPU 0/KVM/29909 ioctl(fd: 4, cmd: KVM_CREATE_VM)              = 5
                     0.426 ( 0.309 ms): CPU 0/KVM/29909 ioctl(fd: 5, cmd: KVM_CREATE_VCPU)            = 6
                     0.800 ( 0.042 ms): CPU 0/KVM/29909 ioctl(fd: 6, cmd: KVM_ENABLE_CAP)             = 2000000
                     0.900 ( 0.042 ms): CPU 0/KVM/29909 ioctl(fd: 6, cmd: KVM_ENABLE_CAP)             = 1000000
                """;
        assertThat(validate(text, "v6.12").out()).startsWith(folder.resolve("file") + ":4: refused");
    }

    @Test
    void aWrongCountOfMatchingVcpusIsNamed() throws IOException {
        String text = Files.readString(SAMPLES.resolve("ftrace.txt"));
        Run run = validate(text.replaceFirst("offsetmatched 2 nr_online 3", "offsetmatched 1 nr_online 3"), "v6.12");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(run.out()).contains("in line 7 does not fit v6.12 if one assumes that all lines are of one VM");
    }

    @Test
    void aCutLineIsNamed() throws IOException {
        Run cut = validate(CREATED + "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_M", "v6.12");
        assertThat(cut.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(cut.out()).contains("the last line, 4, has no end");
        Run within = validate(CREATED + "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_M\n" + SET_MSRS, "v6.12");
        assertThat(within.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(within.err()).contains("file:4:1: expected ", "accepted: what strace");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vcpu0/tsc-offset -46208809191\n",
                "int main() { return 0; }\n",
                "7 openat(AT_FDCWD, \"/dev/null\", O_RDWR) = 3\n",
                "[ 8996.144274] tsc: Marking TSC unstable due to clocksource watchdog\n",
                "\n"
            })
    void aFileOfAnythingElseIsUnusableAndSaysWhatIsAccepted(String text) throws IOException {
        Run run = validate(text, "v6.12");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("accepted: ");
    }

    @Test
    void withoutHostTxtTheKernelMustBeNamed() throws IOException {
        Run run = Run.of("validate", Files.writeString(folder.resolve("file"), CREATED));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("--kernel");
    }

    @Test
    void aDamagedFileIsJudgedOrTurnedAwayWithAReason() throws IOException {
        List<String> samples = List.of(
                "strace.txt",
                "strace-threads.txt",
                "perf-trace.txt",
                "qemu-trace.txt",
                "ftrace.txt",
                "perf-script.txt");
        for (int i = 0; i < DAMAGED; i++) {
            SplittableRandom random = new SplittableRandom(SEED + i);
            String sample = samples.get(random.nextInt(samples.size()));
            Path damaged = folder.resolve("damaged");
            Files.writeString(damaged, damaged(Files.readString(SAMPLES.resolve(sample)), random));
            String repeat = "seed " + (SEED + i) + ", " + sample + "; -Dlongitude.damagedToolFiles=1 -Dlongitude.seed="
                    + (SEED + i);
            try {
                Verdict verdict = new InputFile(damaged, KernelProfile.of("v6.12")).validate();
                assertThat(verdict.conforms()).as(repeat).isFalse();
            } catch (TraceFormatException e) {
                assertThat(e).as(repeat).hasMessageContaining("damaged");
            } catch (RuntimeException e) {
                fail(repeat, e);
            }
        }
    }

    /** Lines left out, doubled, moved or cut, and characters and numbers altered. */
    private static String damaged(String text, SplittableRandom random) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        for (int n = 1 + random.nextInt(4); n > 0 && lines.size() > 1; n--) {
            int at = random.nextInt(lines.size());
            String line = lines.get(at);
            int place = random.nextInt(line.length() + 1);
            switch (random.nextInt(6)) {
                case 0 -> lines.remove(at);
                case 1 -> lines.add(random.nextInt(lines.size()), line);
                case 2 -> lines.add(random.nextInt(lines.size()), lines.remove(at));
                case 3 -> lines.set(at, line.substring(0, place));
                case 4 ->
                    lines.set(
                            at,
                            line.substring(0, place) + "<{\"=9)x, ".charAt(random.nextInt(9)) + line.substring(place));
                default ->
                    lines.set(at, line.replaceFirst("\\d+", String.valueOf(random.nextLong() >>> random.nextInt(64))));
            }
        }
        String whole = String.join("\n", lines) + "\n";
        return random.nextInt(4) == 0 ? whole.substring(0, random.nextInt(whole.length())) : whole;
    }
}
