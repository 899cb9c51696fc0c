package dev.longitude.evaluator;

import dev.longitude.evaluator.Scope.BoundName;
import dev.longitude.evaluator.Scope.DefinedOperator;
import dev.longitude.evaluator.Scope.Meaning;
import dev.longitude.evaluator.Scope.NamedExpression;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpArgNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.Subst;
import tla2sany.semantic.SubstInNode;
import tla2sany.semantic.SymbolNode;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.ToolGlobals;
import tlc2.tool.impl.Tool;
import util.UniqueString;

/** Resolves the names of one operator, and assigns slots to their values. */
final class Names {
    private final Tool tool;
    private int slots;

    Names(Tool tool) {
        this.tool = tool;
    }

    /** A new slot in each frame. */
    int newSlot() {
        return slots++;
    }

    /** The number of slots. */
    int slots() {
        return slots;
    }

    static IllegalArgumentException has(SemanticNode node, String what) {
        return new IllegalArgumentException(node.getLocation() + ": this evaluator does not support " + what);
    }

    Scope formals(OpDefNode definition) {
        Scope scope = Scope.ROOT;
        for (FormalParamNode formal : definition.getParams()) {
            scope = scope.with(formal, new BoundName(newSlot()));
        }
        return scope;
    }

    /** Whether the value of a node depends on the next state. */
    static boolean isPrimed(ExprOrOpArgNode node, Scope scope) {
        if (node.getLevel() >= LevelConstants.ActionLevel) {
            return true;
        }
        for (SymbolNode param : node.getLevelParams()) {
            Meaning meaning = scope.of(param);
            if (meaning instanceof NamedExpression named && isPrimed(named.node, named.scope)) {
                return true;
            }
        }
        return false;
    }

    /** The scope in which a definition has its arguments. */
    Scope applied(OpDefNode definition, ExprOrOpArgNode[] args, Scope at, Scope outer, List<Integer> kept) {
        Scope inner = outer;
        FormalParamNode[] formals = definition.getParams();
        for (int i = 0; i < formals.length; i++) {
            inner = inner.with(formals[i], named(args[i], at, kept));
        }
        return inner;
    }

    Meaning named(ExprOrOpArgNode node, Scope scope, List<Integer> kept) {
        if (node instanceof OpArgNode argument) {
            if (argument.getOp() instanceof OpDefNode definition) {
                return new DefinedOperator(definition, scope);
            }
            throw has(node, "an argument that is an operator of this kind");
        }
        if (isPrimed(node, scope)) {
            return new NamedExpression(node, scope, -1);
        }
        int slot = newSlot();
        kept.add(slot);
        return new NamedExpression(node, scope, slot);
    }

    Scope lets(LetInNode let, Scope scope, List<Integer> kept) {
        Scope inner = scope;
        for (OpDefNode definition : let.getLets()) {
            inner = inner.with(
                    definition,
                    definition.getArity() == 0
                            ? named(definition.getBody(), inner, kept)
                            : new DefinedOperator(definition, inner));
        }
        return inner;
    }

    static Scope substituted(SubstInNode instance, Scope scope) {
        Scope inner = scope;
        for (Subst one : instance.getSubsts()) {
            inner = inner.with(one.getOp(), new NamedExpression(one.getExpr(), scope, -1));
        }
        return inner;
    }

    /** The meaning of a name that is not bound: a definition, a value, a method. */
    Object global(SymbolNode symbol) {
        return tool.lookup(symbol);
    }

    /** The variable of a primed variable; null if the node is not one. */
    @Nullable
    UniqueString primedVariable(SemanticNode node, Scope scope) {
        return node instanceof OpApplNode at
                        && BuiltInOPs.getOpCode(at.getOperator().getName()) == ToolGlobals.OPCODE_prime
                ? variable(at.getArgs()[0], scope)
                : null;
    }

    @Nullable
    UniqueString variable(SemanticNode node, Scope scope) {
        if (node instanceof OpApplNode at && at.getOperator() instanceof OpDeclNode declared) {
            if (scope.of(declared) instanceof NamedExpression named) {
                return variable(named.node, named.scope);
            }
            return declared.getKind() == ASTConstants.VariableDeclKind ? declared.getName() : null;
        }
        return null;
    }

    /** The variables in a tuple of variables and tuples. */
    List<UniqueString> variables(SemanticNode node, Scope scope) {
        if (node instanceof SubstInNode instance) {
            return variables(instance.getBody(), substituted(instance, scope));
        }
        if (node instanceof OpApplNode at) {
            SymbolNode operator = at.getOperator();
            Meaning meaning = scope.of(operator);
            if (meaning instanceof NamedExpression named) {
                return variables(named.node, named.scope);
            }
            if (BuiltInOPs.getOpCode(operator.getName()) == ToolGlobals.OPCODE_tup) {
                List<UniqueString> names = new ArrayList<>();
                for (ExprOrOpArgNode part : at.getArgs()) {
                    names.addAll(variables(part, scope));
                }
                return names;
            }
            if (operator instanceof OpDeclNode declared && declared.getKind() == ASTConstants.VariableDeclKind) {
                return List.of(declared.getName());
            }
            if (meaning == null && at.getArgs().length == 0 && global(operator) instanceof OpDefNode definition) {
                return variables(definition.getBody(), scope);
            }
        }
        throw has(node, "UNCHANGED of anything but variables");
    }
}
