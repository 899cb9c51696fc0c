package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The JSON Schema of a record accepts what the reader accepts, and nothing else. */
class RecordSchemaTest {
    private static final int RECORDS = Integer.getInteger("longitude.records", 30_000);
    private static final long SEED = Long.getLong("longitude.seed", 20261127);
    private static final JsonMapper JSON = new JsonMapper();

    /** The one fault of a record's values that a schema cannot express. */
    private static final String ORDER = "expected the second number not behind the first";

    /** Values at the limits of every type, as JSON. */
    private static final List<String> EDGES = edges();

    private static final List<String> TOP_LEVEL = List.of(
            "seq",
            "vm",
            "vcpu",
            "op",
            "args",
            "out",
            "ret",
            "errno",
            "t",
            "rt",
            "pcpu",
            "host_tsc",
            "host_cntvct",
            "scn",
            "unheard-of");

    /** Arguments that name a register, in each form: one of a timer, or another one. */
    private static final List<String> REGISTERS = List.of(
            "{}",
            "{\"id\":\"0x603000000013DF1A\"}",
            "{\"id\":\"0x603000000013df01\"}",
            "{\"id\":6931039826524495642}",
            "{\"id\":\"06931039826524495617\"}",
            "{\"id\":\"KVM_REG_ARM_PTIMER_CNT\"}",
            "{\"reg\":\"KVM_REG_ARM_TIMER_CNT\"}",
            "{\"reg\":\"KVM_REG_ARM_PTIMER_CNT\"}",
            "{\"reg\":\"6931039826524495642\"}",
            "{\"id\":1,\"reg\":\"KVM_REG_ARM_PTIMER_CNT\"}",
            "{\"id\":1}",
            "{\"id\":\"KVM_REG_ARM_TIMER_CTL\"}",
            "{\"id\":\"0x603000000013DF02\"}",
            "{\"id\":6931039826524495633}",
            "{\"reg\":\"0x603000000013df12\"}",
            "{\"reg\":\"KVM_REG_ARM_TIMER_CVAL\"}",
            "{\"reg\":\"KVM_REG_ARM_OTHER\"}",
            "{\"reg\":\"V0\"}");

    private final Schema schema = schema();

