package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.Browser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** {@code --report}: what its reader sees and can do. */
class ReportTest {
    @SuppressWarnings("NullAway.Init") // before all tests
    private static Browser browser;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startBrowser() throws Exception {
        browser = Browser.start();
    }

    @AfterAll
    static void closeBrowser() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    private Path report(int code, String command) {
        Path page = folder.resolve("report.html");
        Run run = Run.of((Object[]) (command + " --report " + page).split(" "));
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        browser.dark(false).sized(1400, 1500).open(page);
        return page;
    }

    private Path trace() {
        Path trace = folder.resolve("young.ndjson");
        assertThat(Run.of("simulate", "young-guest", "--kernel", "v6.12", "--vcpus", 2, "--seed", 1, "--out", trace)
                        .code())
                .isEqualTo(ExitCode.HOLDS);
        return trace;
    }

    @Test
    void ofARecipeItShowsHowAPropertyFails() throws Exception {
        report(
                ExitCode.VIOLATED,
                "check --recipe firecracker --kernel v6.12 --world usual --property SameLine --property Completes");
        assertThat(browser.title()).isEqualTo("firecracker on v6.12, world usual: 1 of 2 properties fails");
        assertThat(browser.all(".rows li")).hasSize(2);
        assertThat(browser.find(".says").getText())
                .contains("SameLine fails if preempted beyond the window: the vCPUs' counters differ.")
                .contains("It goes wrong between step 25 (SetLapic of vCPU 1) and step 27 (WriteTsc of vCPU 1).");
        assertThat(browser.all("svg .end")).extracting(WebElement::getText).contains("TSC 0 = 448", "TSC 1 = 384");
        assertThat(browser.find("svg .fault").getText()).isEqualTo("64 ticks (1 s) apart");

        // The page opens at the fault.
        assertThat(browser.find(".inspector h2").getText()).isEqualTo("State after step 32");
        assertThat(browser.find(".steps tr.chosen").getText()).startsWith("✗ 32 EnterGuest");
        assertThat((Boolean) browser.value("(t => t.scrollWidth <= t.clientWidth)(document.querySelector('.steps'))"))
                .as("no column of the steps is cut")
                .isTrue();
        browser.picture("recipe-light");

        // Keys move through the steps, and the inspector follows.
        browser.press(Keys.HOME);
        assertThat(browser.find(".inspector h2").getText()).isEqualTo("State after step 1");
        browser.press(Keys.ARROW_RIGHT);
        browser.press(Keys.ARROW_RIGHT);
        browser.press(Keys.ARROW_LEFT);
        assertThat(browser.find(".inspector h2").getText()).isEqualTo("State after step 2");
        assertThat(browser.find("#announcement").getAttribute("textContent")).isEqualTo("step 2: WriteSystemTime");
        browser.press(Keys.END);
        assertThat(browser.find(".inspector h2").getText()).isEqualTo("State after step 32");
        browser.button("←").click();
        assertThat(browser.find(".inspector h2").getText()).isEqualTo("State after step 31");

        // Step 27 writes a TSC: a word that counts as negative is shown as both.
        browser.find(".steps tr[data-step='26']").click();
        assertThat(browser.all("tr.changed"))
                .extracting(WebElement::getText)
                .anySatisfy(text -> assertThat(text).isEqualTo("tscOffset[1]\n32733 (-35)\nbecame\n285 +320"));
        browser.find("#filter").sendKeys("tscOff");
        assertThat(browser.all(".places td:first-child"))
                .isNotEmpty()
                .allMatch(place -> place.getText().toLowerCase(Locale.ROOT).contains("tscoff"));

        // Across true time, steps of one instant stand together.
        double[] steps = distances();
        browser.button("true time").click();
        double[] time = distances();
        assertThat(steps[0]).isEqualTo(steps[1]);
        assertThat(time[1]).isGreaterThan(3 * time[0]);
        assertThat(browser.button("true time").getAttribute("aria-pressed")).isEqualTo("true");
        browser.picture("recipe-true-time");
        browser.assertQuiet();

        int lines = browser.all("svg path[stroke-dasharray]").size();
        browser.button("kvmclock").click();
        assertThat(browser.all("svg path[stroke-dasharray]")).hasSizeLessThan(lines);

        browser.dark(true).picture("recipe-dark");
        assertThat(browser.value("getComputedStyle(document.body).backgroundColor"))
                .isEqualTo("rgb(20, 23, 26)");
        browser.button("light / dark").click();
        assertThat(browser.value("getComputedStyle(document.body).backgroundColor"))
                .isEqualTo("rgb(251, 251, 250)");
        browser.sized(420, 1800).picture("recipe-narrow");
        browser.assertQuiet();
        browser.sized(1000, 1800).printed().picture("recipe-print");
        assertThat(browser.all("button"))
                .noneMatch(b -> b.isDisplayed() && b.getText().equals("light / dark"));
    }

