package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a log does not show, or the model does not have, makes a verdict weaker, and never leads to a refusal. */
class IncompleteLogTest {
    private static final String X86 = "arch x86_64\nkernel 6.12.95\nclocksource tsc\n";

    /** A vCPU whose TSC was 0 when the host's was 1130000. */
    private static final String X86_BEGIN = """
            {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
            {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
            {"op":"KVM_GET_TSC_KHZ","vm":0,"vcpu":0,"ret":2000000,"errno":0,"host_tsc":[1170000,1170900]}
            {"op":"KVM_GET_DEVICE_ATTR","vm":0,"vcpu":0,"args":{"group":"KVM_VCPU_TSC_CTRL","attr":"KVM_VCPU_TSC_OFFSET"},\
            "out":{"offset":-1130000},"ret":0,"errno":0,"host_tsc":[1180000,1181000]}
            """;

    private static final String ARM64 = "arch aarch64\nkernel 6.12.95\n";

    /** A VM whose counters were 0 when the host's was 50000. */
    private static final String ARM64_BEGIN = """
            {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_cntvct":[50000,50040]}
            {"op":"KVM_ARM_SET_COUNTER_OFFSET","vm":0,"args":{"counter_offset":50000,"reserved":0},"ret":0,"errno":0,\
            "host_cntvct":[50050,50051]}
            {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_cntvct":[50060,50090]}
            """;

    private static final String OK = "\"ret\":0,\"errno\":0";
    private static final String EINTR = "\"ret\":-1,\"errno\":4";
    private static final String EINVAL = "\"ret\":-1,\"errno\":22";

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private Run judged(String host, String log) throws IOException {
        Files.writeString(folder.resolve("host.txt"), host);
        return Run.of("validate", Files.writeString(folder.resolve("log.jsonl"), log));
    }

    private static String x86(String op, String payload, String outcome, int from, int to) {
        return "{\"op\":\"" + op + "\",\"vm\":0,\"vcpu\":0," + payload + (outcome.isEmpty() ? "" : "," + outcome)
                + ",\"host_tsc\":[" + from + "," + to + "]}\n";
    }

    private static String run(String guest, String outcome) {
        return x86("KVM_RUN", "\"args\":{" + guest + "}", outcome, 1190000, 1230000);
    }

    /** A read of a guest that set its TSC to 500000000 in the run before. */
    private static final String READS_MOVED =
            x86("KVM_RUN", "\"args\":{\"guest\":\"rdtsc\"},\"out\":{\"guest_tsc\":500050000}", OK, 1240000, 1280000);

    private static final String WRITES_TSC = "\"guest\":\"wrmsr\",\"index\":\"0x10\",\"data\":500000000";

    @Test
    void whatTheGuestWroteIsUnknownIfTheLogDoesNotSayToWhichMsr() throws Exception {
        assertThat(judged(X86, X86_BEGIN + run(WRITES_TSC, OK) + READS_MOVED).code())
                .isEqualTo(ExitCode.HOLDS);
        for (String guest : List.of(
                "\"guest\":\"wrmsr\",\"data\":500000000",
                "\"guest\":\"wrmsr\",\"index\":null,\"data\":500000000",
                "\"guest\":\"rdmsr\"",
                "\"guest\":\"wrmsr\",\"index\":\"0xc0000104\",\"data\":1",
                "")) {
            Run run = judged(X86, X86_BEGIN + run(guest, OK) + READS_MOVED);
            assertThat(run.code()).as(guest + run.out()).isEqualTo(ExitCode.UNDECIDED);
        }
    }

    @Test
    void aListedMsrMovesNoClock() throws Exception {
        for (String guest : List.of(
                "\"guest\":\"wrmsr\",\"index\":\"0xc0000080\",\"data\":1",
                "\"guest\":\"wrmsr\",\"index\":\"0x11\",\"data\":1",
                "\"guest\":\"rdmsr\",\"index\":\"0xc0000104\"",
                "\"guest\":\"none\"")) {
            Run run = judged(X86, X86_BEGIN + run(guest, OK) + READS_MOVED);
            assertThat(run.code()).as(guest + run.out()).isEqualTo(ExitCode.VIOLATED);
        }
    }

    /** The guest may or may not have executed the write. */
    @Test
    void aRunThatMayHaveFailedMayHaveWritten() throws Exception {
        for (String outcome : List.of(EINTR, "", "\"ret\":null")) {
            Run run = judged(X86, X86_BEGIN + run(WRITES_TSC, outcome) + READS_MOVED);
            assertThat(run.code()).as(outcome + run.out()).isEqualTo(ExitCode.UNDECIDED);
        }
    }

