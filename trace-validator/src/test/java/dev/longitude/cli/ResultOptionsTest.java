package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

/** Each command that judges gives its results to other programs, as {@code RESULTS.md} describes. */
class ResultOptionsTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private Path trace = folder;

    @BeforeEach
    void simulate() {
        trace = folder.resolve("young guest.ndjson");
        assertThat(Run.of("simulate", "young-guest", "--kernel", "v6.12", "--out", trace)
                        .code())
                .isZero();
    }

    private static Schema schema(String name) {
        try (InputStream in = CaseResult.class.getResourceAsStream(name + ".schema.json")) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(in, InputFormat.JSON);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Each line of the output is an object of the schema. */
    private static List<JsonNode> objects(String output, String schema) throws IOException {
        List<String> lines = output.lines().toList();
        assertThat(lines)
                .isNotEmpty()
                .allSatisfy(line -> assertThat(schema(schema).validate(line, InputFormat.JSON))
                        .as(line)
                        .isEmpty());
        return lines.stream()
                .map(line -> {
                    try {
                        return JSON.readTree(line);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();
    }

    private Element junit(Path file) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file.toFile())
                .getDocumentElement();
    }

    @Test
    void eachKindOfVerdictOnAFileIsOfTheSchema() throws Exception {
        Path undecided = undecided();
        Run run = Run.of("validate", trace, folder.resolve("missing"), undecided, "--kernel", "v6.12", "--json");
        assertThat(objects(run.out(), "verdict"))
                .extracting(o -> o.get("verdict").asText())
                .containsExactly("conforms", "unusable", "undecided");
        Run refused = Run.of("validate", trace, "--kernel", "v6.1", "--json");
        assertThat(objects(refused.out(), "verdict")
                        .get(0)
                        .get("refused")
                        .get("line")
                        .asInt())
                .isEqualTo(5);
        assertThat(refused.err()).isEmpty();
    }

    /** A tool's output without payloads: at best its order is allowed. */
    private static Path undecided() throws Exception {
        return Path.of(requireNonNull(ResultOptionsTest.class.getResource("/formats/perf-trace.txt"))
                .toURI());
    }

    @Test
    void aRefusalNamesItsLineAndTheConjunctInEachForm() throws Exception {
        Path junit = folder.resolve("results.xml");
        Path sarif = folder.resolve("results.sarif");
        System.setProperty("longitude.annotations", "true");
        Run run;
        try {
            run = Run.of("validate", trace, "--kernel", "v6.1", "--junit", junit, "--sarif", sarif);
        } finally {
            System.clearProperty("longitude.annotations");
        }
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(run.err()).startsWith("::error file=" + trace + ",line=5,title=trace%3A " + trace + "::");
        Element testCase =
                (Element) junit(junit).getElementsByTagName("testcase").item(0);
        assertThat(testCase.getAttribute("line")).isEqualTo("5");
        assertThat(testCase.getElementsByTagName("failure").getLength()).isEqualTo(1);
        JsonNode result = JSON.readTree(Files.readString(sarif, UTF_8))
                .get("runs")
                .get(0)
                .get("results")
                .get(0);
        JsonNode place = result.get("locations").get(0).get("physicalLocation");
        assertThat(place.get("region").get("startLine").asInt()).isEqualTo(5);
        assertThat(place.get("artifactLocation").get("uri").asText()).endsWith("young%20guest.ndjson");
        assertThat(result.get("relatedLocations")
                        .get(0)
                        .get("physicalLocation")
                        .get("artifactLocation")
                        .get("uri")
                        .asText())
                .isEqualTo("spec/KvmX86.tla");
    }

    @Test
    void aPropertyThatMustBeKeptIsTheRule() throws Exception {
        Path other = folder.resolve("edges.ndjson");
        Run.of("simulate", "window-edges", "--kernel", "v6.12", "--out", other);
        Path junit = folder.resolve("r.xml");
        Run run = Run.of("validate", other, "--require", "SameLine", "--junit", junit);
        Element root = junit(junit);
        assertThat(root.getElementsByTagName("failure").getLength()
                        + root.getElementsByTagName("error").getLength())
                .isEqualTo(run.code() == ExitCode.HOLDS ? 0 : 1);
    }

    @Test
    void quietPrintsOnlyWhatDoesNotHoldAndTheSummary() {
        Run run = Run.of("validate", trace, trace, "--quiet");
        assertThat(run.out()).isEqualTo("2 files: 2 conform\n");
        Run refused = Run.of("validate", trace, folder.resolve("missing"), "--kernel", "v6.1", "--quiet");
        assertThat(refused.out()).contains(":5: refused").endsWith("2 files: 1 refused, 1 unusable\n");
        assertThat(refused.err()).contains("missing");
    }

    /** Otherwise a pipeline could take the file of the last run for this one's. */
    @Test
    void aRunThatBreaksOffLeavesNoEarlierResult() throws Exception {
        Path junit = Files.writeString(folder.resolve("results.xml"), "<testsuites/>", UTF_8);
        assertThat(Run.of("check", "--model", "nothing-like-it", "--junit", junit)
                        .code())
                .isEqualTo(ExitCode.UNUSABLE);
        assertThat(junit).isEmptyFile();
        assertThat(Run.of("validate", trace, "--junit", folder.resolve("no/such/r.xml"))
                        .err())
                .contains("a file in a folder that exists was expected");
        assertThat(Run.of("validate", trace, "--junit", junit, "--sarif", junit).code())
                .isEqualTo(ExitCode.UNUSABLE);
    }

    @Test
    void aModelIsAResultOfTheSchema() throws Exception {
        Path itf = folder.resolve("c.itf.json");
        Path events = folder.resolve("c.json");
        Run run = Run.of("check", "--model", "refused-rate-v6.12", "--json", "--itf", itf, "--trace-events", events);
        JsonNode result = objects(run.out(), "result").get(0);
        assertThat(result.get("suite").asText()).isEqualTo("model");
        assertThat(result.get("status").asText()).isEqualTo("holds");
        JsonNode states = JSON.readTree(Files.readString(itf, UTF_8)).get("states");
        assertThat(states).hasSize(3);
        assertThat(states.get(0).get("tscOffset")).isNotNull();
        assertThat(states.get(1).get("reply").get("op").asText()).isEqualTo("CreateVcpu");
        JsonNode steps = JSON.readTree(Files.readString(events, UTF_8)).get("traceEvents");
        assertThat(steps)
                .extracting(e -> e.get("ph").asText() + " " + e.get("name").asText())
                .contains("i CreateVcpu(vcpu 0)");
    }

    /** KVM_SET_CLOCK after the first KVM_RUN: the failure lies between the two. */
    @Test
    void aRecipeThatFailsNamesTheLinesBetweenWhichItGoesWrong() throws Exception {
        Path recipe = folder.resolve("mine.yaml");
        Files.writeString(recipe, """
                about: KVM_SET_CLOCK comes too late
                arch: x86_64
                policy: freeze
                save:
                  - pause
                  - inParallel:
                      - ReadTsc: {as: tsc}
                  - GetClock: {as: clock}
                restore:
                  - inTurn: [CreateVcpu]
                  - inTurn:
                      - WriteTsc: {value: tsc}
                      - WriteSystemTime
                  - run
                  - pause
                  - SetClock: {clock: clock.clock}
                  - run
                """, UTF_8);
        Path sarif = folder.resolve("r.sarif");
        Path junit = folder.resolve("r.xml");
        Path itf = folder.resolve("r.itf.json");
        Path events = folder.resolve("r.json");
        String check = "check --recipe " + recipe + " --kernel v6.12 --world usual --property MonotonicAcross";
        Run run = Run.of((Object[]) (check + " --property SameRate --sarif " + sarif + " --junit " + junit + " --itf "
                        + itf + " --trace-events " + events)
                .split(" "));
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(run.out().lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80 * 3));
        JsonNode results =
                JSON.readTree(Files.readString(sarif, UTF_8)).get("runs").get(0).get("results");
        assertThat(results).hasSize(1);
        assertThat(results.get(0).get("ruleId").asText()).isEqualTo("MonotonicAcross");
        JsonNode region =
                results.get(0).get("locations").get(0).get("physicalLocation").get("region");
        assertThat(region.get("startLine").asInt()).isBetween(10, 17);
        Element root = junit(junit);
        assertThat(root.getAttribute("tests")).isEqualTo("2");
        assertThat(root.getAttribute("failures")).isEqualTo("1");
        assertThat(root.getAttribute("skipped")).isEqualTo("1");
        JsonNode states = JSON.readTree(Files.readString(itf, UTF_8)).get("states");
        assertThat(states.get(states.size() - 1).get("TSC").get("#map")).isNotEmpty();
        assertThat(JSON.readTree(Files.readString(events, UTF_8)).get("traceEvents"))
                .extracting(e -> e.get("ph").asText() + " " + e.get("name").asText())
                .contains("i Blackout", "B guest", "E guest", "C TSC");
    }

    @Test
    void aSimulatedTraceAndAPlanAreOfTheirSchemas() throws Exception {
        Run simulated = Run.of(
                "simulate", "--recipe", "firecracker", "--kernel", "v6.12", "--json", "--out", folder.resolve("t"));
        assertThat(objects(simulated.out(), "simulated").get(0).has("fails")).isTrue();
        assertThat(Run.of("simulate", "boot", "--json").code()).isEqualTo(ExitCode.UNUSABLE);
        Run plan = Run.of(
                "plan",
                "counter",
                "--counter-hz",
                "25000000",
                "--source",
                "counter=5,realtime=1000",
                "--destination",
                "counter=9,realtime=2000",
                "--json");
        assertThat(plan.code()).as(plan.err()).isZero();
        objects(plan.out().replace("\n", " "), "plan");
        Run tsc = Run.of(
                "plan",
                "tsc",
                "--guest-khz",
                "2500000",
                "--offset",
                "-5",
                "--source",
                "hostKhz=2000000,hostTsc=1000,realtime=1000,clock=900",
                "--destination",
                "hostTsc=9000,realtime=2000,clock=5,hostKhz=2000000",
                "--json");
        assertThat(tsc.code()).as(tsc.err()).isEqualTo(ExitCode.UNDECIDED);
        objects(tsc.out().replace("\n", " "), "plan");
    }

    /** Of a recipe that lacks something nothing is known: no form shows it as passed, nor as failed. */
    @Test
    void aRecipeWithUnknownEntriesIsUndecidedInEachForm() throws Exception {
        Path recipe = folder.resolve("lacking.yaml");
        String whole = Files.readString(Path.of("../spec/recipes/kvmtool-pause.yaml"), UTF_8);
        Files.writeString(recipe, whole + "unknown:\n  - what it does to the clock\n", UTF_8);
        Path junit = folder.resolve("r.xml");
        Path page = folder.resolve("r.html");
        String[] place = {"--kernel", "v6.12", "--property", "MonotonicAcross", "--property", "StoppedIsShown"};
        Run run = Run.of(Stream.of(
                        Stream.of("check", "--recipe", recipe, "--world", "usual", "--junit", junit, "--report", page),
                        Stream.of(place))
                .flatMap(s -> s)
                .toArray());
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(run.err()).contains("lacking v6.12: undecided").doesNotContain("fail");
        assertThat(run.out()).contains("of the VMM they show nothing").endsWith("2 properties: 2 undecided\n");
        Element root = junit(junit);
        assertThat(root.getAttribute("errors")).isEqualTo("2");
        assertThat(root.getAttribute("failures")).isEqualTo("0");
        assertThat(((Element) root.getElementsByTagName("error").item(0)).getAttribute("message"))
                .isEqualTo("without what is unknown: holds");
        assertThat(page).content().contains("undecided: the recipe lacks what is unknown");
        Run advice = Run.of(Stream.of(Stream.of("advise", recipe, "--json"), Stream.of(place))
                .flatMap(s -> s)
                .toArray());
        assertThat(advice.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(objects(advice.out(), "advice")
                        .get(0)
                        .get("undecided")
                        .get(0)
                        .asText())
                .endsWith("what it does to the clock");
    }

    @Test
    void everyStatusHasItsExitCode() {
        for (Status status : Status.values()) {
            if (status != Status.DOES_NOT_APPLY) {
                assertThat(ResultOptions.status(ResultOptions.code(status))).isEqualTo(status);
            }
        }
    }
}
