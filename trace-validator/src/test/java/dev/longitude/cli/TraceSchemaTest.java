package dev.longitude.cli;

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
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86ClockScenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.Field;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceReader;
import dev.longitude.trace.TraceWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The JSON Schema of a line of a trace accepts what the reader accepts, and nothing else. */
class TraceSchemaTest {
    private static final int LINES = Integer.getInteger("longitude.lines", 15_000);
    private static final long SEED = Long.getLong("longitude.seed", 20261127);
    private static final JsonMapper JSON = new JsonMapper();

    /** Faults of a line that depend on the lines before it, or that a schema cannot express. */
    private static final Pattern NOT_OF_THE_LINE = Pattern.compile(
            "expected seq 1 and not [1-9]|the second word not behind the first|action before args, reply and state"
                    + "|expected (?:no )?thread in the event|the end line counts|the trace has no events");

    private static final List<String> EDGES = edges();

    private final Schema schema = schema();

    private static Schema schema() {
        try (InputStream in = TraceReader.class.getResourceAsStream("trace-line.schema.json")) {
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
                "false",
                "1.5",
                "[]",
                "{}",
                "[0]",
                "[1,1]",
                "[65536]",
                "[true]",
                "[\"1\"]",
                "[\"1\",\"2\"]",
                "[\"1\",\"2\",\"3\"]",
                "[\"2\",\"1\"]",
                "[\"18446744073709551615\",\"0\"]",
                "[1,2]",
                "\"\"",
                "\"-1\"",
                "\"0x1\"",
                "\" 1\"",
                "\"1\\n\"",
                "\"\u0661\"",
                "\"000000000000000000001\"",
                "\"00000000000000000001\"",
                "-1",
                "-128",
                "-129",
                "{\"0\":\"1\"}",
                "{\"0\":1}",
                "{\"0\":-129}",
                "{\"00\":\"1\"}",
                "{\"65535\":\"1\"}",
                "{\"65536\":\"1\"}",
                "{\"99999\":1}",
                "{\"100000\":1}",
                "{\"-1\":1}",
                "{\"0\":null}",
                "{\"0\":true}",
                "{\"vcpu\":0}"));
        for (String number : List.of(
                "0",
                "1",
                "5",
                "127",
                "128",
                "255",
                "9999",
                "10000",
                "65535",
                "65536",
                "2147483647",
                "2147483648",
                "9223372036854775808",
                "18446744073709551615",
                "18446744073709551616",
                "99999999999999999999")) {
            edges.add(number);
            edges.add("\"" + number + "\"");
        }
        return edges;
    }

    private static String header(Arch arch, boolean threads) {
        String host =
                arch == Arch.X86 ? "\"tscKhz\":1,\"clocksource\":\"tsc\"" : "\"vhe\":true,\"ecv\":false,\"pcpus\":2";
        return "{\"format\":\"longitude-trace\",\"version\":2,\"arch\":\"" + arch + "\",\"kernel\":\"v6.12\",\"host\":{"
                + host + "},\"vcpus\":1,\"origin\":\"\"" + (threads ? ",\"threads\":true}" : "}");
    }

    /** Why the reader rejects a trace that begins with these lines; null if it reads the last of them. */
    private static @Nullable String reader(String... lines) {
        byte[] text = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        try (TraceReader reader = new TraceReader(new LineSource("t", new ByteArrayInputStream(text)))) {
            if (lines.length > 1) {
                reader.next();
            }
            return null;
        } catch (TraceFormatException e) {
            return String.valueOf(e.getMessage());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Counts {
        private int accepted;
        private int rejected;
    }

    private void compare(ObjectNode line, String repeat, Counts counts) {
        String text = line.toString();
        List<String> faults = new ArrayList<>();
        if (line.has("format")) {
            faults.add(String.valueOf(reader(text)));
        } else {
            for (Arch arch : Arch.values()) {
                faults.add(String.valueOf(reader(header(arch, line.has("thread")), text)));
            }
        }
        if (faults.stream().anyMatch(f -> NOT_OF_THE_LINE.matcher(f).find())) {
            return; // (other faults may follow it)
        }
        boolean accepted = faults.contains("null");
        List<?> errors = schema.validate(text, InputFormat.JSON);
        assertThat(errors.isEmpty())
                .as("%s: the reader says %s, the schema %s%s", text, faults, errors, repeat)
                .isEqualTo(accepted);
        if (accepted) {
            counts.accepted++;
        } else {
            counts.rejected++;
        }
    }

    private static ObjectNode object(String json) throws JsonProcessingException {
        return (ObjectNode) JSON.readTree(json);
    }

    /** The lines of one run of each scenario, each event as if it were the first of its trace. */
    private static List<String> real() throws IOException {
        List<Scenario> scenarios = new ArrayList<>(List.of(X86Scenario.values()));
        scenarios.addAll(List.of(X86ClockScenario.values()));
        scenarios.addAll(List.of(Arm64Scenario.values()));
        List<String> lines = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            Trace recording = scenario.play(KernelProfile.of("v6.12"), 2, SEED);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (TraceWriter writer = new TraceWriter(out, recording.header())) {
                for (TraceEvent event : recording.events()) {
                    writer.write(event);
                }
            }
            out.toString(StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("^\\{\"seq\":\\d+", "{\"seq\":1"))
                    .forEach(lines::add);
        }
        return lines;
    }

    @Test
    void theSchemaAcceptsWhatScenariosWrite() throws IOException {
        Counts counts = new Counts();
        for (String line : real()) {
            assertThat(schema.validate(line, InputFormat.JSON)).as(line).isEmpty();
            compare(object(line), "", counts);
        }
        assertThat(counts.accepted).isGreaterThan(500);
        assertThat(counts.rejected).isZero();
    }

    /** Each value at an edge in each place, alone. */
    @Test
    void everyTypeHasTheSameEdgesInBoth() throws IOException {
        Counts counts = new Counts();
        for (String edge : EDGES) {
            for (Operation operation : Operation.values()) {
                String event = "{\"seq\":1,\"action\":\"" + operation + "\"}";
                for (String key : List.of(
                        "seq",
                        "vm",
                        "thread",
                        "tsc",
                        "cntpct",
                        "ns",
                        "realtime",
                        "args",
                        "reply",
                        "state",
                        "end",
                        "unheard-of")) {
                    ObjectNode line = object(event);
                    line.set(key, JSON.readTree(edge));
                    compare(line, "", counts);
                }
                for (String group : List.of("args", "reply")) {
                    for (Field field : group.equals("args") ? operation.args() : operation.results()) {
                        ObjectNode line = object(event);
                        line.putObject(group).set(field.name(), JSON.readTree(edge));
                        compare(line, "", counts);
                    }
                }
            }
            for (StateVariable variable : StateVariable.values()) {
                ObjectNode line = object("{\"seq\":1,\"action\":\"CreateVm\"}");
                line.putObject("state").set(variable.specName(), JSON.readTree(edge));
                compare(line, "", counts);
            }
            for (Arch arch : Arch.values()) {
                List<String> keys = new ArrayList<>(List.of("host", "threads", "silent", "unheard-of"));
                object(header(arch, false)).fieldNames().forEachRemaining(keys::add);
                for (String key : keys) {
                    ObjectNode line = object(header(arch, false));
                    line.set(key, JSON.readTree(edge));
                    compare(line, "", counts);
                }
                for (String key : List.of(
                        "tscKhz",
                        "clocksourceKhz",
                        "tscFracBits",
                        "clocksource",
                        "tscUnstable",
                        "vhe",
                        "ecv",
                        "pcpus",
                        "x")) {
                    ObjectNode line = object(header(arch, false));
                    ((ObjectNode) line.get("host")).set(key, JSON.readTree(edge));
                    compare(line, "", counts);
                }
            }
        }
        assertThat(counts.accepted).isGreaterThan(1000);
        assertThat(counts.rejected).isGreaterThan(1000);
    }

    /** Every operation in {@code silent}, every kernel, on every architecture. */
    @Test
    void everyNameIsTheSameInBoth() throws IOException {
        Counts counts = new Counts();
        for (Arch arch : Arch.values()) {
            for (Operation operation : Operation.values()) {
                ObjectNode line = object(header(arch, false));
                line.putArray("silent").add(operation.specName());
                compare(line, "", counts);
            }
            for (KernelProfile kernel : KernelProfile.known()) {
                compare(object(header(arch, false)).put("kernel", kernel.specName()), "", counts);
            }
            for (int major = 0; major <= KernelProfile.newest().major() + 1; major++) {
                for (int minor = 0; minor <= 21; minor++) {
                    for (String patch : List.of("", ".0", ".1", ".117", ".01", "-rc1", ".1.1")) {
                        String release = major + "." + minor + patch;
                        compare(object(header(arch, false)).put("kernel", "v" + release), "", counts);
                        compare(object(header(arch, false)).put("kernel", release), "", counts);
                    }
                }
            }
        }
        assertThat(counts.accepted).isGreaterThan(50);
        assertThat(counts.rejected).isGreaterThan(50);
    }

    /** Lines of real traces with something in them replaced, moved or taken away. */
    @Test
    void theSchemaAndTheReaderAgreeOnAlteredLines() throws IOException {
        System.out.println("TraceSchemaTest: -Dlongitude.seed=" + SEED + " -Dlongitude.lines=" + LINES);
        List<String> real = real();
        Counts counts = new Counts();
        for (int i = 0; i < LINES; i++) {
            SplittableRandom random = new SplittableRandom(SEED + i);
            ObjectNode line = object(real.get(random.nextInt(real.size())));
            for (int times = 1 + random.nextInt(3); times > 0; times--) {
                alter(line, random);
            }
            compare(
                    line,
                    "; to repeat: mvn test -pl trace-validator -am -Dtest=TraceSchemaTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dlongitude.lines=1 -Dlongitude.seed="
                            + (SEED + i),
                    counts);
        }
        if (LINES > 1000) {
            assertThat(counts.accepted).isGreaterThan(LINES / 10);
            assertThat(counts.rejected).isGreaterThan(LINES / 5);
        }
    }

    private static void alter(ObjectNode line, SplittableRandom random) throws JsonProcessingException {
        ObjectNode where = line;
        String group = List.of("", "args", "reply", "state", "host").get(random.nextInt(5));
        if (!group.isEmpty() && line.get(group) instanceof ObjectNode part) {
            where = part;
        }
        List<String> keys = new ArrayList<>();
        where.fieldNames().forEachRemaining(keys::add);
        if (keys.isEmpty()) {
            return;
        }
        String key = keys.get(random.nextInt(keys.size()));
        JsonNode value = where.get(key);
        switch (random.nextInt(6)) {
            case 0 -> where.remove(key);
            case 1 -> {
                Operation[] all = Operation.values();
                line.put("action", all[random.nextInt(all.length)].specName());
            }
            case 2 -> {
                if (value instanceof ArrayNode array) {
                    array.add(JSON.readTree(EDGES.get(random.nextInt(EDGES.size()))));
                } else if (value.isTextual()) {
                    where.putArray(key).add(value).add(value);
                }
            }
            case 3 -> {
                if (value instanceof ObjectNode map) {
                    map.set(String.valueOf(random.nextInt(3)), JSON.readTree(EDGES.get(random.nextInt(EDGES.size()))));
                }
            }
            case 4 ->
                where.set(List.of("0", "vcpu", "value", "offset", "tsc", "vm").get(random.nextInt(6)), value);
            default -> where.set(key, JSON.readTree(EDGES.get(random.nextInt(EDGES.size()))));
        }
    }
}
