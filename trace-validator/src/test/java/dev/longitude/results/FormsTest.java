package dev.longitude.results;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** In no form is anything a success that does not hold. */
class FormsTest {
    private static final CaseResult HOLDS = CaseResult.of("trace", "good.ndjson", Status.HOLDS, "conforms", "");
    private static final CaseResult VIOLATED = CaseResult.of(
                    "recipe mine v6.12", "SameLine", Status.VIOLATED, "SameLine", "the vCPUs' counters differ\nmore")
            .at(
                    new Location("vmm recipes/a:b.yaml", 14, 16, null),
                    Location.ofSpecification("KvmX86.tla", 228, "false"),
                    Location.ofSpecification("KvmX86.tla", 228, "false"));
    private static final CaseResult UNDECIDED = CaseResult.of(
                    "trace", "open.ndjson", Status.UNDECIDED, "conforms", "a bound was reached")
            .at(Location.of(Path.of("open.ndjson")));
    private static final CaseResult UNUSABLE =
            CaseResult.of("trace", "bad\u0000\u001b<&\".ndjson", Status.UNUSABLE, "conforms", "]]> \ud800 \uffff 100%");
    private static final CaseResult EMPTY =
            CaseResult.of("recipe mine v6.12", "TimerOnTime", Status.DOES_NOT_APPLY, "TimerOnTime", "no timer");
    private static final List<CaseResult> ALL = List.of(HOLDS, VIOLATED, UNDECIDED, UNUSABLE, EMPTY);

    private static Document junit(List<CaseResult> results) throws Exception {
        StringWriter text = new StringWriter();
        JUnitXml.write("validate", results, text);
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(text.toString().getBytes(UTF_8)));
    }

    @Test
    void junitHasACaseForEachResultAndCountsEachFault() throws Exception {
        Element root = junit(ALL).getDocumentElement();
        assertThat(root.getAttribute("tests")).isEqualTo("5");
        assertThat(root.getAttribute("failures")).isEqualTo("1");
        assertThat(root.getAttribute("errors")).isEqualTo("2");
        assertThat(root.getAttribute("skipped")).isEqualTo("1");
        assertThat(root.getElementsByTagName("testsuite").getLength()).isEqualTo(2);
        assertThat(root.getElementsByTagName("testcase").getLength()).isEqualTo(5);
        Element failure = (Element) root.getElementsByTagName("failure").item(0);
        assertThat(failure.getAttribute("message")).isEqualTo("the vCPUs' counters differ");
        assertThat(failure.getTextContent()).contains("more").containsOnlyOnce("spec/KvmX86.tla:228");
        Element error = (Element) root.getElementsByTagName("error").item(0);
        assertThat(error.getAttribute("type")).isEqualTo("undecided");
    }

    /** Names and messages may come from a hostile file. */
    @Test
    void whatXmlCannotHaveIsReplaced() throws Exception {
        Element testCase = (Element)
                junit(List.of(UNUSABLE)).getElementsByTagName("testcase").item(0);
        assertThat(testCase.getAttribute("name")).isEqualTo("bad\ufffd\ufffd<&\".ndjson");
        assertThat(testCase.getTextContent()).contains("]]> \ufffd \ufffd 100%");
    }

    @Test
    void sarifHasAnErrorForEachFaultWithItsPlace() throws Exception {
        JsonNode run = new JsonMapper()
                .readTree(Sarif.of("check", "0.1.0", 2, ALL))
                .get("runs")
                .get(0);
        JsonNode results = run.get("results");
        assertThat(results).hasSize(3).allSatisfy(r -> {
            assertThat(r.get("level").asText()).isEqualTo("error");
            assertThat(r.get("kind").asText()).isEqualTo("fail");
            assertThat(r.get("locations")).hasSize(1);
        });
        JsonNode place = results.get(0).get("locations").get(0).get("physicalLocation");
        assertThat(place.get("artifactLocation").get("uri").asText()).isEqualTo("./vmm%20recipes/a:b.yaml");
        assertThat(place.get("region").get("startLine").asInt()).isEqualTo(14);
        assertThat(place.get("region").get("endLine").asInt()).isEqualTo(16);
        JsonNode related = results.get(0).get("relatedLocations").get(0).get("physicalLocation");
        assertThat(related.get("artifactLocation").get("uri").asText()).isEqualTo("spec/KvmX86.tla");
        assertThat(related.get("artifactLocation").get("uriBaseId").asText()).isEqualTo("LONGITUDE");
        assertThat(run.get("originalUriBaseIds").has("LONGITUDE")).isTrue();
        assertThat(results.get(1).get("properties").get("status").asText()).isEqualTo("undecided");
        assertThat(run.get("invocations").get(0).get("executionSuccessful").asBoolean())
                .isFalse();
        assertThat(run.get("tool")
                        .get("driver")
                        .get("rules")
                        .get(results.get(1).get("ruleIndex").asInt())
                        .get("id")
                        .asText())
                .isEqualTo("conforms");
    }

    @Test
    void anAnnotationIsOneLineThatStartsNoOtherCommand() {
        assertThat(GithubAnnotation.of(VIOLATED))
                .isEqualTo("::error file=vmm recipes/a%3Ab.yaml,line=14,endLine=16,title=recipe mine v6.12%3A SameLine"
                        + "::the vCPUs' counters differ%0Amore");
        assertThat(GithubAnnotation.of(UNDECIDED)).startsWith("::warning file=open.ndjson,title=");
        assertThat(GithubAnnotation.of(UNUSABLE)).endsWith("100%25");
        assertThat(GithubAnnotation.of(CaseResult.of("a", "b", Status.VIOLATED, "c", "x\r\n::set-env name=A::B")))
                .doesNotContain("\n")
                .doesNotContain("\r");
    }

    @Test
    void theSummaryCountsEachStatus() {
        Summary files = new Summary("file", "files", "conform", "refused");
        assertThat(files.of(ALL)).isEqualTo("5 files: 1 conform, 1 refused, 1 undecided, 1 unusable, 1 do not apply");
        assertThat(files.of(List.of(HOLDS))).isEqualTo("1 file: 1 conform");
        assertThat(files.of(List.of())).isEqualTo("0 files");
    }
}
