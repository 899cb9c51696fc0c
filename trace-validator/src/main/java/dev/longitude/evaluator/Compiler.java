package dev.longitude.evaluator;

import static dev.longitude.evaluator.ExpressionCode.and;
import static dev.longitude.evaluator.ExpressionCode.application;
import static dev.longitude.evaluator.ExpressionCode.either;
import static dev.longitude.evaluator.ExpressionCode.equal;
import static dev.longitude.evaluator.ExpressionCode.folded;
import static dev.longitude.evaluator.ExpressionCode.forgetting;
import static dev.longitude.evaluator.ExpressionCode.in;
import static dev.longitude.evaluator.ExpressionCode.intersection;
import static dev.longitude.evaluator.ExpressionCode.kept;
import static dev.longitude.evaluator.ExpressionCode.not;
import static dev.longitude.evaluator.ExpressionCode.or;
import static dev.longitude.evaluator.ExpressionCode.selection;
import static dev.longitude.evaluator.ExpressionCode.set;
import static dev.longitude.evaluator.ExpressionCode.slot;
import static dev.longitude.evaluator.ExpressionCode.subset;
import static dev.longitude.evaluator.ExpressionCode.tuple;
import static dev.longitude.evaluator.ExpressionCode.unchanged;
import static dev.longitude.evaluator.ExpressionCode.union;
import static dev.longitude.evaluator.ExpressionCode.valued;
import static dev.longitude.evaluator.ExpressionCode.values;
import static dev.longitude.evaluator.ExpressionCode.variable;
import static dev.longitude.evaluator.Names.has;
import static dev.longitude.evaluator.Names.isPrimed;
import static dev.longitude.evaluator.Names.substituted;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import dev.longitude.evaluator.Expression.Constant;
import dev.longitude.evaluator.ExpressionCode.Difference;
import dev.longitude.evaluator.ExpressionCode.Domain;
import dev.longitude.evaluator.Scope.BoundName;
import dev.longitude.evaluator.Scope.DefinedOperator;
import dev.longitude.evaluator.Scope.Meaning;
import dev.longitude.evaluator.Scope.NamedExpression;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.AtNode;
import tla2sany.semantic.ExprNode;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.NumeralNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.StringNode;
import tla2sany.semantic.SubstInNode;
import tla2sany.semantic.SymbolNode;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.EvalControl;
import tlc2.tool.ToolGlobals;
import tlc2.tool.impl.Tool;
import tlc2.value.IValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.MethodValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Compiles one operator to a tree of closures, inlining every operator it applies. */
final class Compiler {
    private final Tool tool;
    private final IdentityHashMap<Object, String> words;
    private final boolean symbolic;
    private final Names names;
    private final Set<UniqueString> reads = new LinkedHashSet<>();

    /** The definitions without arguments that depend on the present state only. */
    private final Map<OpDefNode, NamedExpression> states = new HashMap<>();

    /**
     * A compiler for one operator.
     *
     * @param words the specification's names of the operators of {@link Words64}
     * @param symbolic whether words may be {@linkplain SymbolicWords unknown}; code for known words only is faster
     */
    Compiler(Tool tool, IdentityHashMap<Object, String> words, boolean symbolic) {
        this.tool = tool;
        this.names = new Names(tool);
        this.words = words;
        this.symbolic = symbolic;
    }

    Names names() {
        return names;
    }

    /** An operator as an expression. */
    Evaluator.Code<Expression> expression(OpDefNode definition) {
        Expression code = expression(definition.getBody(), names.formals(definition), false);
        return finished(code);
    }

    /** The fields of an operator without arguments that is a record, each as an expression. */
    ImmutableMap<String, Evaluator.Code<Expression>> fields(OpDefNode definition) {
        return fields(definition, (field, scope) -> {
            Compiler each = new Compiler(tool, words, symbolic);
            return each.finished(each.expression(field, scope, false));
        });
    }

    /** The same, each a condition as the clauses that it consists of. */
    ImmutableMap<String, ImmutableList<Clause>> conditions(OpDefNode definition) {
        return fields(
                definition,
                (field, scope) ->
                        ClauseCompiler.clauses(field, scope, names, () -> new Compiler(tool, words, symbolic)));
    }

