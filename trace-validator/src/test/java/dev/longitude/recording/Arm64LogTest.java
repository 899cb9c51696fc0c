package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.TraceValidator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Synthetic logs that show each behaviour by itself. */
class Arm64LogTest {
    private static final String CNT = "\"id\":\"0x603000000013df1a\"";

    @TempDir
    private Path folder;

    @BeforeEach
    void host() throws Exception {
        Files.writeString(
                folder.resolve("host.txt"),
                "arch aarch64\nkernel 6.12.95\ndmesg [    0.7] kvm [1]: VHE mode initialized successfully\n");
    }

    private static String record(String vcpu, String op, String args, String out, int errno, int from, int to) {
        return "{\"vm\":0,\"vcpu\":" + vcpu + ",\"pcpu\":0,\"op\":\"" + op + "\",\"args\":{" + args + "},\"out\":{"
                + out
                + "},\"ret\":" + (errno == 0 ? 0 : -1) + ",\"errno\":" + errno + ",\"host_cntvct\":[" + from + "," + to
                + "]}\n";
    }

    private static final String TWO_VCPUS = record("null", "KVM_CREATE_VM", "", "", 0, 10, 20)
            + record("0", "KVM_CREATE_VCPU", "\"id\":0", "", 0, 30, 40)
            + record("1", "KVM_CREATE_VCPU", "\"id\":1", "", 0, 50, 60);

    private ImportedTrace read(String log, KernelProfile kernel) throws Exception {
        Path file = folder.resolve("log.jsonl");
        Files.writeString(file, log);
        try (LineSource lines = LineSource.open(file)) {
            return new IoctlLog().read(file, lines, kernel);
        }
    }

    private static List<Operation> operations(ImportedTrace trace) {
        return trace.events().stream().map(TraceEvent::operation).toList();
    }

    private static String set(String register, long value, int errno, int from) {
        return record(
                "0",
                "KVM_SET_ONE_REG",
                "\"id\":\"KVM_REG_ARM_" + register + "\",\"value\":" + value,
                "",
                errno,
                from,
                from + 5);
    }

    private static String get(String register, long value, int from) {
        return record(
                "0",
                "KVM_GET_ONE_REG",
                "\"id\":\"KVM_REG_ARM_" + register + "\"",
                "\"value\":" + value,
                0,
                from,
                from + 5);
    }

    private boolean conforms(String log) throws Exception {
        return conforms(log, KernelProfile.of("v6.12"));
    }

    private boolean conforms(String log, KernelProfile kernel) throws Exception {
        ImportedTrace trace = read(TWO_VCPUS + log, kernel);
        TraceValidator validator = new TraceValidator(trace.header());
        for (TraceEvent event : trace.events()) {
            if (validator.accept(event).isPresent()) {
                return false;
            }
        }
        validator.finish();
        return true;
    }

    /** Of a control register bit 0 turns the timer on; KVM itself sets bit 2 while it is due. */
    @Test
    void theRegistersOfATimerReadAsTheyWereSet() throws Exception {
        for (String timer : List.of("TIMER", "PTIMER")) {
            String sets = set(timer + "_CVAL", 5_000, 0, 100) + set(timer + "_CTL", 1, 0, 110);
            assertThat(conforms(sets + get(timer + "_CVAL", 5_000, 120) + get(timer + "_CTL", 5, 130)))
                    .as(timer)
                    .isTrue();
            assertThat(conforms(sets + get(timer + "_CVAL", 5_001, 120)))
                    .as(timer)
                    .isFalse();
            assertThat(conforms(sets + get(timer + "_CTL", 4, 120))).as(timer).isFalse();
            assertThat(conforms(sets
                            + record("0", "KVM_RUN", "\"guest\":\"cntvct\"", "", 0, 120, 130)
                            + get(timer + "_CVAL", 5_001, 140)))
                    .as("the guest only read its counter")
                    .isFalse();
        }
    }