    /** The distance between two steps of one instant, and between two with a blackout between them. */
    private static double[] distances() {
        double[] at = new double[15];
        for (int i = 0; i < at.length; i++) {
            Object middle = browser.value("(b => b.x + b.width / 2)(document.querySelector('svg g.step[data-step=\"" + i
                    + "\"] > circle, svg g.step[data-step=\"" + i + "\"] > path').getBBox())");
            at[i] = ((Number) middle).doubleValue();
        }
        return new double[] {Math.round(at[12] - at[11]), Math.round(at[14] - at[13])};
    }

    @Test
    void ofAModelItShowsTheBehaviourThatViolatesIt() throws Exception {
        report(ExitCode.HOLDS, "check --model refused-rate-v6.12");
        assertThat(browser.text())
                .contains("violated, as it must be\nErrorChangesNothing")
                .contains("A shortest behaviour that violates ErrorChangesNothing, of 2 steps.")
                .contains("must fail on exactly ErrorChangesNothing");
        assertThat(browser.all(".steps tbody tr"))
                .extracting(WebElement::getText)
                .anySatisfy(row -> assertThat(row).startsWith("✗ 2 SetTscKhz(vcpu 0, errno 22, khz "));
        assertThat(browser.all("tr.changed"))
                .extracting(WebElement::getText)
                .anySatisfy(row -> assertThat(row).isEqualTo("virtualTscKhz[0]\n4\nbecame\n2 -2"));
        browser.picture("model");
        browser.assertQuiet();
    }

    @Test
    void ofARefusedTraceItShowsWhatWasExpected() throws Exception {
        Path trace = trace();
        report(ExitCode.VIOLATED, "validate --kernel v6.1 " + trace);
        assertThat(browser.find(".says").getText())
                .contains("Line 5 is refused: WriteTsc(vcpu 0, value 1817286800) under v6.1.");
        assertThat(browser.find(".sections").getText())
                .contains("curTscNsec 1000100 302000304 +301000204")
                .contains("With userSetTscGate (since 6.7, bf328e22e472)")
                .containsPattern("(?m)^4 CreateVcpu\\(vcpu 1\\) ");
        // Offsets are signed, as in the text: an offset that wraps says nothing to a reader.
        assertThat(browser.text())
                .contains("lastTscOffset: expected -13119934018682, observed -13118898165735.")
                .contains("tscOffset {0: -13119934018682} {0: -13118898165735} +1035852947")
                .contains("offset -13118898165735, errno 0")
                .doesNotContain("offset 1844", "may not be kept")
                .contains("Properties that were not judged to the end");
        assertThat(browser.find("svg .fault").getText()).contains("expected 301.000 ms, observed 700.000 ms");
        assertThat(browser.all("svg .end")).extracting(WebElement::getText).contains("TSC 0 = 722.001 ms");
        assertThat(browser.all(".steps tr.cause")).hasSize(2);
        browser.picture("refused");
        browser.assertQuiet();
    }

    @Test
    void ofSeveralFilesItShowsTheVerdictOfEach() throws Exception {
        Path broken = Files.writeString(folder.resolve("broken.ndjson"), "{\"format\":\"<b>longitude-trace\"}\n");
        Path trace = trace();
        report(
                ExitCode.UNUSABLE,
                "validate " + trace + " " + broken + " ../trace-validator/src/test/resources/cases/"
                        + "nothing-here.jsonl");
        assertThat(browser.all(".subjects tr"))
                .extracting(WebElement::getText)
                .satisfiesExactly(
                        row -> assertThat(row).startsWith("conforms"),
                        row -> assertThat(row).startsWith("unusable"),
                        row -> assertThat(row).startsWith("unusable"));
        assertThat(browser.text()).contains("16 events conform", "All 16 events are shown.");
        browser.all(".subjects button").get(1).click();
        assertThat(browser.find(".sections").getText()).contains("Why it cannot be judged");
        assertThat(browser.all(".chart")).isEmpty();
        browser.picture("files");
        browser.assertQuiet();
    }

    @Test
    void whereNoPageCanBeWrittenNothingIsJudged() {
        Run run = Run.of("validate", trace(), "--report", folder.resolve("no").resolve("page.html"));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("page.html: a file in a folder that exists was expected");
        assertThat(run.out()).isEmpty();
        assertThat(Run.of("matrix", "--list", "--report", "x.html").err()).contains("--report excludes --list");
    }
}
