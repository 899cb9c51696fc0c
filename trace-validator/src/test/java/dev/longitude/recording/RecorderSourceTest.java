package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The recorder, a C program, and the importer have the same tables. */
class RecorderSourceTest {
    private static String source() throws IOException {
        return new String(RecorderProgram.RECORDER.source(), StandardCharsets.UTF_8);
    }

    private static List<String> all(String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(source())
                .results()
                .map(r -> r.group(1))
                .toList();
    }

    @Test
    void whatIsLeftOutIsHarmless() throws IOException {
        List<String> quiet = all("OP\\((KVM_\\w+), QUIET\\)");
        assertThat(quiet).hasSizeGreaterThan(50).doesNotHaveDuplicates();
        assertThat(quiet).allMatch(op -> IoctlTable.harmless(op).isPresent());
    }

    @Test
    void whatTheFormatReadsIsRecordedWithItsPayload() throws IOException {
        List<String> withPayload = all("(?:OP|VALUE)\\((KVM_\\w+), (?!QUIET|NAME_ONLY)");
        assertThat(withPayload)
                .contains(
                        "KVM_RUN",
                        "KVM_CREATE_VM",
                        "KVM_CREATE_VCPU",
                        "KVM_SET_MSRS",
                        "KVM_GET_MSRS",
                        "KVM_SET_LAPIC",
                        "KVM_SET_CPUID2",
                        "KVM_SET_DEVICE_ATTR",
                        "KVM_GET_DEVICE_ATTR",
                        "KVM_SET_CLOCK",
                        "KVM_GET_CLOCK",
                        "KVM_SET_TSC_KHZ",
                        "KVM_CHECK_EXTENSION",
                        "KVM_SET_ONE_REG",
                        "KVM_GET_ONE_REG",
                        "KVM_ARM_VCPU_INIT",
                        "KVM_ARM_SET_COUNTER_OFFSET",
                        Capabilities.ENABLE_CAP);
        assertThat(all("(?:OP|VALUE)\\((KVM_\\w+), ")).contains("KVM_KVMCLOCK_CTRL", "KVM_GET_TSC_KHZ");
    }

    @Test
    void theMsrsThatConcernTimeAreThoseOfTheImporter() throws IOException {
        String list = Pattern.compile("CLOCK_MSRS\\[\\] = \\{([^}]*)}")
                .matcher(source())
                .results()
                .map(r -> r.group(1))
                .findFirst()
                .orElseThrow();
        List<Long> recorded = Arrays.stream(list.split(",", -1))
                .map(String::strip)
                .map(Long::decode)
                .toList();
        assertThat(recorded)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(KvmAbi.Msr.values())
                        .map(KvmAbi.Msr::index)
                        .toList());
    }

    @Test
    void theTimersOfArm64AreThoseOfTheImporter() throws IOException {
        List<MatchResult> registers = Pattern.compile("\\{(0x603\\w+), \"KVM_REG_ARM_(\\w+)\"}")
                .matcher(source())
                .results()
                .toList();
        assertThat(registers).hasSize(KvmAbi.ArmRegister.values().length);
        for (MatchResult register : registers) {
            assertThat(KvmAbi.ArmRegister.of(Long.decode(register.group(1))))
                    .hasValue(KvmAbi.ArmRegister.valueOf(register.group(2)));
        }
    }
}
