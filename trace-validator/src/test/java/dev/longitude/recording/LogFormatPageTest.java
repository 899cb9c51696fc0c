package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.Page;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code LOG-FORMAT.md} lists exactly what the code supports. */
class LogFormatPageTest {
    private static final Page PAGE = Page.of("LOG-FORMAT.md");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void everyTypeIsDescribed() throws Exception {
        assertThat(PAGE.rows("## Values").stream().map(row -> row.get(0)))
                .containsExactlyElementsOf(Arrays.stream(PayloadType.values())
                        .map(PayloadType::pageName)
                        .toList());
    }

    @Test
    void everyKeyOfEveryOperationIsThereWithItsType() throws Exception {
        Map<String, Map<String, String>> page = new TreeMap<>();
        for (List<String> row : PAGE.rows("## The operations")) {
            Map<String, String> keys = new TreeMap<>();
            for (List<String> key : PAGE.rows("### " + Page.code(row.get(0)))) {
                assertThat(keys.put(Page.code(key.get(0)), key.get(1)))
                        .as("%s", key)
                        .isNull();
            }
            page.put(Page.code(row.get(0)), keys);
        }
        Map<String, Map<String, String>> code = new TreeMap<>();
        IoctlTable.listed().forEach((op, keys) -> {
            Map<String, String> all = new TreeMap<>();
            keys.args().forEach((key, type) -> all.put("args." + key, type.pageName()));
            keys.out().forEach((key, type) -> all.put("out." + key, type.pageName()));
            code.put(op, all);
        });
        assertThat(page).isEqualTo(code);
        Set<String> sections = PAGE.lines().stream()
                .filter(line -> line.startsWith("### "))
                .map(line -> line.substring(4))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(sections).isEqualTo(new TreeSet<>(code.keySet()));
    }

    @Test
    void everyHarmlessOperationIsThereWithItsReason() throws Exception {
        Map<String, String> page = new HashMap<>();
        for (String item :
                String.join(" ", PAGE.section("## Harmless operations")).split(" ?- ", -1)) {
            String reason = item.replaceFirst(":.*", "");
            Matcher matcher = Page.CODE.matcher(item.replaceFirst("\\.  .*", ""));
            while (!item.isBlank() && matcher.find()) {
                assertThat(page.put(matcher.group(1), reason))
                        .as(matcher.group(1))
                        .isNull();
            }
        }
        assertThat(page).isEqualTo(IoctlTable.harmless());
    }

    @Test
    void everyKeyOfARecordIsThere() throws Exception {
        Set<String> page = PAGE.rows("## A record").stream()
                .map(row -> Page.code(row.get(0)))
                .collect(Collectors.toSet());
        Set<String> schema = new HashSet<>();
        try (InputStream in = IoctlRecord.class.getResourceAsStream("ioctl-record.schema.json")) {
            new JsonMapper().readTree(in).get("properties").fieldNames().forEachRemaining(schema::add);
        }
        assertThat(page).isEqualTo(schema);
        for (String key : page) {
            String record = key.equals("op") ? "{\"op\":\"note\"}" : "{\"op\":\"note\",\"" + key + "\":true}";
            boolean listed;
            try {
                listed = IoctlRecord.read(new LineSource(key, InputStream.nullInputStream()), record)
                        .unlisted()
                        .isEmpty();
            } catch (TraceFormatException e) {
                listed = true; // it is read, and true is of no use
            }
            assertThat(listed).as(key).isTrue();
        }
    }

    @Test
    void everyTracepointIsThere() throws Exception {
        assertThat(PAGE.rows("## Tracepoints").stream().map(row -> Page.code(row.get(0))))
                .containsExactlyElementsOf(TracepointFile.EVENTS);
    }

    @Test
    void everyMsrIsThereAndBecomesWhatThePageSays() throws Exception {
        Map<KvmAbi.Msr, String> writes = new LinkedHashMap<>();
        for (List<String> row : PAGE.rows("## MSRs")) {
            KvmAbi.Msr msr = KvmAbi.Msr.named(Page.code(row.get(0))).orElseThrow();
            assertThat(Page.code(row.get(1))).isEqualTo("0x" + Long.toHexString(msr.index()));
            writes.put(msr, row.get(2));
            String read = "{\"op\":\"KVM_GET_MSRS\",\"vm\":0,\"vcpu\":0,\"args\":{\"index\":" + msr.index()
                    + "},\"out\":{\"data\":1},\"ret\":1,\"errno\":0,\"host_tsc\":[50,60]}\n";
            assertThat(status(read, false)).as("%s", row).isEqualTo(row.get(3).replaceFirst(":.*", ""));
        }
        assertThat(writes.keySet()).containsExactlyInAnyOrder(KvmAbi.Msr.values());
        Map<String, String> words = Map.of("modelled", "modelled modelled", "harmless", "harmless harmless");
        writes.forEach((msr, said) -> assertThat(write(msr, 1) + " " + write(msr, 2))
                .as(said)
                .isEqualTo(words.getOrDefault(said.replaceFirst(":.*", ""), "modelled harmless")));
    }

    private String write(KvmAbi.Msr msr, int data) {
        return status(
                "{\"op\":\"KVM_SET_MSRS\",\"vm\":0,\"vcpu\":0,\"args\":{\"index\":" + msr.index() + ",\"data\":" + data
                        + "},\"ret\":1,\"errno\":0,\"host_tsc\":[50,60]}\n",
                false);
    }

