package dev.longitude.evaluator;

import static dev.longitude.evaluator.ExpressionCode.forgetting;
import static dev.longitude.evaluator.ExpressionCode.not;
import static dev.longitude.evaluator.ExpressionCode.or;
import static dev.longitude.evaluator.Names.substituted;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.StringNode;
import tla2sany.semantic.SubstInNode;
import tla2sany.semantic.SymbolNode;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.ToolGlobals;
import util.UniqueString;

/**
 * Compiles a condition as clauses, of which each is then evaluated only when what it reads has changed: LET d IN A =>
 * (B /\ C) as LET d IN A => B, and LET d IN A => C.
 */
final class ClauseCompiler {
    private final Names names;
    private final Supplier<Compiler> compilers;
    private final ImmutableList.Builder<Clause> found = ImmutableList.builder();

    private ClauseCompiler(Names names, Supplier<Compiler> compilers) {
        this.names = names;
        this.compilers = compilers;
    }

    /**
     * The clauses of a condition.
     *
     * @param compilers returns a new compiler for each
     */
    static ImmutableList<Clause> clauses(
            SemanticNode condition, Scope scope, Names names, Supplier<Compiler> compilers) {
        ClauseCompiler compiler = new ClauseCompiler(names, compilers);
        compiler.find(condition, new Path(scope, ImmutableList.of(), null), scope);
        return compiler.found.build();
    }

    /**
     * What is around a clause.
     *
     * @param outer the scope of all
     * @param around each LET, instance and implication, the outermost first
     * @param guard the outermost implication's left side, if it is a guard
     */
    private record Path(Scope outer, ImmutableList<SemanticNode> around, Clause.@Nullable Guard guard) {
        Path with(SemanticNode one) {
            return new Path(outer, plus(one), guard);
        }

        private ImmutableList<SemanticNode> plus(SemanticNode one) {
            return ImmutableList.<SemanticNode>builder().addAll(around).add(one).build();
        }

        Path under(OpApplNode implication, Clause.@Nullable Guard its) {
            boolean isOutermost = around.stream().noneMatch(OpApplNode.class::isInstance);
            return new Path(outer, plus(implication), isOutermost ? its : guard);
        }
    }

    private void find(SemanticNode node, Path path, Scope scope) {
        if (node instanceof LetInNode let) {
            find(let.getBody(), path.with(let), names.lets(let, scope, new ArrayList<>()));
            return;
        }
        if (node instanceof SubstInNode instance) {
            find(instance.getBody(), path.with(instance), substituted(instance, scope));
            return;
        }
        if (node instanceof OpApplNode at) {
            SymbolNode operator = at.getOperator();
            switch (BuiltInOPs.getOpCode(operator.getName())) {
                case ToolGlobals.OPCODE_cl, ToolGlobals.OPCODE_land -> {
                    for (SemanticNode each : at.getArgs()) {
                        find(each, path, scope);
                    }
                    return;
                }
                case ToolGlobals.OPCODE_implies -> {
                    find(at.getArgs()[1], path.under(at, guard(at.getArgs()[0], scope)), scope);
                    return;
                }
                case 0 -> {
                    if (scope.of(operator) == null
                            && names.global(operator) instanceof OpDefNode definition
                            && definition.getArity() == 0) {
                        find(definition.getBody(), path, scope);
                        return;
                    }
                }
                default -> {}
            }
        }
        Compiler compiler = compilers.get();
        found.add(new Clause(path.guard, compiler.finished(code(compiler, path.around, node, path.outer))));
    }

    /** The code of a clause with what is around it. */
    private static Expression code(Compiler compiler, List<SemanticNode> around, SemanticNode node, Scope scope) {
        if (around.isEmpty()) {
            return compiler.expression(node, scope, false);
        }
        List<SemanticNode> within = around.subList(1, around.size());
        if (around.get(0) instanceof LetInNode let) {
            List<Integer> kept = new ArrayList<>();
            Scope inner = compiler.names().lets(let, scope, kept);
            return forgetting(kept, code(compiler, within, node, inner));
        }
        if (around.get(0) instanceof SubstInNode instance) {
            return code(compiler, within, node, substituted(instance, scope));
        }
        OpApplNode implication = (OpApplNode) around.get(0);
        return or(
                not(compiler.expression(implication.getArgs()[0], scope, false)), code(compiler, within, node, scope));
    }

    /** The guard that a condition is, or begins with; null if there is none. */
    private Clause.@Nullable Guard guard(SemanticNode node, Scope scope) {
        if (!(node instanceof OpApplNode at)) {
            return null;
        }
        SemanticNode[] args = at.getArgs();
        return switch (BuiltInOPs.getOpCode(at.getOperator().getName())) {
            case ToolGlobals.OPCODE_cl, ToolGlobals.OPCODE_land -> guard(args[0], scope);
            case ToolGlobals.OPCODE_eq -> guard(args[0], ImmutableList.of(args[1]), scope);
            case ToolGlobals.OPCODE_in ->
                args[1] instanceof OpApplNode set
                                && BuiltInOPs.getOpCode(set.getOperator().getName()) == ToolGlobals.OPCODE_se
                        ? guard(args[0], Arrays.asList(set.getArgs()), scope)
                        : null;
            default -> null;
        };
    }

    private Clause.@Nullable Guard guard(SemanticNode field, List<? extends SemanticNode> texts, Scope scope) {
        if (!(field instanceof OpApplNode selection)
                || BuiltInOPs.getOpCode(selection.getOperator().getName()) != ToolGlobals.OPCODE_rs
                || !texts.stream().allMatch(StringNode.class::isInstance)) {
            return null;
        }
        UniqueString variable = names.variable(selection.getArgs()[0], scope);
        return variable == null
                ? null
                : new Clause.Guard(
                        variable.getVarLoc(),
                        ((StringNode) selection.getArgs()[1]).getRep(),
                        texts.stream()
                                .map(text -> ((StringNode) text).getRep())
                                .collect(ImmutableList.toImmutableList()));
    }
}