    private static <T> ImmutableMap<String, T> fields(OpDefNode definition, BiFunction<ExprNode, Scope, T> compiled) {
        ExprNode body = definition.getBody();
        Scope scope = Scope.ROOT;
        while (body instanceof SubstInNode instance) {
            scope = substituted(instance, scope);
            body = instance.getBody();
        }
        ImmutableMap.Builder<String, T> fields = ImmutableMap.builder();
        for (ExprOrOpArgNode field : ((OpApplNode) body).getArgs()) {
            ExprOrOpArgNode[] pair = ((OpApplNode) field).getArgs();
            fields.put(((StringNode) pair[0]).getRep().toString(), compiled.apply((ExprNode) pair[1], scope));
        }
        return fields.buildOrThrow();
    }

    /** An operator as an action. */
    Evaluator.Code<Step> action(OpDefNode definition) {
        return finished(new ActionCompiler(names, this, symbolic)
                .step(definition.getBody(), names.formals(definition), StepCode::addSuccessor));
    }

    <T> Evaluator.Code<T> finished(T code) {
        return new Evaluator.Code<>(code, names.slots(), ImmutableIntArray.copyOf(places(reads)));
    }

    private Expression meaning(Meaning meaning, OpApplNode at, Scope scope, boolean primed) {
        if (meaning instanceof BoundName bound) {
            return slot(bound.slot());
        }
        if (meaning instanceof DefinedOperator defined) {
            return applied(defined.definition(), defined.scope(), at, scope, primed);
        }
        NamedExpression named = (NamedExpression) meaning;
        if (primed || named.slot < 0) {
            return expression(named.node, named.scope, primed);
        }
        if (named.compiled == null) {
            Expression inner = expression(named.node, named.scope, false);
            named.compiled = inner.isSimple() ? inner : kept(inner, named.slot);
        }
        return named.compiled;
    }

    private Expression applied(OpDefNode definition, Scope outer, OpApplNode at, Scope scope, boolean primed) {
        if (definition.getInRecursive()) {
            throw has(at, "recursion");
        }
        List<Integer> kept = new ArrayList<>();
        Scope inner = names.applied(definition, at.getArgs(), scope, outer, kept);
        return forgetting(kept, expression(definition.getBody(), inner, primed));
    }

    /**
     * An expression.
     *
     * @param primed whether it is primed, and so about the next state
     */
    Expression expression(SemanticNode node, Scope scope, boolean primed) {
        if (node instanceof NumeralNode numeral) {
            return new Constant(IntValue.gen(numeral.val()));
        }
        if (node instanceof StringNode string) {
            return new Constant(new StringValue(string.getRep()));
        }
        if (node instanceof LetInNode let) {
            List<Integer> kept = new ArrayList<>();
            Scope inner = names.lets(let, scope, kept);
            return forgetting(kept, expression(let.getBody(), inner, primed));
        }
        if (node instanceof SubstInNode instance) {
            return expression(instance.getBody(), substituted(instance, scope), primed);
        }
        if (node instanceof AtNode at) {
            return meaning(requireNonNull(scope.of(at.getExceptComponentRef())), at.getExceptRef(), scope, primed);
        }
        if (!(node instanceof OpApplNode at)) {
            throw has(node, "a " + node.getClass().getSimpleName());
        }
        SymbolNode operator = at.getOperator();
        int opcode = BuiltInOPs.getOpCode(operator.getName());
        if (opcode != 0) {
            return builtIn(opcode, at, scope, primed);
        }
        Meaning meaning = scope.of(operator);
        if (meaning != null) {
            return meaning(meaning, at, scope, primed);
        }
        if (operator instanceof OpDeclNode declared && declared.getKind() == ASTConstants.VariableDeclKind) {
            reads.add(declared.getName());
            return variable(declared.getName(), primed);
        }
        Object global = names.global(operator);
        if (global instanceof OpDefNode definition) {
            if (primed || definition.getArity() > 0 || isPrimed(definition.getBody(), scope)) {
                return applied(definition, scope, at, scope, primed);
            }
            // (All its uses are in one state.)
            return meaning(
                    states.computeIfAbsent(definition, d -> new NamedExpression(d.getBody(), scope, names.newSlot())),
                    at,
                    scope,
                    false);
        }
        if (global instanceof MethodValue method) {
            return method(method, all(at.getArgs(), scope, primed));
        }
        if (global instanceof IValue value) {
            return new Constant((Value) value);
        }
        throw has(node, operator.getName().toString());
    }

