package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The keys that the recorder added to the log: whether a list of MSRs is complete, which capability, whether KVM
 * honours offsets.
 */
class RecorderKeysTest {
    private static final String HOST = "arch x86_64\nkernel 6.12.95\nclocksource tsc\ntsc_khz 2000000\n";
    private static final String BEGIN = """
            {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
            {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
            """;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private ImportedTrace read(String host, String... lines) throws IOException {
        Path log = Files.writeString(folder.resolve("log.jsonl"), BEGIN + String.join("\n", lines) + "\n");
        Files.writeString(folder.resolve("host.txt"), host);
        try (LineSource source = LineSource.open(log)) {
            return new IoctlLog().read(log, source, null);
        } catch (TraceFormatException e) {
            throw new AssertionError(e);
        }
    }

    private static String setMsrs(int asked, int taken, String clockMsrs, String complete) {
        return "{\"op\":\"KVM_SET_MSRS\",\"vm\":0,\"vcpu\":0,\"args\":{\"nmsrs\":" + asked + clockMsrs + complete
                + "},\"ret\":" + taken + ",\"errno\":0,\"host_tsc\":[1200000,1201000]}";
    }

    @Test
    void aCompleteListOfMsrsIsTakenThoughKvmStoppedWithinIt() throws IOException {
        ImportedTrace trace = read(HOST, setMsrs(3, 1, ",\"clock_msrs\":{\"0x10\":5}", ",\"complete\":1"));
        assertThat(trace.disturbances()).isEmpty();
        assertThat(trace.events()).hasSize(3);
    }

    @Test
    void withoutThatWordNothingIsKnownOfIt() throws IOException {
        assertThat(read(HOST, setMsrs(3, 1, ",\"clock_msrs\":{\"0x10\":5}", "")).disturbances())
                .hasSize(1);
    }

    @Test
    void aListThatIsNotCompleteIsUnknown() throws IOException {
        for (String msrs : List.of("", ",\"clock_msrs\":{}", ",\"clock_msrs\":{\"0x3b\":0}")) {
            assertThat(read(HOST, setMsrs(2, 2, msrs, ",\"complete\":0")).disturbances())
                    .as(msrs)
                    .hasSize(1);
        }
        assertThat(read(HOST, setMsrs(2, 2, "", ",\"complete\":1")).disturbances())
                .as("complete, and not there")
                .hasSize(1);
    }

    private static String enableCap(String args) {
        return "{\"op\":\"KVM_ENABLE_CAP\",\"vm\":0,\"args\":{" + args
                + "},\"ret\":0,\"errno\":0,\"host_tsc\":[1200000,1201000]}";
    }

    @Test
    void aCapabilityIsHarmlessByItsNumber() throws IOException {
        assertThat(read(HOST, enableCap("\"num\":164,\"arg0\":1")).disturbances())
                .isEmpty();
        assertThat(read(HOST, enableCap("\"num\":9999")).disturbances()).hasSize(1);
        assertThat(read(HOST, enableCap("")).disturbances()).hasSize(1);
    }

    @Test
    void theRateThatKvmAnsweredCounts() throws IOException {
        String host = HOST + "dmesg tsc: Detected 1000.000 MHz processor\n";
        assertThat(read(host, enableCap("\"num\":164")).header().toString()).contains("2000000");
    }

    @Test
    void aHostThatIgnoresOffsetsIsNotTrusted() throws IOException {
        String offset = "{\"op\":\"KVM_GET_DEVICE_ATTR\",\"vm\":0,\"vcpu\":0,\"args\":{\"group\":0,\"attr\":0},"
                + "\"out\":{\"offset\":0},\"ret\":0,\"errno\":0,\"host_tsc\":[1200000,1201000]}";
        assertThat(read(HOST, offset).assumptions()).isEmpty();
        assertThat(read(HOST + "tsc-offsets honoured\n", offset).assumptions()).isEmpty();
        assertThat(read(HOST + "tsc-offsets ignored: it reads back another\n", offset)
                        .assumptions())
                .hasSize(1);
    }

    @Test
    void theKeysOfTheRecorderAreListed() throws IOException {
        String run = "{\"op\":\"KVM_RUN\",\"vm\":0,\"vcpu\":0,\"args\":{\"immediate_exit\":1},\"ret\":-1,\"errno\":4,"
                + "\"host_tsc\":[1300000,1301000]}";
        ImportedTrace trace = read(HOST, setMsrs(0, 0, ",\"clock_msrs\":{}", ",\"complete\":1"), run);
        assertThat(trace.notes()).noneMatch(note -> note.contains("does not list"));
        // KVM returns before it handles a request; without immediate_exit it may have entered.
        String entered = run.replace("\"immediate_exit\":1", "\"immediate_exit\":0");
        assertThat(trace.events()).noneMatch(event -> event.operation() == Operation.ENTER_GUEST);
        assertThat(read(HOST, setMsrs(0, 0, ",\"clock_msrs\":{}", ",\"complete\":1"), entered)
                        .events())
                .anyMatch(event -> event.operation() == Operation.ENTER_GUEST && event.optional());
    }
}