    /** Its vCPUs are on two lines, and nothing shows whether the guest ran in either of the two runs. */
    @Test
    void whatFailsInAnEntryThatMayHaveBeenMayFailAtTheFirst() throws Exception {
        String attribute = "\"args\":{\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\",\"offset\":5}";
        String second = x86("KVM_CREATE_VCPU", "\"args\":{\"id\":1}", "\"ret\":6,\"errno\":0", 1182000, 1183000)
                .replace("\"vcpu\":0", "\"vcpu\":1");
        String log = X86_BEGIN
                + second
                + x86("KVM_SET_DEVICE_ATTR", attribute, OK, 1184000, 1185000)
                + run("\"guest\":\"none\"", EINTR)
                + x86("KVM_RUN", "\"args\":{\"guest\":\"none\"}", EINTR, 1240000, 1250000);
        assertThat(judged(X86, log).out()).contains("may not keep SameLine: first in line 7, EnterGuest(vcpu 0)");
    }

    @Test
    void aRunWithoutAnOutcomeMayHaveEntered() throws Exception {
        String reads = "\"args\":{\"guest\":\"rdtsc\"},\"out\":{\"guest_tsc\":5}";
        for (String outcome : List.of(OK, "\"ret\":0", "\"errno\":0")) {
            assertThat(judged(X86, X86_BEGIN + x86("KVM_RUN", reads, outcome, 1190000, 1230000))
                            .code())
                    .isEqualTo(ExitCode.VIOLATED);
        }
        for (String outcome : List.of(EINTR, "")) {
            assertThat(judged(X86, X86_BEGIN + x86("KVM_RUN", reads, outcome, 1190000, 1230000))
                            .code())
                    .isEqualTo(ExitCode.HOLDS);
        }
        String arm64 =
                "{\"op\":\"KVM_RUN\",\"vm\":0,\"vcpu\":0,\"args\":{\"guest\":\"cntvct\"},\"out\":{\"cntvct\":500},"
                        + "%s\"host_cntvct\":[50140,50180]}\n";
        assertThat(judged(ARM64, ARM64_BEGIN + String.format(arm64, OK + ",")).code())
                .isEqualTo(ExitCode.VIOLATED);
        assertThat(judged(ARM64, ARM64_BEGIN + String.format(arm64, "")).code()).isEqualTo(ExitCode.HOLDS);
    }

    /** The guest's later read is right, whichever VM the VMM moved. */
    @Test
    void anOffsetOfWhicheverVmEndsTheJudgementOfTheHost() throws Exception {
        String read = "{\"op\":\"KVM_GET_ONE_REG\",\"vm\":0,\"vcpu\":0,\"args\":{\"reg\":\"KVM_REG_ARM_TIMER_CNT\"},"
                + "\"out\":{\"value\":49120}," + OK + ",\"host_cntvct\":[50120,50130]}\n";
        String set = "{\"op\":\"KVM_ARM_SET_COUNTER_OFFSET\",%s\"args\":{\"counter_offset\":1000,\"reserved\":0},%s,"
                + "\"host_cntvct\":[50100,50101]}\n";
        assertThat(judged(ARM64, ARM64_BEGIN + String.format(set, "\"vm\":0,", OK) + read)
                        .code())
                .isEqualTo(ExitCode.HOLDS);
        assertThat(judged(ARM64, ARM64_BEGIN + String.format(set, "", OK) + read)
                        .code())
                .isEqualTo(ExitCode.UNDECIDED);
        assertThat(judged(ARM64, ARM64_BEGIN + String.format(set, "", EINVAL) + read)
                        .code())
                .isEqualTo(ExitCode.VIOLATED);
    }

    @Test
    void aReadOfWhicheverVmIsCountedAndChangesNothing() throws Exception {
        for (String op : List.of("KVM_GET_CLOCK", "KVM_GET_MSRS", "KVM_GET_DEVICE_ATTR")) {
            String read = "{\"op\":\"" + op + "\",\"args\":{\"index\":\"0x10\",\"group\":0,\"attr\":0},"
                    + "\"out\":{\"data\":5,\"offset\":5,\"clock\":5},\"ret\":1,\"errno\":0,\"host_tsc\":[1182000,1183000]}\n";
            Run run =
                    judged(X86, X86_BEGIN + (op.equals("KVM_GET_CLOCK") ? read.replaceFirst("\"args.*?},", "") : read));
            assertThat(run.code()).as(run.out() + run.err()).isEqualTo(ExitCode.HOLDS);
            assertThat(run.out()).contains("not " + op + " 1");
        }
        String read = "{\"op\":\"KVM_GET_ONE_REG\",%s\"args\":{\"reg\":\"KVM_REG_ARM_PTIMER_CNT\"},"
                + "\"out\":{\"value\":5},%s\"host_cntvct\":[50120,50130]}\n";
        for (String each : List.of(
                String.format(read, "", OK + ","),
                String.format(read, "\"vm\":0,", OK + ","),
                String.format(read, "\"vm\":0,\"vcpu\":0,", ""))) {
            Run run = judged(ARM64, ARM64_BEGIN + each);
            assertThat(run.code()).as(each + run.out()).isEqualTo(ExitCode.HOLDS);
            assertThat(run.out()).contains("not KVM_GET_ONE_REG 1");
        }
    }