    @Test
    void everyHarmlessMsrIsThereWithItsReason() throws Exception {
        Map<String, Set<String>> page = new TreeMap<>();
        for (List<String> row : PAGE.rows("## Harmless MSRs")) {
            page.put(
                    row.get(1),
                    new TreeSet<>(List.of(row.get(0).replace("`", "").split(", ", -1))));
        }
        Map<String, Set<String>> code = new TreeMap<>();
        for (HarmlessMsrs.Group group : HarmlessMsrs.groups()) {
            long first = group.indexes().lowerEndpoint();
            long last = group.indexes().upperEndpoint();
            code.computeIfAbsent(group.reason(), reason -> new TreeSet<>())
                    .add("0x" + Long.toHexString(first) + (first == last ? "" : " to 0x" + Long.toHexString(last)));
            for (KvmAbi.Msr msr : KvmAbi.Msr.values()) {
                assertThat(group.indexes().contains(msr.index())).as("%s", msr).isFalse();
            }
        }
        assertThat(page).isEqualTo(code);
    }

    @Test
    void everyRegisterIsThereAndBecomesWhatThePageSays() throws Exception {
        Set<KvmAbi.ArmRegister> registers = new HashSet<>();
        for (List<String> row : PAGE.rows("## Registers of arm64")) {
            KvmAbi.ArmRegister register =
                    KvmAbi.ArmRegister.named(Page.code(row.get(0))).orElseThrow();
            assertThat(KvmAbi.ArmRegister.of(Long.decode(Page.code(row.get(1)))))
                    .contains(register);
            registers.add(register);
            for (int column : new int[] {2, 3}) {
                String record = "{\"op\":\"KVM_" + (column == 2 ? "SET" : "GET") + "_ONE_REG\",\"vm\":0,\"vcpu\":0,"
                        + "\"args\":{\"id\":\"" + Page.code(row.get(1))
                        + "\"},\"ret\":0,\"errno\":0,\"host_cntvct\":[50,60]}\n";
                assertThat(status(record, true))
                        .as("%s", row)
                        .isEqualTo(row.get(column).replaceFirst(":.*", ""));
            }
        }
        assertThat(registers).containsExactlyInAnyOrder(KvmAbi.ArmRegister.values());
    }

    /** Arguments with which an operation is modelled, for each that has any. */
    private static final Map<String, String> ARGS = Map.of(
            "KVM_SET_MSRS", "{\"index\":\"0x10\",\"data\":5}",
            "KVM_GET_MSRS", "{\"index\":\"0x10\"}",
            "KVM_SET_LAPIC", "{\"lvtt\":0}",
            "KVM_SET_DEVICE_ATTR", "{\"group\":0,\"attr\":0,\"offset\":5}",
            "KVM_GET_DEVICE_ATTR", "{\"group\":0,\"attr\":0}",
            "KVM_SET_CLOCK", "{\"clock\":5,\"flags\":0}",
            "KVM_SET_TSC_KHZ", "{\"khz\":0}",
            "KVM_ENABLE_CAP", "{\"num\":164}",
            "KVM_GET_ONE_REG", "{\"reg\":\"KVM_REG_ARM_TIMER_CNT\"}",
            "KVM_SET_ONE_REG", "{\"reg\":\"KVM_REG_ARM_TIMER_CNT\",\"value\":5}");

    @Test
    void everyOperationBecomesWhatThePageSays() throws Exception {
        for (List<String> row : PAGE.rows("## The operations")) {
            String op = Page.code(row.get(0));
            for (int column : new int[] {1, 2}) {
                boolean arm64 = column == 2;
                String args = ARGS.getOrDefault(op, op.equals("KVM_CREATE_VCPU") ? "{\"id\":1}" : "{}");
                if (arm64 && op.equals("KVM_SET_DEVICE_ATTR")) {
                    args = "{\"group\":\"KVM_ARM_VCPU_TIMER_CTRL\",\"attr\":\"KVM_ARM_VCPU_TIMER_OFFSET_VTIMER\"}";
                }
                String record = "{\"op\":\"" + op + "\",\"vm\":" + (op.equals("KVM_CREATE_VM") ? 1 : 0) + ",\"vcpu\":"
                        + (op.equals("KVM_CREATE_VCPU") ? 1 : op.equals("KVM_CREATE_VM") ? "null" : 0) + ",\"args\":"
                        + args
                        + ",\"out\":{\"data\":1,\"offset\":1,\"version\":2},\"ret\":1,\"errno\":0,"
                        + (arm64 ? "\"host_cntvct\"" : "\"host_tsc\"") + ":[50,60]}\n";
                assertThat(status(record, arm64)).as("%s, %s", row, record).isEqualTo(row.get(column));
            }
        }
    }

    /** The import of a record after the creation of VM 0 and its vCPU 0. */
    private String status(String record, boolean arm64) {
        String counter = arm64 ? "\"host_cntvct\"" : "\"host_tsc\"";
        String before = "{\"op\":\"KVM_CREATE_VM\",\"vm\":0,\"ret\":3,\"errno\":0," + counter + ":[10,20]}\n"
                + "{\"op\":\"KVM_CREATE_VCPU\",\"vm\":0,\"vcpu\":0,\"ret\":3,\"errno\":0," + counter + ":[30,40]}\n";
        try {
            Files.writeString(
                    folder.resolve("host.txt"),
                    (arm64 ? "arch aarch64\n" : "arch x86_64\n") + "dmesg tsc: Detected 1000.000 MHz processor\n");
            Path log = Files.writeString(folder.resolve("log.jsonl"), before + record);
            ImportedTrace trace;
            try (LineSource lines = LineSource.open(log)) {
                trace = new IoctlLog().read(log, lines, KernelProfile.of("v6.12"));
            }
            if (!trace.disturbances().isEmpty()) {
                return "unknown";
            }
            return trace.modelled() == 3 ? "modelled" : trace.notModelled().isEmpty() ? "harmless" : "not modelled";
        } catch (TraceFormatException | IOException e) {
            throw new AssertionError(record, e);
        }
    }
}
