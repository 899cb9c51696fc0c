package dev.longitude.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.migration.Policy;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeReader;
import dev.longitude.recipe.StepKind;
import dev.longitude.recording.BundledRecording;
import dev.longitude.recording.VmmLog;
import dev.longitude.trace.TraceFormatException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recording of QEMU carries out the recipe that was written from QEMU's source. */
class RecordedRecipeTest {
    /** That recorder left out KVM_SET_LAPIC. */
    private static final String LAPIC = "the log shows no KVM_SET_LAPIC";

    private static final String QEMU = "x86_64-linux6.12.95-qemu10.0.2-vmm-savevm-loadvm-migrate/";

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private VmmLog log(String file) throws Exception {
        BundledRecording recording = BundledRecording.all().stream()
                .filter(r -> r.file().equals(file))
                .findFirst()
                .orElseThrow();
        return VmmLog.read(recording.unpack(folder), null);
    }

    private static Recipe read(String text) throws Exception {
        return RecipeReader.read("recorded.yaml", "recorded", new StringReader(text));
    }

    private static Recipe bundled(String name) throws Exception {
        return RecipeReader.read(
                name, name, new StringReader(Files.readString(Path.of("../spec/recipes/" + name + ".yaml"))));
    }

    /** The steps of save and restore, each with its block's kind and its arguments, without steps of some kinds. */
    private static List<String> steps(Recipe recipe, StepKind... without) {
        Set<StepKind> left = Set.of(without);
        List<String> steps = new ArrayList<>();
        boolean booted = false;
        for (Block block : recipe.blocks()) {
            booted |= block.steps().get(0).kind() == StepKind.EXIT_GUEST;
            if (booted) {
                block.steps().stream()
                        .filter(s -> !left.contains(s.kind()))
                        .forEach(s -> steps.add(block.how() + " " + s.kind() + " " + s.args()));
            }
        }
        return steps;
    }

    @Test
    void aStopAndContOfQemuIsTheBundledRecipe() throws Exception {
        VmmLog log = log(QEMU + "savevm-loadvm.jsonl");
        RecordedRecipe recorded = RecordedRecipe.of(log, log, 51);
        Recipe recipe = read(recorded.text());
        assertThat(recorded.unknown()).singleElement().asString().contains(LAPIC);
        assertThat(recipe.moves()).isFalse();
        assertThat(recipe.policy()).isEqualTo(Policy.FREEZE);
        // After savevm QEMU writes the timers of the stopped vCPUs back, here disarmed ones; a mere stop does not.
        assertThat(steps(recipe, StepKind.WRITE_TSC_DEADLINE, StepKind.WAIT))
                .isEqualTo(steps(bundled("qemu-stop-cont")));
    }

    @Test
    void aMigrationOfQemuIsTheBundledRecipe() throws Exception {
        RecordedRecipe recorded =
                RecordedRecipe.of(log(QEMU + "savevm-loadvm.jsonl"), log(QEMU + "incoming.jsonl"), null);
        Recipe recipe = read(recorded.text());
        assertThat(recorded.unknown()).singleElement().asString().contains(LAPIC);
        assertThat(recipe.moves()).isTrue();
        // That recorder left out KVM_SET_LAPIC. Where QEMU waits depends on the guest and on its user. The clock that
        // it reads at the stop, and reads again at the save, it uses nowhere.
        List<String> expected =
                steps(bundled("qemu-migrate"), StepKind.WAIT, StepKind.SET_LAPIC, StepKind.GET_CLOCK).stream()
                        .map(s -> s.replace("atSave", "clock2"))
                        .toList();
        assertThat(steps(recipe, StepKind.WAIT, StepKind.GET_CLOCK)).isEqualTo(expected);
        assertThat(recorded.text())
                .contains("WriteTsc: {value: tsc}  # lines 39, 45")
                .contains("KvmclockCtrl: {mayFail: true}  # lines 49, 50; line 50 failed with errno 22");
    }

    @Test
    void aRestoreByOffsetIsTheDocumentedFormula() throws Exception {
        VmmLog log = log("x86_64-linux6.12.95-tcg-max/S5-save-restore-by-offset.jsonl");
        RecordedRecipe recorded = RecordedRecipe.of(log, log, null);
        assertThat(recorded.unknown()).isEmpty();
        assertThat(read(recorded.text()).policy()).isEqualTo(Policy.ADVANCE);
        assertThat(recorded.text())
                .contains("SetClock: {clock: clock.clock, flags: 4, realtime: clock.realtime}")
                .contains("\"offset + cycles(clock2.clock - clock.clock) + clock.hostTsc - clock2.hostTsc\"");
    }

    private RecordedRecipe changed(String from, String to) throws Exception {
        Path run = Files.createDirectories(folder.resolve("changed"));
        log(QEMU + "incoming.jsonl");
        Path incoming = folder.resolve(QEMU + "incoming.jsonl");
        String text = Files.readString(incoming);
        assertThat(text).contains(from);
        Files.copy(folder.resolve(QEMU + "host.txt"), run.resolve("host.txt"));
        VmmLog destination =
                VmmLog.read(Files.writeString(run.resolve("incoming.jsonl"), text.replace(from, to)), null);
        return RecordedRecipe.of(log(QEMU + "savevm-loadvm.jsonl"), destination, (@Nullable Integer) null);
    }

    @Test
    void aValueThatFollowsFromNothingIsUnknownAndNoConstant() throws Exception {
        RecordedRecipe recorded = changed("\"clock\":8551367488", "\"clock\":8551367489");
        assertThat(recorded.unknown()).hasSize(2).anyMatch(u -> u.contains(LAPIC));
        assertThat(recorded.unknown()).anyMatch(u -> u.matches("(?s).*line 48.*SetClock.*8551367489.*"));
        assertThat(read(recorded.text()).unknown()).isEqualTo(recorded.unknown());
        assertThat(steps(read(recorded.text()))).noneMatch(s -> s.contains("SetClock"));
    }

    @Test
    void aRateThatTheGuestDidNotHaveIsUnknown() throws Exception {
        RecordedRecipe recorded = changed("\"khz\":2596124", "\"khz\":2500000");
        assertThat(recorded.unknown()).hasSize(5).anyMatch(u -> u.contains(LAPIC));
        assertThat(recorded.unknown())
                .filteredOn(u -> u.contains("2500000 kHz"))
                .hasSize(4);
    }

    @Test
    void aRecordingWithoutARestoreHasNoRecipe() throws Exception {
        VmmLog log = log("x86_64-linux6.12.95-tcg-max/S0-caps.jsonl");
        assertThatThrownBy(() -> RecordedRecipe.of(log, log, 999_999))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("no restore has line 999999");
    }
}
