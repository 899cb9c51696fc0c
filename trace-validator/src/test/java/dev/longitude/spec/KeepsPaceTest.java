package dev.longitude.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.Arch;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tla2sany.semantic.ModuleNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/**
 * {@link dev.longitude.evaluator.SymbolicWords} evaluates KeepsPace by narrowing the unknowns to the values for which
 * it is true. That is sound only where its falsehood has no effect: so it may only be a guard of the passing of time.
 */
class KeepsPaceTest {
    /** The conjunctions, whose parts are conjuncts in turn. */
    private static final Set<String> CONJUNCTIONS = Set.of("$ConjList", "\\land");

    private static ModuleNode root() {
        return Specification.of(Arch.X86).tool().getSpecProcessor().getRootModule();
    }

    private static List<OpDefNode> definitions() {
        ModuleNode root = root();
        return Stream.concat(
                        Arrays.stream(root.getOpDefs()),
                        Arrays.stream(root.getInstances())
                                .flatMap(each -> Arrays.stream(each.getModule().getOpDefs())))
                .toList();
    }

    @Test
    void keepsPaceIsAGuardOfTimesPassingAndNothingElse() {
        Set<String> users = new TreeSet<>();
        for (OpDefNode definition : definitions()) {
            if (applies(definition.getBody(), "KeepsPace") || applies(definition.getBody(), "KeepsPace64")) {
                users.add(definition.getName().toString());
                assertThat(isOnlyAGuard(definition.getBody(), "KeepsPace"))
                        .as("%s", definition.getName())
                        .isTrue();
            }
        }
        assertThat(users).containsExactly("TimePasses", "TimePassesBetweenReads");
        // Neither may they occur where they could be false and another step is still possible.
        for (OpDefNode definition : definitions()) {
            for (String user : users) {
                assertThat(applies(definition.getBody(), user))
                        .as("%s applies %s", definition.getName(), user)
                        .isFalse();
            }
        }
    }

    /** The test above can fail: these are not only guards. */
    @Test
    void whatIsNegatedOrAConditionIsNotOnlyAGuard() {
        for (OpDefNode definition : definitions()) {
            String name = definition.getName().toString();
            SemanticNode body = definition.getBody();
            if (name.equals("TimePasses")) {
                assertThat(isOnlyAGuard(body, "Before")).isFalse();
            } else if (name.equals("WithinOneSecond")) {
                assertThat(isOnlyAGuard(body, "NsToCycles")).isFalse();
            } else if (name.equals("TrackTsc") || name.equals("Synchronizing")) {
                assertThat(isOnlyAGuard(body, name.equals("TrackTsc") ? "AllMatched" : "WithinOneSecond"))
                        .isFalse();
            } else if (name.equals("RateFor")) {
                assertThat(isOnlyAGuard(body, "CatchesUp")).isFalse();
            }
        }
    }

    private static boolean isOnlyAGuard(SemanticNode node, String operator) {
        if (!applies(node, operator)) {
            return true;
        }
        if (!(node instanceof OpApplNode at)) {
            return false;
        }
        String name = at.getOperator().getName().toString();
        if (name.equals(operator)) {
            return Arrays.stream(at.getArgs()).noneMatch(arg -> applies(arg, operator));
        }
        if (CONJUNCTIONS.contains(name)) {
            return Arrays.stream(at.getArgs()).allMatch(arg -> isOnlyAGuard(arg, operator));
        }
        return name.equals("=>") && !applies(at.getArgs()[0], operator) && isOnlyAGuard(at.getArgs()[1], operator);
    }

    private static boolean applies(@Nullable SemanticNode node, String operator) {
        if (node == null) {
            return false; // the condition of OTHER
        }
        if (node instanceof OpApplNode at
                && at.getOperator().getName().toString().equals(operator)) {
            return true;
        }
        SemanticNode[] children = node.getChildren();
        return children != null && Arrays.stream(children).anyMatch(child -> applies(child, operator));
    }
}
