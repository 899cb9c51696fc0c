package dev.longitude.model;

import static com.google.common.collect.ImmutableSet.toImmutableSet;
import static com.google.common.collect.ImmutableSetMultimap.toImmutableSetMultimap;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files in {@code spec/models} state what makes a model different, and how to run it by hand. */
class ConfigurationTest {
    private static final Path MODELS = Path.of("../spec/models");
    private static final Pattern VALUE = Pattern.compile("(?m)^  (\\w+) = (.*)$");
    private static final Pattern DEFINITION = Pattern.compile("(?m)^(\\w+) *==(.*(?:\\n +.*)*)");
    private static final Pattern CONSTANTS = Pattern.compile("(?m)^CONSTANTS?\\b(.*(?:\\n +.*)*)");

    static ImmutableList<Model> models() {
        return Manifest.load().models();
    }

    private static String config(Model model) throws IOException {
        return Files.readString(MODELS.resolve(model.name() + ".cfg"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void theFirstLineIsTheCommandThatRunsTheManifestsRootModule(Model model) throws Exception {
        assertThat(config(model).lines().findFirst())
                .contains("\\* In spec/: java -cp tla2tools.jar tlc2.TLC -config models/" + model.name() + ".cfg "
                        + model.module());
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyValueIsOfAConstantOrOfADefaultThatItChanges(Model model) throws Exception {
        assertThat(faults(model, config(model))).isEmpty();
    }

    /** TLC ignores a value for a name that no module has, so a mistyped name would check another model. */
    @Test
    void aRepeatedDefaultAndAMistypedNameAreSeen() throws Exception {
        Model model = Manifest.load().named("any-vmm-v6.12").orElseThrow();
        assertThat(faults(model, """
                        CONSTANTS
                          Kernel = "v6.12"
                          Duration = 1
                          Drift = 0
                          Duraton = 2
                          Khz = 3
                          Ops = {"GetClock", "SetClock", "GetTscOffset", "ReadTsc", "ExitGuest", "GuestReadTsc", \
                        "GetTscKhz", "WriteTscAdjust", "ReadTscAdjust", "GuestReadClock", "KvmclockCtrl"}
                        """))
                .containsExactly(
                        "Duration has this value by default",
                        "Drift has this value by default",
                        "no module has Duraton",
                        "Ops has this value by default");
    }

    private static List<String> faults(Model model, String config) throws IOException {
        ImmutableCollection<String> modules =
                Tlc.modulesOf("EXTENDS " + model.module()).values();
        ImmutableSetMultimap<String, String> defaults = modules.stream()
                .flatMap(text -> DEFINITION.matcher(text).results())
                .collect(toImmutableSetMultimap(d -> d.group(1), d -> withoutComments(d.group(2))));
        ImmutableSet<String> constants = modules.stream()
                .flatMap(text -> CONSTANTS.matcher(text).results())
                .flatMap(c -> Stream.of(withoutComments(c.group(1)).split(",")))
                .map(String::strip)
                .collect(toImmutableSet());
        List<String> faults = new ArrayList<>();
        VALUE.matcher(config).results().forEach(value -> {
            String name = value.group(1);
            if (defaults.containsEntry(name, value.group(2))) {
                faults.add(name + " has this value by default");
            } else if (!defaults.containsKey(name) && !constants.contains(name)) {
                faults.add("no module has " + name);
            }
        });
        return faults;
    }

    private static String withoutComments(String text) {
        return text.replaceAll("\\\\\\*.*", "").replaceAll("\\s+", " ").strip();
    }
}