    /** A vCPU without a number is not taken for a device, where KVM has attributes that move a counter. */
    @Test
    void anAttributeOfWhicheverVcpuMayMoveACounter() throws Exception {
        for (String args : List.of("", "\"group\":1", "\"group\":1,\"attr\":2,\"offset\":5")) {
            Files.writeString(folder.resolve("host.txt"), "arch aarch64\n");
            String log = ARM64_BEGIN
                            .lines()
                            .filter(l -> !l.contains("COUNTER_OFFSET"))
                            .map(l -> l + "\n")
                            .reduce("", String::concat)
                    + "{\"op\":\"KVM_SET_DEVICE_ATTR\",\"vm\":0,\"args\":{" + args + "}," + OK
                    + ",\"host_cntvct\":[50100,50101]}\n";
            Path file = Files.writeString(folder.resolve("log.jsonl"), log);
            assertThat(Run.of("validate", file, "--kernel", "series-v2").code())
                    .as(args)
                    .isEqualTo(ExitCode.UNDECIDED);
            assertThat(Run.of("validate", file, "--kernel", "v6.12").code())
                    .as(args)
                    .isEqualTo(ExitCode.HOLDS);
        }
    }

    /** Memory that has not been written yet may hold anything: here 0xdeadbeef and 0xdeadbeee. */
    @Test
    void aPagesVersionHas32Bits() throws Exception {
        String page =
                "{\"op\":\"pvclock_page\",\"vm\":0,\"vcpu\":0,\"out\":{\"version\":%s},\"host_tsc\":[1182000,1183000]}\n";
        for (String version : List.of("3735928559", "3735928558", "\"0xdeadbeef\"", "4294967295")) {
            Run run = judged(X86, X86_BEGIN + String.format(page, version));
            assertThat(run.code()).as(version + run.err()).isEqualTo(ExitCode.HOLDS);
        }
        for (String version : List.of("4294967296", "-1")) {
            assertThat(judged(X86, X86_BEGIN + String.format(page, version)).code())
                    .isEqualTo(ExitCode.UNUSABLE);
        }
        for (String other : List.of("\"version\":2,\"mul\":4294967296", "\"version\":2,\"mul\":-1")) {
            assertThat(judged(X86, X86_BEGIN + page.replace("\"version\":%s", other))
                            .code())
                    .isEqualTo(ExitCode.UNUSABLE);
        }
    }

    @Test
    void flagsHave32Bits() throws Exception {
        String clock = "\"args\":{\"clock\":5,\"flags\":2147483648}";
        assertThat(judged(X86, X86_BEGIN + x86("KVM_SET_CLOCK", clock, EINVAL, 1182000, 1183000))
                        .code())
                .isEqualTo(ExitCode.HOLDS);
        assertThat(judged(X86, X86_BEGIN + x86("KVM_SET_CLOCK", clock, OK, 1182000, 1183000))
                        .code())
                .isEqualTo(ExitCode.UNDECIDED);
        String got = "\"out\":{\"clock\":5,\"flags\":2147483648}";
        assertThat(judged(X86, X86_BEGIN + x86("KVM_GET_CLOCK", got, OK, 1182000, 1183000))
                        .code())
                .isEqualTo(ExitCode.UNDECIDED);
    }

    /**
     * A host with scaling refuses such a rate; one without accepts any rate above its own, and lets the guest catch up.
     */
    @Test
    void aRateHas32Bits() throws Exception {
        String scales = X86 + "tsc-scaling-ratio-frac-bits 48\n";
        String doesNotScale = X86 + "tsc-scaling-ratio-frac-bits 0\n";
        for (String khz : List.of("2147483648", "4294967295", "\"0xffffffff\"")) {
            String args = "\"args\":{\"khz\":" + khz + "}";
            String refused = X86_BEGIN + x86("KVM_SET_TSC_KHZ", args, EINVAL, 1182000, 1183000);
            String taken = X86_BEGIN + x86("KVM_SET_TSC_KHZ", args, OK, 1182000, 1183000);
            assertThat(judged(scales, refused).code()).as(khz).isEqualTo(ExitCode.HOLDS);
            assertThat(judged(doesNotScale, refused).code()).as(khz).isEqualTo(ExitCode.VIOLATED);
            assertThat(judged(X86, refused).code()).as(khz).isEqualTo(ExitCode.UNDECIDED);
            assertThat(judged(scales, taken).code()).as(khz).isEqualTo(ExitCode.UNDECIDED);
            assertThat(judged(doesNotScale, taken).code()).as(khz).isEqualTo(ExitCode.UNDECIDED);
        }
        assertThat(judged(
                                X86,
                                X86_BEGIN
                                        + x86("KVM_SET_TSC_KHZ", "\"args\":{\"khz\":4294967296}", OK, 1182000, 1183000))
                        .code())
                .isEqualTo(ExitCode.UNUSABLE);
    }

