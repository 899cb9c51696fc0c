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

    private static String line(int vm, int vcpu, String op, String args, String out, int thread, int at, boolean open) {
        int ret = op.endsWith("_MSRS") ? 1 : 0;
        return "{\"op\":\"" + op + "\",\"vm\":" + vm + (vcpu < 0 ? "" : ",\"vcpu\":" + vcpu)
                + ",\"args\":{\"thread\":\"" + thread + "\"" + (args.isEmpty() ? "" : "," + args) + "},\"out\":{" + out
                + "}" + (open ? "" : ",\"ret\":" + ret + ",\"errno\":0") + ",\"host_tsc\":["
                + (1_000_000_000L + 10_000L * at)
                + "," + (1_000_000_000L + 10_000L * at + (open ? 0 : 2000)) + "]}";
    }

    /** A VM of two vCPUs, saved, and restored into another one or into itself; of {@code late} the clock is set. */
    private VmmLog small(boolean stays, int late, String... middle) throws Exception {
        List<String> lines = new ArrayList<>();
        for (int vm = 0; vm <= (stays ? 0 : 1); vm++) {
            lines.add(line(vm, -1, "KVM_CREATE_VM", "", "", 1, lines.size(), false));
            for (int vcpu = 0; vcpu < 2; vcpu++) {
                lines.add(line(vm, vcpu, "KVM_CREATE_VCPU", "\"id\":" + vcpu, "", 1, lines.size(), false));
            }
            for (int vcpu = 0; vm == 0 && vcpu < 2; vcpu++) {
                lines.add(line(vm, vcpu, "KVM_RUN", "", "", 1, lines.size(), false));
            }
            for (int vcpu = 0; vcpu < 2; vcpu++) {
                String tsc = "\"data\":" + (7_000_000 + vcpu);
                lines.add(
                        vm == 0
                                ? line(vm, vcpu, "KVM_GET_MSRS", "\"index\":\"0x10\"", tsc, 1, lines.size(), false)
                                : line(
                                        vm,
                                        vcpu,
                                        "KVM_SET_MSRS",
                                        "\"index\":\"0x10\"," + tsc,
                                        "",
                                        1,
                                        lines.size(),
                                        false));
            }
            if (vm == 0) {
                lines.add(line(vm, -1, "KVM_GET_CLOCK", "", "\"clock\":123456789,\"flags\":0", 1, lines.size(), false));
            }
        }
        int vm = stays ? 0 : 1;
        for (String operation : middle) {
            switch (operation) {
                case "run, and leave" -> {
                    for (int vcpu = 0; vcpu < 2; vcpu++) {
                        lines.add(line(vm, vcpu, "KVM_RUN", "", "", 1, lines.size(), false));
                    }
                }
                case "run by threads" -> {
                    for (int vcpu = 0; vcpu < 2; vcpu++) {
                        lines.add(line(vm, vcpu, "KVM_RUN", "", "", 2 + vcpu, lines.size(), true));
                    }
                }
                case "run by one thread" -> {
                    for (int vcpu = 0; vcpu < 2; vcpu++) {
                        lines.add(line(vm, vcpu, "KVM_RUN", "", "", 1, lines.size(), true));
                    }
                }
                default ->
                    lines.add(line(
                            vm, -1, "KVM_SET_CLOCK", "\"clock\":" + late + ",\"flags\":0", "", 1, lines.size(), false));
            }
        }
        Path run = Files.createDirectories(folder.resolve("small"));
        Files.writeString(run.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\nclocksource tsc\ntsc_khz 2000000\n");
        return VmmLog.read(Files.writeString(run.resolve("log.jsonl"), String.join("\n", lines) + "\n"), null);
    }

    private static List<String> restore(RecordedRecipe recorded) throws Exception {
        read(recorded.text());
        return recorded.text()
                .substring(recorded.text().indexOf("restore:\n"))
                .lines()
                .skip(1)
                .map(l -> l.replaceAll("  # .*", "").replace(" - ", " ").strip())
                .filter(l -> !l.equals("inTurn:"))
                .map(l -> l.replaceFirst("^- ", ""))
                .toList();
    }

    @Test
    void whatIsSetWhileTheGuestRunsStandsAfterItsRun() throws Exception {
        VmmLog log = small(false, 123_456_789, "run by threads", "set");
        RecordedRecipe recorded = RecordedRecipe.of(log, log, null);
        assertThat(recorded.unknown()).isEmpty();
        assertThat(restore(recorded))
                .containsExactly("CreateVcpu", "WriteTsc: {value: tsc}", "run", "SetClock: {clock: clock.clock}");
        // Any line of the restore selects all of it.
        assertThat(RecordedRecipe.of(log, log, 12).text()).isEqualTo(recorded.text());
    }

    @Test
    void whatIsSetAfterTheGuestRanStandsBetweenTwoRuns() throws Exception {
        VmmLog log = small(false, 123_456_789, "run, and leave", "set", "run, and leave");
        assertThat(restore(RecordedRecipe.of(log, log, null)))
                .containsExactly(
                        "CreateVcpu",
                        "WriteTsc: {value: tsc}",
                        "run",
                        "pause",
                        "SetClock: {clock: clock.clock}",
                        "run");
        // A thread that calls something else has left KVM_RUN, though no line shows its end.
        VmmLog one = small(false, 123_456_789, "run by one thread", "set", "run by one thread");
        assertThat(restore(RecordedRecipe.of(one, one, null))).contains("pause");
    }

    @Test
    void aVmThatStaysAndRunsBeforeItsClockIsSetIsNotSetBeforeItRuns() throws Exception {
        VmmLog log = small(true, 123_456_789, "run by threads", "set");
        RecordedRecipe recorded = RecordedRecipe.of(log, log, null);
        assertThat(read(recorded.text()).moves()).isFalse();
        assertThat(restore(recorded)).containsExactly("run", "SetClock: {clock: clock.clock}");
    }

    @Test
    void aLateClockOfAnUnknownValueIsNotLeftOut() throws Exception {
        VmmLog log = small(false, 987_654_321, "run by threads", "set");
        assertThat(RecordedRecipe.of(log, log, null).unknown())
                .singleElement()
                .asString()
                .contains("SetClock of an unknown value, 987654321");
    }

    /** KVM_RUN with {@code immediate_exit} is a step of recipes for x86 only. */
    @Test
    void whatNoRecipeOfItsArchitectureHasIsUnknown() throws Exception {
        VmmLog log = log("aarch64-linux6.1.192-lab/late-vcpu.jsonl");
        RecordedRecipe recorded = RecordedRecipe.of(log, log, null);
        assertThat(recorded.unknown()).contains("line 14: VcpuLoad, which a recipe of aarch64 cannot say");
        assertThat(read(recorded.text()).unknown()).isEqualTo(recorded.unknown());
    }
}
