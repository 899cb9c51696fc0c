package dev.longitude.model;

import static com.google.common.collect.ImmutableSetMultimap.flatteningToImmutableSetMultimap;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSetMultimap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the files in {@code spec/models} say: what makes a model different, and how to run it by hand. */
class ConfigurationTest {
    private static final Path MODELS = Path.of("../spec/models");
    private static final Pattern VALUE = Pattern.compile("(?m)^  (\\w+) = (.*)$");
    private static final Pattern DEFAULT = Pattern.compile("(?m)^(\\w+) *== *(\\S[^\\\\\\n]*?) *(?:\\\\\\*.*)?$");
    private static final Pattern CONSTANTS = Pattern.compile("(?m)^CONSTANTS?\\b(.*(?:\\n +.*)*)");

    static ImmutableList<Model> models() {
        return Manifest.load().models();
    }

    private static String config(Model model) throws IOException {
        return Files.readString(MODELS.resolve(model.name() + ".cfg"));
    }

    private static Stream<String> modules(Model model) throws IOException {
        return Tlc.modulesOf("EXTENDS " + model.module()).values().stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void theFirstLineIsTheCommandThatRunsTheManifestsRootModule(Model model) throws Exception {
        assertThat(config(model).lines().findFirst())
                .contains("\\* In spec/: java -cp tla2tools.jar tlc2.TLC -config models/" + model.name() + ".cfg "
                        + model.module());
    }

    /** TLC ignores a value for a name that no module has, so that a mistyped one would check another model. */
    @ParameterizedTest
    @MethodSource("models")
    void everyValueIsOfAConstantOrOfADefaultThatItChanges(Model model) throws Exception {
        ImmutableSetMultimap<String, String> defaults = modules(model)
                .flatMap(text -> DEFAULT.matcher(text).results())
                .collect(flatteningToImmutableSetMultimap(d -> d.group(1), d -> Stream.of(d.group(2))));
        String constants = modules(model)
                .flatMap(text -> CONSTANTS.matcher(text).results())
                .map(c -> c.group(1).replaceAll("\\\\\\*.*", ""))
                .reduce("", (a, b) -> a + " " + b);
        VALUE.matcher(config(model)).results().forEach(value -> {
            String name = value.group(1);
            if (defaults.containsKey(name) || name.equals("Ops")) {
                assertThat(defaults.get(name)).as(name).doesNotContain(value.group(2));
            } else {
                assertThat(constants.split("\\W+")).contains(name);
            }
        });
    }
}
