package dev.longitude.matrix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.RecipeReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The models of recipes in {@code spec/} are what {@code matrix} gives to TLC, of some cases, with the properties that hold
 * in all of them by the committed matrix. With {@code -Dlongitude.bless=true} they are written anew.
 */
class RecipeModelsTest {
    private static final Path SPEC = Path.of("..", "spec");
    private static final boolean BLESSES = Boolean.getBoolean("longitude.bless");

    /** VMs on whose source everything was set, and on whose destination nothing is: what the move resets is seen. */
    private static final ImmutableMap<Arch, String> FORGETFUL = ImmutableMap.of(Arch.X86, """
            about: a VM whose clocks were all set on the source, and none on the destination
            arch: x86_64
            policy: advance
            boot:
              - Wait
              - inTurn: [CreateVcpu, WriteSystemTime]
              - Wait
              - inTurn:
                  - WriteTsc: {value: 9}
              - inTurn:
                  - SetTscOffset: {offset: 13}
              - SetClock: {clock: 7, flags: 0}
              - inTurn:
                  - SetLapic
                  - WriteTscDeadline
              - run
            save:
              - pause
            restore:
              - inTurn: [CreateVcpu]
              - run
            """, Arch.ARM64, """
            about: a VM whose counters and timers were all set on the source, and none on the destination
            arch: aarch64
            policy: advance
            boot:
              - inTurn: [CreateVcpu, InitVcpu]
              - SetCounterOffset: {offset: 3}
              - inTurn:
                  - SetVtimerCval
                  - SetPtimerCval
              - run
            save:
              - pause
              - inTurn:
                  - GetTimerCnt: {as: virtual}
            restore:
              - inTurn: [CreateVcpu, InitVcpu]
              - run
            """);

    /** Few cases of few states in which almost every part of Migration*.tla has a value that matters. */
    private static final ImmutableMap<Arch, ImmutableMap<String, ImmutableList<String>>> MODELS = ImmutableMap.of(
            Arch.X86,
                    ImmutableMap.of(
                            "stay",
                                    ImmutableList.of(
                                            "gvisor usual",
                                            "cloud-hypervisor-pause-resume usual",
                                            "qemu-hotplug young-guest",
                                            "qemu-hotplug short"),
                            "value", ImmutableList.of("series-by-value usual"),
                            "move",
                                    ImmutableList.of(
                                            "kernel-documented same-host",
                                            "kernel-documented stepped-clock",
                                            "kernel-documented cannot-scale"),
                            "rates", ImmutableList.of("kernel-documented near-rate", "kernel-documented other-rate"),
                            "cold", ImmutableList.of("firecracker-1.15 usual", "crosvm-cold usual"),
                            "forgetful", ImmutableList.of("forgetful usual")),
            Arch.ARM64,
                    ImmutableMap.of(
                            "stay", ImmutableList.of("qemu-arm64-stop-cont usual", "arm64-by-offset same-host"),
                            "move",
                                    ImmutableList.of(
                                            "series-v1-arm64-one-vcpu usual",
                                            "arm64-by-value stepped-clock",
                                            "cloud-hypervisor-arm64 usual"),
                            "loops", ImmutableList.of("qemu-arm64-migrate usual", "arm64-by-value short"),
                            "forgetful", ImmutableList.of("forgetful usual")));

    @Test
    void theModulesAreThoseOfTheRecipes() throws Exception {
        for (Map.Entry<Arch, ImmutableMap<String, ImmutableList<String>>> of : MODELS.entrySet()) {
            String module = "MCRecipes" + MigratedGuest.of(of.getKey()).suffix();
            List<Case> all = new ArrayList<>();
            List<String> specifications = new ArrayList<>();
            for (Map.Entry<String, ImmutableList<String>> model : of.getValue().entrySet()) {
                int first = all.size() + 1;
                ImmutableList<Case> cases = cases(of.getKey(), model.getValue());
                all.addAll(cases);
                String capital = capital(model.getKey());
                specifications.add(capital + "Spec == Init /\\ case \\in " + first + " .. " + all.size()
                        + " /\\ [][Next]_allVars");
                String name =
                        "recipes-" + model.getKey() + "-" + of.getKey().name().toLowerCase(Locale.ROOT);
                String config = new MigrationModel(cases, Judge.PREEMPTIONS)
                        .config(capital + "Spec", holding(cases))
                        .replaceFirst("INVARIANT ", "INVARIANTS ");
                compare(
                        SPEC.resolve("models").resolve(name + ".cfg"),
                        "\\* In spec/: java -cp tla2tools.jar tlc2.TLC -config models/" + name + ".cfg " + module + "\n"
                                + config);
            }
            specifications.add("");
            String text =
                    new MigrationModel(ImmutableList.copyOf(all), Judge.PREEMPTIONS).module(module, specifications);
            int end = text.indexOf('\n') + 1;
            compare(
                    SPEC.resolve(module + ".tla"),
                    text.substring(0, end)
                            + "\\* Some cases of the matrix, as `longitude matrix` gives them to TLC.  RecipeModelsTest\n"
                            + "\\* writes this module and its configurations; the recipes are in recipes/, `forgetful` is in the test.\n"
                            + text.substring(end));
        }
    }

    private static String capital(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    /** @param names each a recipe and a world; the kernel is 6.12, or the last that has what the recipe needs */
    private static ImmutableList<Case> cases(Arch arch, List<String> names) throws IOException, RecipeException {
        ImmutableList.Builder<Case> cases = ImmutableList.builder();
        Recipe forgetful = RecipeReader.read(
                "forgetful", "forgetful", new StringReader(Objects.requireNonNull(FORGETFUL.get(arch))));
        for (String name : names) {
            Recipe recipe = Stream.concat(Recipes.bundled().stream(), Stream.of(forgetful))
                    .filter(r -> name.startsWith(r.name() + " "))
                    .findFirst()
                    .orElseThrow();
            List<Case> fit = Case.all(recipe).stream()
                    .filter(c -> name.equals(recipe.name() + " " + c.world())
                            && recipe.unfitFor(c.kernel()).isEmpty())
                    .toList();
            cases.add(fit.stream()
                    .filter(c -> c.kernel().equals(KernelProfile.of("v6.12")))
                    .findFirst()
                    .orElseGet(() -> fit.get(fit.size() - 1)));
        }
        return cases.build();
    }

    /** The invariants of the properties that hold in all of these cases. */
    private static String holding(List<Case> cases) throws IOException {
        Arch arch = cases.get(0).recipe().arch();
        Set<String> hold = Matrix.committed().stream()
                .filter(cell -> cell.verdict().says() == Verdict.Outcome.HOLDS)
                .map(Matrix.Cell::place)
                .collect(Collectors.toSet());
        List<String> all = new ArrayList<>();
        for (Property property : Property.of(arch)) {
            if (cases.stream()
                    .allMatch(c -> hold.contains(c.recipe().name() + "@" + c.world() + " "
                            + c.kernel().specName() + " " + property))) {
                all.add(MigratedGuest.of(arch).invariant(property));
            }
        }
        // (Of a recipe that is not in the matrix, nothing is known: its states count.)
        if (all.isEmpty()) {
            all.add("TypeOK");
        }
        return String.join(" ", all);
    }

    private static void compare(Path file, String expected) throws IOException {
        if (BLESSES) {
            Files.writeString(file, expected, UTF_8);
        }
        assertThat(file).hasContent(expected);
    }
}