    @Test
    void aReadOfTheOtherArchitectureIsHarmless() throws Exception {
        Run x86 = judged(X86, X86_BEGIN + x86("KVM_GET_ONE_REG", "\"args\":{\"id\":5}", OK, 1182000, 1183000));
        assertThat(x86.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(x86.out()).contains("1 others: KVM_GET_ONE_REG 1");
        for (String op : List.of("KVM_GET_TSC_KHZ", "KVM_GET_MSRS", "KVM_GET_CLOCK", "pvclock_page")) {
            String read =
                    "{\"op\":\"" + op + "\",\"vm\":0,\"vcpu\":0,\"ret\":1,\"errno\":0,\"host_cntvct\":[50120,50130]}\n";
            Run arm64 = judged(ARM64, ARM64_BEGIN + read);
            assertThat(arm64.code()).as(op).isEqualTo(ExitCode.HOLDS);
            assertThat(arm64.out()).contains("1 others: " + op + " 1");
        }
    }

    private static String arm64(int vcpu, String op, String args, String out, int from, int to) {
        return "{\"op\":\"" + op + "\",\"vm\":0,\"vcpu\":" + vcpu + ",\"args\":{" + args + "},\"out\":{" + out + "},"
                + OK + ",\"host_cntvct\":[" + from + "," + to + "]}\n";
    }

    /**
     * A guest reads its physical counter while another thread moves it from 2000000 to 1000000. With CNTPOFF_EL2, which
     * KVM uses under VHE, a vCPU keeps the offset that it was loaded with; without it the read traps, and has the new
     * one.
     */
    @Test
    void whetherKvmUsesCntpoffMustBeKnownForARefusal() throws Exception {
        String vhe = "dmesg [    0.7] kvm [1]: VHE mode initialized successfully\n";
        String nvhe = "dmesg [    0.7] kvm [1]: nVHE mode initialized successfully\n";
        String others = "dmesg [    0.3] CPU features: detected: RAS Extension Support\n";
        String cntpoff = "dmesg [    0.3] CPU features: detected: Enhanced Counter Virtualization (CNTPOFF)\n";
        String register = "\"reg\":\"KVM_REG_ARM_PTIMER_CNT\",\"value\":";
        String log = "{\"op\":\"KVM_CREATE_VM\",\"vm\":0," + OK + ",\"host_cntvct\":[10,20]}\n"
                + arm64(0, "KVM_CREATE_VCPU", "\"id\":0", "", 30, 40)
                + arm64(1, "KVM_CREATE_VCPU", "\"id\":1", "", 50, 60)
                + arm64(1, "KVM_SET_ONE_REG", register + 2000000, "", 70, 71)
                + arm64(0, "KVM_RUN", "\"thread\":\"a\",\"guest\":\"cntpct\"", "\"cntpct\":2000050", 100, 200)
                + arm64(1, "KVM_SET_ONE_REG", "\"thread\":\"b\"," + register + 1000000, "", 102, 103);
        assertThat(judged(ARM64 + vhe + cntpoff, log).code()).isEqualTo(ExitCode.HOLDS);
        for (String host : List.of(vhe + others, nvhe, nvhe + cntpoff)) {
            assertThat(judged(ARM64 + host, log).code()).as(host).isEqualTo(ExitCode.VIOLATED);
            assertThat(judged(ARM64 + host, log.replace("2000050", "1000050")).code())
                    .as(host)
                    .isEqualTo(ExitCode.HOLDS);
        }
        for (String host : List.of("", vhe, cntpoff)) { // (the last is treated as one with VHE)
            assertThat(judged(ARM64 + host, log).code())
                    .as(host)
                    .isEqualTo(host.equals(cntpoff) ? ExitCode.HOLDS : ExitCode.UNDECIDED);
            assertThat(judged(ARM64 + host, log.replace("2000050", "5")).code())
                    .as(host)
                    .isEqualTo(ExitCode.UNDECIDED);
        }
    }
}