    @Test
    void aGuestMayHaveSetItsTimersInARunThatIsNotShown() throws Exception {
        String before = set("TIMER_CVAL", 5_000, 0, 100) + record("0", "KVM_RUN", "", "", 0, 120, 130);
        assertThat(conforms(before + get("TIMER_CVAL", 7_000, 140))).isTrue();
        assertThat(conforms(before + set("TIMER_CVAL", 6_000, 0, 140) + get("TIMER_CVAL", 7_000, 150)))
                .isFalse();
        assertThat(conforms(before + get("TIMER_CTL", 1, 140) + get("PTIMER_CTL", 0, 150)))
                .isTrue();
    }

    /** Before 6.4 KVM has no registers of the physical timer. */
    @Test
    void thePhysicalTimerIsRefusedWhereTheKernelHasNone() throws Exception {
        String refused = set("PTIMER_CVAL", 5_000, 2, 100) + set("PTIMER_CTL", 1, 2, 110);
        assertThat(conforms(refused, KernelProfile.of("v6.1"))).isTrue();
        assertThat(conforms(refused, KernelProfile.of("v6.12"))).isFalse();
    }

    @Test
    void beforeTheOffsetsWereTheVmsASetIsALoop() throws Exception {
        ImportedTrace trace = read(
                TWO_VCPUS + record("1", "KVM_SET_ONE_REG", CNT + ",\"value\":1000", "", 0, 100, 200),
                KernelProfile.of("v6.1"));
        assertThat(operations(trace))
                .containsExactly(
                        Operation.CREATE_VM,
                        Operation.BEGIN_CREATE_VCPU,
                        Operation.BROADCAST_TO,
                        Operation.CREATE_VCPU,
                        Operation.BEGIN_CREATE_VCPU,
                        Operation.BROADCAST_TO,
                        Operation.BROADCAST_TO,
                        Operation.CREATE_VCPU,
                        Operation.SET_TIMER_CNT,
                        Operation.BROADCAST_TO,
                        Operation.BROADCAST_TO);
    }

    /** Some vCPU was in KVM_RUN; nothing shows which one, so any may have been. */
    @Test
    void aRunThatIsNotRecordedShowsAsBusy() throws Exception {
        String offset = "\"counter_offset\":1000,\"reserved\":0";
        ImportedTrace trace = read(
                TWO_VCPUS
                        + record("null", "KVM_ARM_SET_COUNTER_OFFSET", offset, "", 16, 100, 110)
                        + record("0", "KVM_GET_ONE_REG", CNT, "\"value\":100", 0, 120, 180)
                        + record("null", "KVM_ARM_SET_COUNTER_OFFSET", offset, "", 0, 200, 210),
                KernelProfile.of("v6.12"));
        assertThat(operations(trace).subList(3, 10))
                .containsExactly(
                        Operation.ARM64_VCPU_LOAD,
                        Operation.ARM64_VCPU_LOAD,
                        Operation.SET_COUNTER_OFFSET,
                        Operation.VCPU_PUT,
                        Operation.VCPU_PUT,
                        Operation.GET_TIMER_CNT,
                        Operation.SET_COUNTER_OFFSET);
        assertThat(trace.events().subList(3, 5)).allMatch(TraceEvent::optional);
        assertConforms(trace);
    }

    /** By its name, its number as a text, as a number. */
    @Test
    void aRegisterIsKnownByItsNumberAndByItsName() throws Exception {
        for (String register : List.of(
                CNT,
                "\"id\":6931039826524495642",
                "\"reg\":\"KVM_REG_ARM_TIMER_CNT\"",
                "\"id\":\"KVM_REG_ARM_TIMER_CNT\"")) {
            ImportedTrace trace = read(
                    TWO_VCPUS + record("0", "KVM_SET_ONE_REG", register + ",\"value\":7", "", 0, 70, 71),
                    KernelProfile.of("v6.12"));
            assertThat(operations(trace)).as(register).contains(Operation.SET_TIMER_CNT);
        }
        assertThatThrownBy(() -> read(
                        TWO_VCPUS
                                + record(
                                        "0",
                                        "KVM_SET_ONE_REG",
                                        CNT + ",\"reg\":\"KVM_REG_ARM_PTIMER_CNT\"",
                                        "",
                                        0,
                                        70,
                                        71),
                        KernelProfile.of("v6.12")))
                .hasMessageContaining("name two");
    }