    private Expression[] all(ExprOrOpArgNode[] nodes, Scope scope, boolean primed) {
        Expression[] all = new Expression[nodes.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = expression(nodes[i], scope, primed);
        }
        return all;
    }

    /** An operator that is implemented in Java. */
    private Expression method(MethodValue method, Expression[] args) {
        String name = words.getOrDefault(method, "");
        Expression twin = symbolic ? WordOperators.symbolic(name, args) : WordOperators.known(name, args);
        return twin != null ? twin : valued(frame -> method.apply(values(args, frame), EvalControl.Clear));
    }

    private Expression builtIn(int opcode, OpApplNode at, Scope scope, boolean primed) {
        ExprOrOpArgNode[] nodes = at.getArgs();
        return switch (opcode) {
            case ToolGlobals.OPCODE_prime -> {
                if (primed) {
                    throw has(at, "a prime under a prime");
                }
                yield expression(nodes[0], scope, true);
            }
            case ToolGlobals.OPCODE_cl, ToolGlobals.OPCODE_land -> and(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_dl, ToolGlobals.OPCODE_lor -> or(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_lnot, ToolGlobals.OPCODE_neg -> not(expression(nodes[0], scope, primed));
            case ToolGlobals.OPCODE_implies ->
                or(not(expression(nodes[0], scope, primed)), expression(nodes[1], scope, primed));
            case ToolGlobals.OPCODE_eq -> equal(all(nodes, scope, primed), symbolic);
            case ToolGlobals.OPCODE_equiv -> equal(all(nodes, scope, primed), symbolic);
            case ToolGlobals.OPCODE_noteq -> not(equal(all(nodes, scope, primed), symbolic));
            case ToolGlobals.OPCODE_ite -> either(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_case -> cases(at, scope, primed);
            case ToolGlobals.OPCODE_in -> in(expression(nodes[0], scope, primed), expression(nodes[1], scope, primed));
            case ToolGlobals.OPCODE_notin ->
                not(in(expression(nodes[0], scope, primed), expression(nodes[1], scope, primed)));
            case ToolGlobals.OPCODE_be, ToolGlobals.OPCODE_bf -> quantified(at, scope, primed, opcode);
            case ToolGlobals.OPCODE_bc -> chosen(at, scope, primed);
            case ToolGlobals.OPCODE_fc -> function(at, scope, primed);
            case ToolGlobals.OPCODE_soa, ToolGlobals.OPCODE_sso -> comprehension(at, scope, primed, opcode);
            case ToolGlobals.OPCODE_exc -> except(at, scope, primed);
            case ToolGlobals.OPCODE_fa -> application(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_rs -> selection(expression(nodes[0], scope, primed), (StringNode) nodes[1]);
            case ToolGlobals.OPCODE_rc -> record(at, scope, primed);
            case ToolGlobals.OPCODE_tup -> tuple(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_se -> set(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_domain -> new Domain(expression(nodes[0], scope, primed));
            case ToolGlobals.OPCODE_cup -> union(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_cap -> intersection(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_setdiff -> new Difference(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_subseteq -> subset(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_unchanged -> unchanged(places(names.variables(nodes[0], scope)), symbolic);
            default -> throw has(at, at.getOperator().getName().toString());
        };
    }

    private Expression cases(OpApplNode at, Scope scope, boolean primed) {
        Expression otherwise = new Expression() {
            @Override
            Value value(Frame frame) {
                throw new IllegalStateException(at.getLocation() + ": no case is true");
            }
        };
        ExprOrOpArgNode[] arms = at.getArgs();
        for (int i = arms.length - 1; i >= 0; i--) {
            @Nullable ExprOrOpArgNode[] pair = ((OpApplNode) arms[i]).getArgs();
            Expression result = expression(requireNonNull(pair[1]), scope, primed);
            otherwise = pair[0] == null
                    ? result
                    : either(new Expression[] {expression(pair[0], scope, primed), result, otherwise});
        }
        return otherwise;
    }

    List<Binding> bindings(OpApplNode at, Scope scope, boolean primed) {
        List<Binding> bindings = new ArrayList<>();
        FormalParamNode[][] formals = at.getBdedQuantSymbolLists();
        ExprNode[] sets = at.getBdedQuantBounds();
        Scope inner = scope;
        for (int i = 0; i < formals.length; i++) {
            if (at.isBdedQuantATuple()[i]) {
                throw has(at, "a bound tuple");
            }
            Expression set = expression(sets[i], scope, primed);
            for (FormalParamNode name : formals[i]) {
                int slot = names.newSlot();
                inner = inner.with(name, new BoundName(slot));
                bindings.add(new Binding(slot, set, inner));
            }
        }
        return bindings;
    }

    private Binding binding(OpApplNode at, Scope scope, boolean primed) {
        List<Binding> bindings = bindings(at, scope, primed);
        if (bindings.size() != 1) {
            throw has(at, "several bound names here");
        }
        return bindings.get(0);
    }

    static Scope innermost(List<Binding> bindings) {
        return bindings.get(bindings.size() - 1).inner();
    }

    private Expression quantified(OpApplNode at, Scope scope, boolean primed, int opcode) {
        List<Binding> bindings = bindings(at, scope, primed);
        boolean every = opcode == ToolGlobals.OPCODE_bf;
        Expression body = expression(at.getArgs()[0], innermost(bindings), primed);
        for (int i = bindings.size() - 1; i >= 0; i--) {
            body = bindings.get(i).quantified(every, body);
        }
        return body;
    }

    private Expression chosen(OpApplNode at, Scope scope, boolean primed) {
        Binding binding = binding(at, scope, primed);
        Expression body = expression(at.getArgs()[0], binding.inner(), primed);
        return binding.chosen(body, at.getLocation().toString());
    }

    private Expression function(OpApplNode at, Scope scope, boolean primed) {
        Binding binding = binding(at, scope, primed);
        return binding.function(expression(at.getArgs()[0], binding.inner(), primed));
    }

    private Expression comprehension(OpApplNode at, Scope scope, boolean primed, int opcode) {
        Binding binding = binding(at, scope, primed);
        Expression body = expression(at.getArgs()[0], binding.inner(), primed);
        return binding.comprehension(body, opcode == ToolGlobals.OPCODE_sso);
    }

    private Expression except(OpApplNode at, Scope scope, boolean primed) {
        ExprOrOpArgNode[] parts = at.getArgs();
        Expression changed = expression(parts[0], scope, primed);
        for (int i = 1; i < parts.length; i++) {
            OpApplNode pair = (OpApplNode) parts[i];
            ExprOrOpArgNode[] path = ((OpApplNode) pair.getArgs()[0]).getArgs();
            int slot = names.newSlot();
            Expression there = expression(pair.getArgs()[1], scope.with(pair, new BoundName(slot)), primed);
            changed = ExpressionCode.changed(changed, all(path, scope, primed), slot, there);
        }
        return changed;
    }

    private Expression record(OpApplNode at, Scope scope, boolean primed) {
        ExprOrOpArgNode[] fields = at.getArgs();
        UniqueString[] unordered = new UniqueString[fields.length];
        Value[] places = new Value[fields.length];
        for (int i = 0; i < fields.length; i++) {
            unordered[i] = ((StringNode) ((OpApplNode) fields[i]).getArgs()[0]).getRep();
            places[i] = IntValue.gen(i);
        }
        // (TLC reorders the names; their locations show the original order.)
        RecordValue ordered = (RecordValue) new RecordValue(unordered, places, false).normalize();
        UniqueString[] names = ordered.names;
        Expression[] parts = Arrays.stream(ordered.values)
                .map(place -> expression(((OpApplNode) fields[((IntValue) place).val]).getArgs()[1], scope, primed))
                .toArray(Expression[]::new);
        return folded(
                new Expression() {
                    @Override
                    Value value(Frame frame) {
                        return new RecordValue(names, values(parts, frame), true);
                    }
                },
                parts);
    }

    static int[] places(Collection<UniqueString> variables) {
        return variables.stream().mapToInt(UniqueString::getVarLoc).toArray();
    }
}
