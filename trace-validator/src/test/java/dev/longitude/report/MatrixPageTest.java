package dev.longitude.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.Browser;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The page of the committed matrix. */
class MatrixPageTest {
    private static final int MOST_BYTES = 400_000;

    @TempDir
    private Path folder;

    private static Matrix committed() throws Exception {
        Map<Case, ImmutableMap.Builder<Property, Verdict>> cases = new LinkedHashMap<>();
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (Recipe recipe : Recipes.bundled()) {
            recipes.put(recipe.name(), recipe);
        }
        for (Matrix.Cell cell : Matrix.committed()) {
            Case of = new Case(
                    Optional.ofNullable(recipes.get(cell.recipe())).orElseThrow(),
                    World.named(cell.world()).orElseThrow(),
                    KernelProfile.of(cell.kernel()));
            cases.computeIfAbsent(of, c -> ImmutableMap.builder())
                    .put(Property.named(cell.property()).orElseThrow(), cell.verdict());
        }
        ImmutableList.Builder<Judgement> judgements = ImmutableList.builder();
        cases.forEach((of, verdicts) -> judgements.add(new Judgement(of, true, verdicts.buildOrThrow())));
        return new Matrix(judgements.build());
    }

    @Test
    void cellsOpenAndFiltersSelect() throws Exception {
        Matrix matrix = committed();
        String page = HtmlPage.of(Report.of("the matrix", "longitude matrix", MatrixGrid.of(matrix, Recipe::name)));
        assertThat(page.length()).as("bytes").isLessThan(MOST_BYTES);
        Path file = Files.writeString(folder.resolve("matrix.html"), page);
        try (Browser browser = Browser.start()) {
            browser.sized(1400, 1000).dark(false).open(file);
            assertThat(browser.all("section[data-recipe]")).hasSameSizeAs(Recipes.bundled());
            long verdicts = matrix.judgements().stream()
                    .flatMap(j -> j.verdicts().values().stream())
                    .filter(v -> v.says() != Verdict.Outcome.DOES_NOT_APPLY)
                    .count();
            assertThat(browser.find("[role=status]").getText()).startsWith(verdicts + " verdicts, ");
            assertThat(browser.find("ul.rows").getText()).contains("empty", "does not apply");
            browser.picture("matrix-light");

            WebElement cell = browser.find("section[data-recipe=firecracker] td.sometimes");
            cell.click();
            assertThat(browser.find(".cell").getText())
                    .contains("firecracker on v3.16, world usual: MonotonicAcross")
                    .contains("fails if preempted")
                    .contains("longitude matrix --recipe firecracker --kernel ");
            browser.picture("matrix-cell");

            WebElement before = browser.find("td[aria-selected=true]");
            browser.press(Keys.ARROW_DOWN);
            browser.press(Keys.ENTER);
            assertThat(browser.find("td[aria-selected=true]").getAttribute("aria-label"))
                    .isNotEqualTo(before.getAttribute("aria-label"));
            browser.button("close").click();
            assertThat(browser.find(".cell").isDisplayed()).isFalse();

            browser.find("input[type=search]").sendKeys("QEMU");
            assertThat(browser.all("section[data-recipe]"))
                    .isNotEmpty()
                    .extracting(s -> s.getAttribute("data-recipe"))
                    .allMatch(name -> name != null && name.contains("qemu"));
            browser.find("input[type=search]").clear();
            browser.find("input[type=search]").sendKeys(" ");
            browser.find("option[value=usual]").click();
            browser.find("option[value='v6.12']").click();
            long failing = matrix.judgements().stream()
                    .filter(j ->
                            j.of().world() == World.USUAL && j.of().kernel().equals(KernelProfile.of("v6.12")))
                    .flatMap(j -> j.verdicts().values().stream())
                    .filter(Verdict::isFailure)
                    .count();
            assertThat(browser.all("td.fails, td.sometimes")).hasSize((int) failing);
            browser.picture("matrix-one-kernel");
            browser.find("input[type=checkbox]").click();
            assertThat(browser.all("tbody tr")).isNotEmpty();
            assertThat((Boolean) browser.value("[...document.querySelectorAll('.matrix tbody tr')]"
                            + ".every(tr => tr.querySelector('td.fails, td.sometimes'))"))
                    .isTrue();
            browser.assertQuiet();
            browser.dark(true).picture("matrix-dark");
            browser.dark(false).sized(420, 900).picture("matrix-narrow");
            browser.assertQuiet();
        }
    }
}