    /** CNTVOFF_EL2 belongs to the generic timer too; a core register does not. */
    @Test
    void aRegisterThatMayMoveACounterEndsTheJudgement() throws Exception {
        for (String register : List.of("\"value\":7", "\"id\":\"0x603000000013e703\"", "\"reg\":\"SOMETHING\"")) {
            assertThat(read(
                                    TWO_VCPUS + record("0", "KVM_SET_ONE_REG", register, "", 0, 70, 71),
                                    KernelProfile.of("v6.12"))
                            .disturbances())
                    .as(register)
                    .extracting(ImportedTrace.Disturbance::line)
                    .containsExactly(4);
        }
        assertThat(read(
                                TWO_VCPUS
                                        + record(
                                                "0", "KVM_SET_ONE_REG", "\"id\":\"0x6030000000100000\"", "", 0, 70, 71),
                                KernelProfile.of("v6.12"))
                        .disturbances())
                .isEmpty();
    }

    private static void assertConforms(ImportedTrace trace) throws Exception {
        TraceValidator validator = new TraceValidator(trace.header());
        for (TraceEvent event : trace.events()) {
            assertThat(validator.accept(event).map(refusal -> refusal.explain("log")))
                    .isEmpty();
        }
        validator.finish();
    }

    /** A CPU with CNTPOFF_EL2 keeps the old offset, others emulate a trapped read with the new one. */
    @Test
    void ofWhatAMovedPhysicalCounterReadsTheHostMustBeKnown() throws Exception {
        String run = record("0", "KVM_RUN", "\"thread\":\"a\",\"guest\":\"cntpct\"", "\"cntpct\":5", 0, 100, 200);
        String set = record(
                "1",
                "KVM_SET_ONE_REG",
                "\"thread\":\"b\",\"reg\":\"KVM_REG_ARM_PTIMER_CNT\",\"value\":9",
                "",
                0,
                120,
                130);
        String vhe = "dmesg [    0.7] kvm [1]: VHE mode initialized successfully\n";
        String nvhe = "dmesg [    0.7] kvm [1]: nVHE mode initialized successfully\n";
        String others = "dmesg [    0.3] CPU features: detected: RAS Extension Support\n";
        String cntpoff = "dmesg [    0.3] CPU features: detected: Enhanced Counter Virtualization (CNTPOFF)\n";
        for (String host : List.of("", vhe, cntpoff, others + cntpoff)) {
            Files.writeString(folder.resolve("host.txt"), "arch aarch64\n" + host);
            assertThat(read(TWO_VCPUS + run + set, KernelProfile.of("v6.12")).assumptions())
                    .as(host)
                    .extracting(ImportedTrace.Assumption::line)
                    .containsExactly(4);
            assertThat(read(TWO_VCPUS + run + set, KernelProfile.of("v6.1")).assumptions())
                    .isEmpty();
            assertThat(read(TWO_VCPUS + run, KernelProfile.of("v6.12")).assumptions())
                    .isEmpty();
            assertThat(read(TWO_VCPUS + run.replace("cntpct", "cntvct") + set, KernelProfile.of("v6.12"))
                            .assumptions())
                    .isEmpty();
        }
        for (String host : List.of(nvhe, nvhe + cntpoff, others, vhe + others, vhe + cntpoff)) {
            Files.writeString(folder.resolve("host.txt"), "arch aarch64\n" + host);
            ImportedTrace trace = read(TWO_VCPUS + run + set, KernelProfile.of("v6.12"));
            assertThat(trace.assumptions()).as(host).isEmpty();
            assertThat(trace.header().arm64().vhe()).isEqualTo(!host.contains("nVHE"));
            assertThat(trace.header().arm64().ecv()).isEqualTo(host.contains("CNTPOFF"));
        }
    }

