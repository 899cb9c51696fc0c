package dev.longitude.advise;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.StepKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTextTest {
    private static final Path RECIPES = Path.of("../spec/recipes");

    static final String TEXT = """
            # the head
            about: a small one   # in short
            arch: x86_64
            policy: freeze
            save:
              # all of them
              - pause
              - inTurn:
                  # not the offset
                  - ReadTsc: {as: tsc}   # by value
              - GetClock: {as: clock}

            restore:
              - inTurn: [CreateVcpu, WriteSystemTime]   # both
              # one after the other
              - inTurn:  # as the manual says
                  - WriteTsc:
                      value: tsc
                  # for the watchdogs
                  - KvmclockCtrl: {mayFail: true}
              - SetClock: {clock: "clock.clock"}
              - run
              # the end
            source: nowhere
            """;

    static RecipeText read(String text) throws Exception {
        return new RecipeText("mine.yaml", "mine", text);
    }

    static Stream<Path> recipes() throws Exception {
        try (Stream<Path> files = Files.list(RECIPES)) {
            return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    /** Two ways from a change to a recipe: the lines of the file edited, and all steps written anew. */
    @ParameterizedTest
    @MethodSource("recipes")
    void theEditedFileReadAgainIsTheCandidate(Path file) throws Exception {
        String before = Files.readString(file, UTF_8);
        RecipeText text = read(before);
        assertThat(text.edited(text.written())).isEqualTo(before);
        assertThat(text.recipe(text.written()).blocks()).isEqualTo(text.recipe().blocks());
        ImmutableList<Candidate> candidates = new Candidates(text, 0).singles();
        for (Candidate candidate : candidates) {
            RecipeText after = read(text.edited(candidate.change().after()));
            assertThat(after.recipe().blocks())
                    .as("%s", candidate.change().changes())
                    .isEqualTo(candidate.recipe().blocks())
                    .isNotEqualTo(text.recipe().blocks());
            assertThat(after.recipe().claims()).isEqualTo(text.recipe().claims());
            assertThat(after.recipe().sources()).isEqualTo(text.recipe().sources());
        }
    }

    @Test
    void whatIsNotChangedStaysAsItIsWritten() throws Exception {
        RecipeText text = read(TEXT);
        WrittenRecipe added = text.written()
                .withAdded(
                        Section.RESTORE,
                        1,
                        WrittenItem.of(Block.How.IN_TURN, WrittenStep.of(StepKind.VCPU_LOAD, ImmutableMap.of())));
        assertThat(text.edited(added)).isEqualTo(TEXT.replace("   # both\n", "   # both\n  - inTurn: [VcpuLoad]\n"));
    }

    @Test
    void aStepMovesWithTheCommentAboveIt() throws Exception {
        RecipeText text = read(TEXT);
        WrittenStep ctrl = text.written().items(Section.RESTORE).get(1).steps().get(1);
        WrittenRecipe moved = text.written()
                .without(Section.RESTORE, 1, 1)
                .withAdded(
                        Section.RESTORE, 1, new WrittenItem(Block.How.ONCE, ImmutableList.of(ctrl), WrittenStep.NEW));
        String comment = "      # for the watchdogs\n      - KvmclockCtrl: {mayFail: true}\n";
        assertThat(TEXT).contains(comment);
        assertThat(text.edited(moved))
                .isEqualTo(TEXT.replace(comment, "")
                        .replace("  # one after", comment.replace("      ", "  ") + "  # one after"));
    }

    @Test
    void aStepWithAnotherValueIsWrittenOnOneLine() throws Exception {
        RecipeText text = read(TEXT);
        WrittenItem block = text.written().items(Section.RESTORE).get(1);
        WrittenRecipe other = text.written()
                .with(Section.RESTORE, 1, block.with(0, block.steps().get(0).with("value", "tsc[0]")));
        assertThat(text.edited(other))
                .isEqualTo(TEXT.replace("- WriteTsc:\n          value: tsc\n", "- WriteTsc: {value: \"tsc[0]\"}\n"));
    }

    @Test
    void aBlockOnOneLineIsWrittenAnew() throws Exception {
        RecipeText text = read(TEXT);
        WrittenItem block = text.written().items(Section.RESTORE).get(0);
        WrittenStep rate = WrittenStep.of(StepKind.SET_TSC_KHZ, ImmutableMap.of("mayFail", "true"));
        assertThat(text.edited(text.written().with(Section.RESTORE, 0, block.withAdded(1, rate))))
                .isEqualTo(
                        TEXT.replace(
                                "  - inTurn: [CreateVcpu, WriteSystemTime]   # both\n",
                                "  - inTurn:\n      - CreateVcpu\n      - SetTscKhz: {mayFail: true}\n      - WriteSystemTime\n"));
    }

    @Test
    void aListOnOneLineIsNotEdited() {
        String text = TEXT.substring(0, TEXT.indexOf("restore:"))
                + "restore: [{inTurn: [CreateVcpu, WriteSystemTime]}, run]\n";
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mine.yaml:13: restore: advise edits lists with one step a line");
    }

    @Test
    void aDifferenceHasThreeLinesAroundIt() {
        List<String> lines = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
        String before = String.join("\n", lines) + "\n";
        assertThat(UnifiedDiff.of("f", before, before)).isEmpty();
        assertThat(UnifiedDiff.of("f", before, before.replace("b\n", "").replace("l\n", "l\nm\n")))
                .isEqualTo("""
                        --- f
                        +++ f
                        @@ -1,5 +1,4 @@
                         a
                        -b
                         c
                         d
                         e
                        @@ -10,3 +9,4 @@
                         j
                         k
                         l
                        +m
                        """);
    }
}
