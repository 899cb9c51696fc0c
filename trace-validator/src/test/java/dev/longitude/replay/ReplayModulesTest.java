package dev.longitude.replay;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.spec.Specification;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The modules by which TLC replays a trace leave nothing of it out. */
class ReplayModulesTest {
    private static final Path SPEC = Path.of("../spec");
    private static final Pattern ARM = Pattern.compile("e\\.op = (\"\\w+\" -> \\w+(?:\\([^)]*\\))?)");
    private static final Pattern SHOWN = Pattern.compile("(\\w+) \\|-> \\1\\b");

    private static String text(Arch arch) throws Exception {
        String module = arch == Arch.X86 ? "ReplayX86" : "ReplayArm64";
        return Files.readString(SPEC.resolve(module + ".tla")).replaceAll("\\s+", " ");
    }

    @ParameterizedTest
    @EnumSource(Arch.class)
    void everyOperationIsTheActionOfItsNameWithItsArgumentsInOrder(Arch arch) throws Exception {
        ImmutableList<String> expected = Operation.of(arch).stream()
                .map(operation -> {
                    String name = operation.specName();
                    if (arch == Arch.X86 && operation == Operation.CREATE_VM) {
                        return "\"CreateVm\" -> FALSE"; // (it begins a behaviour)
                    }
                    List<String> formals = Specification.of(arch).formals(operation);
                    return "\"" + name + "\" -> " + name
                            + (formals.isEmpty()
                                    ? ""
                                    : formals.stream().collect(Collectors.joining(", a.", "(a.", ")")));
                })
                .collect(ImmutableList.toImmutableList());
        assertThat(ARM.matcher(text(arch)).results().map(arm -> arm.group(1)))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    @ParameterizedTest
    @EnumSource(Arch.class)
    void everyVariableThatAnEventMayShowIsCompared(Arch arch) throws Exception {
        List<String> expected = Arrays.stream(StateVariable.values())
                .filter(v ->
                        v.isOfX86() == (arch == Arch.X86) || v == StateVariable.ONLINE || v == StateVariable.IN_GUEST)
                .map(StateVariable::specName)
                .toList();
        assertThat(SHOWN.matcher(text(arch)).results().map(shown -> shown.group(1)))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    /** TLC ignores a substitution that is missing, and would compute with other words. */
    @Test
    void theReplaysComputeWithTheWordsOfTheValidator() throws Exception {
        List<String> x86 = substitutions("Trace");
        assertThat(substitutions("ReplayX86")).isEqualTo(x86);
        String words = Files.readString(SPEC.resolve("Words.tla"));
        List<String> arm64 = x86.stream()
                .filter(line -> Pattern.compile(
                                "(?m)^(CONSTANT )?" + line.strip().split("\\W+", 2)[0] + "\\b")
                        .matcher(words)
                        .find())
                .toList();
        assertThat(arm64).hasSizeGreaterThan(6);
        assertThat(substitutions("TraceArm64")).isEqualTo(arm64);
        assertThat(substitutions("ReplayArm64")).isEqualTo(arm64);
    }

    private static List<String> substitutions(String configuration) throws Exception {
        return Files.readAllLines(SPEC.resolve(configuration + ".cfg")).stream()
                .filter(line -> line.startsWith("  "))
                .toList();
    }
}
