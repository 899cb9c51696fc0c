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

/** Made-up logs, in which each thing can be seen by itself. */
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
            return IoctlLog.read(file, lines, kernel);
        }
    }

    private static List<Operation> operations(ImportedTrace trace) {
        return trace.events().stream().map(TraceEvent::operation).toList();
    }

    /** Set to 1000 between 100 and 200: an offset from -900 to -800; read as 1150 between 300 and 310: -850 to -840. */
    @Test
    void laterReadsBoundTheOffset() throws Exception {
        ImportedTrace trace = read(
                TWO_VCPUS
                        + record("0", "KVM_SET_ONE_REG", CNT + ",\"value\":1000", "", 0, 100, 200)
                        + record("1", "KVM_GET_ONE_REG", CNT, "\"value\":1150", 0, 300, 310)
                        + record("1", "KVM_GET_ONE_REG", CNT, "\"value\":1240", 0, 395, 500),
                KernelProfile.V6_12);
        TraceEvent set = trace.events().stream()
                .filter(e -> e.operation() == Operation.SET_TIMER_CNT)
                .findFirst()
                .orElseThrow();
        // The last read leaves -845 to -740 of it.
        assertThat(set.revealedOffsets()).containsExactlyInAnyOrder(-845L, -840L);
        assertThat(trace.summary()).contains("6 of 6").contains("100.0 %");
    }

    @Test
    void beforeTheOffsetsWereTheVmsASetIsALoop() throws Exception {
        ImportedTrace trace = read(
                TWO_VCPUS + record("1", "KVM_SET_ONE_REG", CNT + ",\"value\":1000", "", 0, 100, 200),
                KernelProfile.V6_1);
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

    /** vCPU 0 is used in between, so it is vCPU 1 that is in KVM_RUN; it has returned when all can be had. */
    @Test
    void aRunThatIsNotRecordedShowsAsBusy() throws Exception {
        String offset = "\"counter_offset\":1000,\"reserved\":0";
        ImportedTrace trace = read(
                TWO_VCPUS
                        + record("null", "KVM_ARM_SET_COUNTER_OFFSET", offset, "", 16, 100, 110)
                        + record("0", "KVM_GET_ONE_REG", CNT, "\"value\":100", 0, 120, 180)
                        + record("null", "KVM_ARM_SET_COUNTER_OFFSET", offset, "", 0, 200, 210),
                KernelProfile.V6_12);
        assertThat(operations(trace).subList(3, 8))
                .containsExactly(
                        Operation.VCPU_LOAD,
                        Operation.SET_COUNTER_OFFSET,
                        Operation.GET_TIMER_CNT,
                        Operation.VCPU_PUT,
                        Operation.SET_COUNTER_OFFSET);
        assertThat(trace.events().get(3).vcpu()).isEqualTo(1);
        assertConforms(trace);
        assertThat(trace.tracepoints()).contains("1 KVM_RUN").contains("EBUSY");
    }

    /** The log ends, for each VM, before its vCPU's KVM_RUN is seen to return. */
    @Test
    void twoVmsMayEachHaveARunThatIsNotRecorded() throws Exception {
        String busy = TWO_VCPUS
                + record("null", "KVM_ARM_SET_COUNTER_OFFSET", "\"counter_offset\":1,\"reserved\":0", "", 16, 100, 110);
        String second = busy.replace("\"vm\":0", "\"vm\":1")
                .replaceAll("host_cntvct\":\\[(\\d+),(\\d+)", "host_cntvct\":[9$1,9$2");
        assertConforms(read(busy + second.replace("[9100,9110]", "[99100,99110]"), KernelProfile.V6_12));
    }

    private static void assertConforms(ImportedTrace trace) throws Exception {
        TraceValidator validator = TraceValidator.ofRecording(trace.header());
        for (TraceEvent event : trace.events()) {
            assertThat(validator.accept(event).map(refusal -> refusal.explain("log")))
                    .isEmpty();
        }
    }

    @Test
    void whatIsNotModelledIsCountedAndDisturbs() throws Exception {
        ImportedTrace trace = read(
                TWO_VCPUS
                        + record("0", "KVM_SET_ONE_REG", "\"id\":\"0x603000000013df02\",\"value\":5", "", 0, 70, 71)
                        + record("null", "KVM_CHECK_EXTENSION", "", "", 0, 72, 73)
                        + record("null", "KVM_SOMETHING_NEW", "", "", 0, 74, 75),
                KernelProfile.V6_12);
        assertThat(trace.summary())
                .contains("3 of 5")
                .contains("KVM_SET_ONE_REG of a timer 1")
                .contains("1 others");
        assertThat(trace.disturbances())
                .extracting(ImportedTrace.Disturbance::line)
                .containsExactly(6);
    }

    @Test
    void whatIsMissingIsNamed() {
        String log = TWO_VCPUS.replace("\"host_cntvct\":[50,60]", "\"x\":1");
        assertThatThrownBy(() -> read(log, KernelProfile.V6_12))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("log.jsonl:3:1: expected host_cntvct");
    }
}