    @Test
    void whatIsNotModelledIsCountedAndDisturbs() throws Exception {
        ImportedTrace trace = read(
                TWO_VCPUS
                        + record("0", "KVM_SET_ONE_REG", "\"id\":\"0x603000000013df02\",\"value\":5", "", 0, 70, 71)
                        + record("null", "KVM_CHECK_EXTENSION", "", "", 0, 72, 73)
                        + record("null", "KVM_SOMETHING_NEW", "", "", 0, 74, 75),
                KernelProfile.of("v6.12"));
        assertThat(trace.summary()).contains("4 of 5").contains("1 others");
        assertThat(trace.disturbances())
                .extracting(ImportedTrace.Disturbance::line)
                .containsExactly(6);
    }

    @Test
    void whatIsMissingIsNamed() {
        String log = TWO_VCPUS.replace("\"host_cntvct\":[50,60]", "\"x\":1");
        assertThatThrownBy(() -> read(log, KernelProfile.of("v6.12")))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("log.jsonl:3:1: expected host_cntvct");
    }

    /** KVM prepares the new vCPU, and with it the VM's counters, before it finds that it has one with this id (EEXIST). */
    @Test
    void aCreationThatFailsMayHaveSetTheCountersBack() throws Exception {
        String again = record("1", "KVM_CREATE_VCPU", "\"id\":1", "", 17, 200, 210);
        String back = set("TIMER_CNT", 5_000_000, 0, 100) + again + get("TIMER_CNT", 15, 220);
        for (String kernel : List.of("v5.10", "v6.1", "v6.12", "v7.3")) {
            ImportedTrace trace = read(TWO_VCPUS + back, KernelProfile.of(kernel));
            assertThat(trace.disturbances())
                    .as(kernel)
                    .singleElement()
                    .asString()
                    .contains("before it failed");
            assertThat(trace.events()).as(kernel).noneMatch(e -> e.operation() == Operation.GET_TIMER_CNT);
        }
    }

    @Test
    void aCreationThatFailsLeavesTheCountersWhereNothingHasCounted() throws Exception {
        String again = record("1", "KVM_CREATE_VCPU", "\"id\":1", "", 17, 200, 210);
        String busy = again.replace("\"errno\":17", "\"errno\":16");
        String first = record("null", "KVM_CREATE_VM", "", "", 0, 10, 20)
                + again.replace("[200,210]", "[21,22]")
                + TWO_VCPUS.substring(TWO_VCPUS.indexOf('\n') + 1);
        String offset =
                record("null", "KVM_ARM_SET_COUNTER_OFFSET", "\"counter_offset\":7,\"reserved\":0", "", 0, 100, 110);
        for (String log : List.of(TWO_VCPUS + busy, first, TWO_VCPUS + offset + again)) {
            assertThat(read(log, KernelProfile.of("v6.12")).disturbances()).isEmpty();
        }
    }

    /** KVM goes through the vCPUs in the order of their creation, the specification in that of their ids. */
    @Test
    void vcpusInAnotherOrderThanTheirIdsWeakenARefusalWhereThreadsOverlap() throws Exception {
        String two = record("null", "KVM_CREATE_VM", "", "", 0, 10, 20)
                + record("1", "KVM_CREATE_VCPU", "\"id\":1", "", 0, 30, 40)
                + record("0", "KVM_CREATE_VCPU", "\"id\":0", "", 0, 50, 60);
        String run = record("1", "KVM_RUN", "\"guest\":\"cntvct\",\"thread\":\"other\"", "", 0, 100, 110);
        String overlapping = two + run + set("TIMER_CNT", 5_000, 0, 105);
        assertThat(read(overlapping, KernelProfile.of("v6.1")).assumptions()).hasSize(1);
        assertThat(read(overlapping, KernelProfile.of("v6.12")).assumptions()).isEmpty();
        assertThat(read(two + set("TIMER_CNT", 5_000, 0, 105), KernelProfile.of("v6.1"))
                        .assumptions())
                .isEmpty();
    }
}
