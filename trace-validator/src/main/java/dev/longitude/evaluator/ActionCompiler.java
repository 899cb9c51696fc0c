package dev.longitude.evaluator;

import static dev.longitude.evaluator.Names.has;
import static dev.longitude.evaluator.Names.isPrimed;
import static dev.longitude.evaluator.Names.substituted;
import static dev.longitude.evaluator.StepCode.any;
import static dev.longitude.evaluator.StepCode.assign;
import static dev.longitude.evaluator.StepCode.either;
import static dev.longitude.evaluator.StepCode.forgetting;
import static dev.longitude.evaluator.StepCode.guard;
import static dev.longitude.evaluator.StepCode.keep;
import static java.util.Objects.requireNonNull;

import dev.longitude.evaluator.Scope.DefinedOperator;
import dev.longitude.evaluator.Scope.Meaning;
import dev.longitude.evaluator.Scope.NamedExpression;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.SubstInNode;
import tla2sany.semantic.SymbolNode;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.ToolGlobals;
import util.UniqueString;

/** Compiles an action: each part to a step that continues with the parts after it. */
final class ActionCompiler {
    private final Names names;
    private final Compiler expressions;
    private final boolean symbolic;

    ActionCompiler(Names names, Compiler expressions, boolean symbolic) {
        this.names = names;
        this.expressions = expressions;
        this.symbolic = symbolic;
    }

    /** The step of an action, or a part of one, followed by {@code next}. */
    Step step(SemanticNode node, Scope scope, Step next) {
        if (node instanceof LetInNode let) {
            List<Integer> kept = new ArrayList<>();
            Scope inner = names.lets(let, scope, kept);
            return forgetting(kept, step(let.getBody(), inner, next));
        }
        if (node instanceof SubstInNode instance) {
            return step(instance.getBody(), substituted(instance, scope), next);
        }
        if (!(node instanceof OpApplNode at) || !isPrimed(at, scope)) {
            return guard(expressions.expression(node, scope, false), next);
        }
        ExprOrOpArgNode[] nodes = at.getArgs();
        SymbolNode operator = at.getOperator();
        return switch (BuiltInOPs.getOpCode(operator.getName())) {
            case ToolGlobals.OPCODE_cl, ToolGlobals.OPCODE_land -> {
                Step rest = next;
                for (int i = nodes.length - 1; i >= 0; i--) {
                    rest = step(nodes[i], scope, rest);
                }
                yield rest;
            }
            case ToolGlobals.OPCODE_dl, ToolGlobals.OPCODE_lor -> {
                Step[] ways = new Step[nodes.length];
                for (int i = 0; i < ways.length; i++) {
                    ways[i] = step(nodes[i], scope, next);
                }
                yield any(ways);
            }
            case ToolGlobals.OPCODE_ite ->
                either(
                        expressions.expression(nodes[0], scope, false),
                        step(nodes[1], scope, next),
                        step(nodes[2], scope, next));
            case ToolGlobals.OPCODE_case -> {
                Step otherwise = frame -> {
                    throw new IllegalStateException(at.getLocation() + ": no case is true");
                };
                for (int i = nodes.length - 1; i >= 0; i--) {
                    @Nullable ExprOrOpArgNode[] pair = ((OpApplNode) nodes[i]).getArgs();
                    Step result = step(requireNonNull(pair[1]), scope, next);
                    otherwise = pair[0] == null
                            ? result
                            : either(expressions.expression(pair[0], scope, false), result, otherwise);
                }
                yield otherwise;
            }
            case ToolGlobals.OPCODE_be -> {
                List<Binding> bindings = expressions.bindings(at, scope, false);
                Step body = step(nodes[0], Compiler.innermost(bindings), next);
                for (int i = bindings.size() - 1; i >= 0; i--) {
                    body = bindings.get(i).each(body);
                }
                yield body;
            }
            case ToolGlobals.OPCODE_eq -> {
                UniqueString assigned = names.primedVariable(nodes[0], scope);
                yield assigned == null
                        ? guard(expressions.expression(at, scope, false), next)
                        : assign(assigned, expressions.expression(nodes[1], scope, false), symbolic, next);
            }
            case ToolGlobals.OPCODE_in -> {
                UniqueString assigned = names.primedVariable(nodes[0], scope);
                if (assigned != null) {
                    throw has(at, "a primed variable that is some element of a set");
                }
                yield guard(expressions.expression(at, scope, false), next);
            }
            case ToolGlobals.OPCODE_unchanged ->
                keep(Compiler.places(names.variables(nodes[0], scope)), symbolic, next);
            case 0 -> applied(at, scope, next);
            default -> guard(expressions.expression(at, scope, false), next);
        };
    }

    private Step applied(OpApplNode at, Scope scope, Step next) {
        Meaning meaning = scope.of(at.getOperator());
        if (meaning instanceof NamedExpression named) {
            return step(named.node, named.scope, next);
        }
        OpDefNode definition;
        Scope outer;
        if (meaning instanceof DefinedOperator defined) {
            definition = defined.definition();
            outer = defined.scope();
        } else if (names.global(at.getOperator()) instanceof OpDefNode global) {
            definition = global;
            outer = scope;
        } else {
            return guard(expressions.expression(at, scope, false), next);
        }
        List<Integer> kept = new ArrayList<>();
        Scope inner = names.applied(definition, at.getArgs(), scope, outer, kept);
        return forgetting(kept, step(definition.getBody(), inner, next));
    }
}
