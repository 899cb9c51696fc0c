package dev.longitude.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.longitude.Browser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlPageTest {
    /** Texts that are markup, a script or the end of one, in places where a page could take them for it. */
    private static final ImmutableList<String> HOSTILE = ImmutableList.of(
            "</script><script>document.broken = 1</script>",
            "<img src=x onerror='document.broken = 2'>",
            "<!--<script>",
            "\"><svg onload=document.broken=3>",
            "a\u2028b\u2029c",
            "\ud800 alone, \u0000 and \u001b[31m",
            "@script@ @report@ ${document.broken = 4}",
            "javascript:document.broken=5",
            "]]>&lt;b&gt;&amp;");

    @TempDir
    private Path folder;

    /** A report that has the texts in each place that a command fills. */
    private static Report of(List<String> texts) {
        ImmutableList.Builder<Subject> subjects = ImmutableList.builder();
        for (String text : texts) {
            Timeline timeline = new Timeline(
                    text,
                    text,
                    ImmutableList.of(text),
                    Mark.FAILS,
                    text,
                    ImmutableList.of(text, text),
                    ImmutableList.of(text),
                    ImmutableList.of(
                            step(1, text, Timeline.Role.CAUSE, new Timeline.Change(text, null, text)),
                            step(2, text, Timeline.Role.FAULT, new Timeline.Change(text, text, null))),
                    ImmutableList.of(new Timeline.Curve(text, 1, false, Arrays.asList(1.0, 2.0), List.of(true, false))),
                    new Timeline.Wanted(text, Arrays.asList(null, 1.0), Arrays.asList(null, 1.5)),
                    ImmutableList.of(new Timeline.Span(0, 0, "place", text), new Timeline.Span(1, 1, "blackout", text)),
                    new Timeline.Gap(1, 1, 2, text),
                    ImmutableMap.of(text + "0", text),
                    64);
            subjects.add(new Subject(
                    text,
                    Mark.FAILS,
                    text,
                    text,
                    ImmutableList.of(
                            new Subject.Row(text, Mark.FAILS, text, text, 0, null),
                            new Subject.Row(text, Mark.HOLDS, text, text, null, text)),
                    ImmutableList.of(new Subject.Section(
                            text,
                            ImmutableList.of(text),
                            ImmutableList.of(text),
                            ImmutableList.of(ImmutableList.of(text)))),
                    ImmutableList.of(timeline)));
        }
        return Report.of(texts.get(0), texts.get(0), subjects.build());
    }

    private static Timeline.Step step(int number, String text, Timeline.Role role, Timeline.Change change) {
        return new Timeline.Step(
                number, text, number - 1, (double) number, role, ImmutableList.of(text), ImmutableList.of(change));
    }

    private static List<String> scripts(String page) {
        return Pattern.compile("(?s)<(script|style)[^>]*>(.*?)</\\1>")
                .matcher(page)
                .results()
                .map(MatchResult::group)
                .toList();
    }

    @Test
    void thePolicyPermitsItsOwnScriptAndStyleAndNothingElse() throws Exception {
        String page = HtmlPage.of(of(ImmutableList.of("plain")));
        List<String> parts = scripts(page);
        assertThat(parts).hasSize(3);
        assertThat(page)
                .contains("content=\"default-src 'none'; script-src 'sha256-" + hash(parts.get(2))
                        + "'; style-src 'sha256-" + hash(parts.get(0)) + "'; base-uri 'none'; form-action 'none'\"")
                .doesNotContain("unsafe-inline");
    }

    private static String hash(String element) {
        String content = element.substring(element.indexOf('>') + 1, element.lastIndexOf("</"));
        return Base64.getEncoder()
                .encodeToString(Hashing.sha256().hashString(content, UTF_8).asBytes());
    }

    @Test
    void noTextOfAReportCanEndTheElementThatItIsIn() throws Exception {
        Report report = of(HOSTILE);
        String page = HtmlPage.of(report);
        String data = scripts(page).get(1);
        assertThat(data).startsWith("<script type=\"application/json\" id=\"report\">{");
        String json = data.substring(data.indexOf('>') + 1, data.lastIndexOf("</"));
        assertThat(json).isEqualTo(HtmlPage.json(report)).matches("[ -;=?-~&&[^<>&']]*");
        // (A browser reads half of a pair of surrogates; other readers of JSON refuse it.)
        List<String> whole = HOSTILE.stream().filter(t -> !t.contains("\ud800")).toList();
        JsonNode read = new JsonMapper().readTree(HtmlPage.json(of(whole)));
        for (int i = 0; i < whole.size(); i++) {
            assertThat(read.at("/subjects/" + i + "/name").asText()).isEqualTo(whole.get(i));
        }
    }

    @Test
    void hostileTextsStayTexts() throws Exception {
        try (Browser browser = Browser.start()) {
            Path file = Files.writeString(folder.resolve("hostile.html"), HtmlPage.of(of(HOSTILE)));
            browser.sized(1200, 900).open(file);
            for (int i = 0; i < HOSTILE.size(); i++) {
                browser.all(".subjects button").get(i).click();
                assertThat(browser.value("document.broken ?? null")).isNull();
                assertThat(browser.all("#page img, #page script, #page b, #page [onload], #page [onerror]"))
                        .isEmpty();
                assertThat(browser.value("document.getElementById('subject').textContent.toWellFormed()"))
                        .isEqualTo(HOSTILE.get(i).replace('\ud800', '\ufffd'));
            }
            browser.assertQuiet();
        }
    }
}