    private static Schema schema() {
        try (InputStream in = IoctlRecord.class.getResourceAsStream("ioctl-record.schema.json")) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(in, InputFormat.JSON);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> edges() {
        List<String> edges = new ArrayList<>(List.of(
                "null",
                "true",
                "1.5",
                "-0.5",
                "[]",
                "[1]",
                "[1,2]",
                "[1,2,3]",
                "[\"1\",\"0x2\"]",
                "[null,2]",
                "[-1,1]",
                "[1,true]",
                "[2,18446744073709551616]",
                "{}",
                "{\"16\":1}",
                "{\"0x10\":null}",
                "{\"0x10\":true}",
                "{\"MSR_IA32_TSC\":\"5\"}",
                "{\"MSR_UNHEARD_OF\":5}",
                "{\"-0\":5}",
                "{\"4294967296\":5}",
                "{\"thread\":true}",
                "{\"thread\":1}",
                "{\"unheard-of\":1e9}",
                "{\"a\":{\"b\":[{\"c\":99999999999999999999}]}}"));
        List<String> numbers = List.of(
                "0",
                "1",
                "9",
                "10",
                "16",
                "127",
                "128",
                "255",
                "256",
                "4094",
                "4095",
                "4096",
                "65535",
                "65536",
                "2147483647",
                "2147483648",
                "4294967295",
                "4294967296",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551487",
                "18446744073709551488",
                "18446744073709551615",
                "18446744073709551616",
                "99999999999999999999",
                "100000000000000000000",
                "6931039826524495642",
                "6931039826524495617");
        for (String number : numbers) {
            for (String sign : List.of("", "-")) {
                edges.add(sign + number);
                edges.add("\"" + sign + number + "\"");
                edges.add("\"" + sign + "0".repeat(Math.max(0, 20 - number.length())) + number + "\"");
                edges.add("\"" + sign + "0".repeat(Math.max(0, 21 - number.length())) + number + "\"");
                String hex = new BigInteger(number).toString(16);
                edges.add("\"" + sign + "0x" + hex + "\"");
                edges.add("\"" + sign + "0x" + "0".repeat(20 - hex.length()) + hex.toUpperCase(Locale.ROOT) + "\"");
                edges.add("\"" + sign + "0x" + "0".repeat(21 - hex.length()) + hex + "\"");
            }
        }
        for (String text : List.of(
                "",
                "-",
                "--1",
                "+5",
                " 5",
                "5 ",
                "5\\n",
                "0x",
                "-0x",
                "0X10",
                "0xg",
                "1e3",
                "1.0",
                "\u0661",
                "\uff11",
                "MSR_IA32_TSC",
                "msr_ia32_tsc",
                "HV_X64_MSR_REFERENCE_TSC",
                "MSR_IA32_TSC\\n",
                "KVM_REG_ARM_TIMER_CNT",
                "KVM_REG_ARM_PTIMER_CNT",
                "KVM_REG_ARM_TIMER_CTL",
                "0x603000000013df1a",
                "0x603000000013DF01",
                "KVM_RUN",
                "KVM_SET_MSRS",
                "note",
                "rdtsc")) {
            edges.add("\"" + text + "\"");
        }
        return edges;
    }

    /** Each limit value in each place of the format, alone. */
    @Test
    void everyTypeHasTheSameEdgesInBoth() throws IOException {
        Counts counts = new Counts();
        for (String edge : EDGES) {
            for (String key : TOP_LEVEL) {
                ObjectNode record = object("{\"op\":\"KVM_RUN\"}");
                record.set(key, JSON.readTree(edge));
                compare(record.toString(), "", counts);
            }
            for (Map.Entry<String, IoctlTable.Keys> op : IoctlTable.listed().entrySet()) {
                for (String group : List.of("args", "out")) {
                    List<String> keys = new ArrayList<>(List.of("thread", "unheard-of"));
                    keys.addAll(op.getValue().args().keySet());
                    keys.addAll(op.getValue().out().keySet());
                    for (String key : keys) {
                        for (String said : op.getKey().endsWith("ONE_REG") ? REGISTERS : List.of("{}")) {
                            ObjectNode record = object("{\"op\":\"" + op.getKey() + "\",\"out\":{}}");
                            record.set("args", JSON.readTree(said));
                            child(record, group).set(key, JSON.readTree(edge));
                            compare(record.toString(), "", counts);
                        }
                    }
                }
            }
        }
        assertThat(counts.accepted).isGreaterThan(1000);
        assertThat(counts.rejected).isGreaterThan(1000);
    }

    /** Every bundled record, and those of the cases. */
    @Test
    void theSchemaAcceptsWhatRealRecordersWrote() throws IOException {
        Counts counts = new Counts();
        for (String line : real()) {
            compare(line, "", counts);
        }
        assertThat(counts.accepted).isGreaterThan(3000);
        assertThat(counts.rejected).isZero();
    }

    /** Real records with a part replaced, moved or removed. */
    @Test
    void theSchemaAndTheReaderAgreeOnAlteredRecords() throws IOException {
        System.out.println("RecordSchemaTest: -Dlongitude.seed=" + SEED + " -Dlongitude.records=" + RECORDS);
        List<String> real = real();
        Counts counts = new Counts();
        for (int i = 0; i < RECORDS; i++) {
            SplittableRandom random = new SplittableRandom(SEED + i);
            ObjectNode record = object(real.get(random.nextInt(real.size())));
            for (int times = 1 + random.nextInt(3); times > 0; times--) {
                alter(record, random);
            }
            compare(
                    record.toString(),
                    "; to repeat: mvn test -pl trace-validator -am -Dtest=RecordSchemaTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dlongitude.records=1 -Dlongitude.seed="
                            + (SEED + i),
                    counts);
        }
        if (RECORDS > 1000) {
            assertThat(counts.accepted).isGreaterThan(RECORDS / 5);
            assertThat(counts.rejected).isGreaterThan(RECORDS / 5);
            assertThat(counts.outOfOrder).isPositive();
        }
    }

    /** What a schema cannot express: these lines pass it and are malformed. */
    @Test
    void whatASchemaCannotSayTheReaderSays() {
        for (String record : List.of(
                "{\"op\":\"KVM_RUN\",\"host_tsc\":[2,1]}",
                "{\"op\":\"KVM_RUN\",\"seq\":1,\"seq\":2}",
                "{\"op\":\"KVM_SET_TSC_KHZ\",\"args\":{\"khz\":1.0}}",
                "{\"op\":\"KVM_SET_TSC_KHZ\",\"args\":{\"khz\":1e3}}")) {
            assertThat(reader(record)).as(record).isNotNull();
        }
    }

    private static final class Counts {
        private int accepted;
        private int rejected;
        private int outOfOrder;
    }

    private void compare(String record, String repeat, Counts counts) {
        String fault = reader(record);
        List<?> errors = schema.validate(record, InputFormat.JSON);
        if (fault != null && fault.endsWith(ORDER)) {
            counts.outOfOrder++;
            return; // (other faults may stand behind it)
        }
        assertThat(errors.isEmpty())
                .as("%s: the reader says %s, the schema %s%s", record, fault, errors, repeat)
                .isEqualTo(fault == null);
        if (fault == null) {
            counts.accepted++;
        } else {
            counts.rejected++;
        }
    }

    /** Why the reader refuses a record; null if it does not. */
    private static @Nullable String reader(String record) {
        LineSource source =
                new LineSource("log", new ByteArrayInputStream((record + "\n").getBytes(StandardCharsets.UTF_8)));
        try {
            IoctlRecord.read(source, String.valueOf(source.next()));
            return null;
        } catch (TraceFormatException e) {
            return e.getMessage();
        }
    }

    private static List<String> real() throws IOException {
        List<String> records = new ArrayList<>();
        for (String folder : List.of("src/main/resources/recordings", "src/test/resources")) {
            try (Stream<Path> files = Files.walk(Path.of(folder))) {
                for (Path log : files.filter(p -> p.toString().endsWith(".jsonl"))
                        .sorted()
                        .toList()) {
                    records.addAll(Files.readAllLines(log));
                }
            }
        }
        return records;
    }

    private static ObjectNode object(String json) throws JsonProcessingException {
        return (ObjectNode) JSON.readTree(json);
    }

    private static ObjectNode child(ObjectNode record, String name) {
        return (ObjectNode) record.get(name);
    }

    private static void alter(ObjectNode record, SplittableRandom random) throws JsonProcessingException {
        ObjectNode where = record;
        String group = random.nextInt(3) == 0 ? "" : random.nextBoolean() ? "args" : "out";
        if (!group.isEmpty() && record.get(group) instanceof ObjectNode payload) {
            where = payload;
            if (random.nextInt(4) == 0 && payload.get("clock_msrs") instanceof ObjectNode msrs) {
                where = msrs;
            }
        }
        List<String> keys = new ArrayList<>();
        where.fieldNames().forEachRemaining(keys::add);
        String key = keys.isEmpty() || random.nextInt(8) == 0 ? anyKey(random) : keys.get(random.nextInt(keys.size()));
        JsonNode value = where.get(key);
        switch (random.nextInt(8)) {
            case 0 -> where.remove(key);
            case 1 -> where.put("op", anyOp(random));
            case 2 -> {
                if (value != null && value.isNumber()) {
                    where.put(key, value.asText());
                }
            }
            case 3 -> {
                if (value instanceof ArrayNode array && !array.isEmpty()) {
                    array.set(random.nextInt(array.size()), anyValue(random));
                }
            }
            case 4 -> {
                where.remove(key);
                where.set(anyKey(random), value);
            }
            default -> where.set(key, anyValue(random));
        }
    }

    private static JsonNode anyValue(SplittableRandom random) throws JsonProcessingException {
        return switch (random.nextInt(4)) {
            case 0 -> JSON.getNodeFactory().numberNode(random.nextLong() >> random.nextInt(64));
            case 1 -> JSON.getNodeFactory().textNode("0x" + Long.toHexString(random.nextLong() >>> random.nextInt(64)));
            default -> JSON.readTree(EDGES.get(random.nextInt(EDGES.size())));
        };
    }

    private static String anyKey(SplittableRandom random) {
        List<String> keys = new ArrayList<>(TOP_LEVEL);
        keys.addAll(List.of("thread", "0x10", "MSR_IA32_TSC", "5"));
        for (IoctlTable.Keys each : IoctlTable.listed().values()) {
            keys.addAll(each.args().keySet());
            keys.addAll(each.out().keySet());
        }
        return keys.get(random.nextInt(keys.size()));
    }

    private static String anyOp(SplittableRandom random) {
        List<String> ops = new ArrayList<>(IoctlTable.listed().keySet());
        ops.addAll(List.of("note", "KVM_GET_REGS", "KVM_UNHEARD_OF"));
        return ops.get(random.nextInt(ops.size()));
    }
}
