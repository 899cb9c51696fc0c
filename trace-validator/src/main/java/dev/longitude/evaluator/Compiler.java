package dev.longitude.evaluator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import dev.longitude.evaluator.Expression.Condition;
import dev.longitude.evaluator.Expression.Constant;
import dev.longitude.evaluator.Expression.Word;
import dev.longitude.evaluator.Scope.Bound;
import dev.longitude.evaluator.Scope.Defined;
import dev.longitude.evaluator.Scope.Meaning;
import dev.longitude.evaluator.Scope.Named;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.AtNode;
import tla2sany.semantic.ExprNode;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.NumeralNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpArgNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.StringNode;
import tla2sany.semantic.Subst;
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
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Makes code of one operator. What an operator applies becomes part of it. */
final class Compiler {
    private final Tool tool;
    private final IdentityHashMap<Object, String> words;
    private final boolean symbolic;
    private int slots;
    private final Set<UniqueString> reads = new LinkedHashSet<>();

    /** The definitions without arguments that are about the present state only. */
    private final Map<OpDefNode, Named> states = new HashMap<>();

    /**
     * A compiler for one operator.
     *
     * @param words by which names the specification has the operators of {@link Words64}
     * @param symbolic whether words may be {@linkplain SymbolicWords unknown}; where none is, code that does not look for
     *     them is faster
     */
    Compiler(Tool tool, IdentityHashMap<Object, String> words, boolean symbolic) {
        this.tool = tool;
        this.words = words;
        this.symbolic = symbolic;
    }

    /** An operator as an expression. */
    Evaluator.Code<Expression> expression(OpDefNode definition) {
        Expression code = expression(definition.getBody(), formals(definition), false);
        return finished(code);
    }

    /** The fields of an operator without arguments that is a record, each for itself. */
    ImmutableMap<String, Evaluator.Code<Expression>> fields(OpDefNode definition) {
        ExprNode body = definition.getBody();
        Scope scope = Scope.ROOT;
        while (body instanceof SubstInNode instance) {
            scope = substituted(instance, scope);
            body = instance.getBody();
        }
        ImmutableMap.Builder<String, Evaluator.Code<Expression>> fields = ImmutableMap.builder();
        for (ExprOrOpArgNode field : ((OpApplNode) body).getArgs()) {
            ExprOrOpArgNode[] pair = ((OpApplNode) field).getArgs();
            Compiler each = new Compiler(tool, words, symbolic);
            fields.put(
                    ((StringNode) pair[0]).getRep().toString(), each.finished(each.expression(pair[1], scope, false)));
        }
        return fields.buildOrThrow();
    }

    /** An operator as an action. */
    Evaluator.Code<Step> action(OpDefNode definition) {
        Step code = step(definition.getBody(), formals(definition), Compiler::tell);
        return finished(code);
    }

    private <T> Evaluator.Code<T> finished(T code) {
        return new Evaluator.Code<>(code, slots, ImmutableIntArray.copyOf(places(reads)));
    }

    private Scope formals(OpDefNode definition) {
        Scope scope = Scope.ROOT;
        for (FormalParamNode formal : definition.getParams()) {
            scope = scope.with(formal, new Bound(slots++));
        }
        return scope;
    }

    private static IllegalArgumentException has(SemanticNode node, String what) {
        return new IllegalArgumentException(node.getLocation() + ": this evaluator does not have " + what);
    }

    /** A successor is known: each variable that had a value has one. */
    private static void tell(Frame frame) {
        for (int i = 0; i < frame.then.length; i++) {
            if (frame.then[i] == null && frame.now.at(i) != null) {
                throw new IllegalStateException("the action does not say what becomes of "
                        + State.variables().get(i));
            }
        }
        frame.found.add(new State(frame.then.clone()));
    }

    // ---------------------------------------------------------------------- names

    /** Whether what a node comes to depends on the next state. */
    private boolean isPrimed(ExprOrOpArgNode node, Scope scope) {
        if (node.getLevel() >= LevelConstants.ActionLevel) {
            return true;
        }
        for (SymbolNode param : node.getLevelParams()) {
            Meaning meaning = scope.of(param);
            if (meaning instanceof Named named && isPrimed(named.node, named.scope)) {
                return true;
            }
        }
        return false;
    }

    /** The scope in which a definition has its arguments. */
    private Scope applied(OpDefNode definition, ExprOrOpArgNode[] args, Scope at, Scope outer, List<Integer> kept) {
        Scope inner = outer;
        FormalParamNode[] formals = definition.getParams();
        for (int i = 0; i < formals.length; i++) {
            inner = inner.with(formals[i], named(args[i], at, kept));
        }
        return inner;
    }

    private Meaning named(ExprOrOpArgNode node, Scope scope, List<Integer> kept) {
        if (node instanceof OpArgNode argument) {
            if (argument.getOp() instanceof OpDefNode definition) {
                return new Defined(definition, scope);
            }
            throw has(node, "an argument that is an operator of this kind");
        }
        if (isPrimed(node, scope)) {
            return new Named(node, scope, -1);
        }
        kept.add(slots);
        return new Named(node, scope, slots++);
    }

    private Scope lets(LetInNode let, Scope scope, List<Integer> kept) {
        Scope inner = scope;
        for (OpDefNode definition : let.getLets()) {
            inner = inner.with(
                    definition,
                    definition.getArity() == 0
                            ? named(definition.getBody(), inner, kept)
                            : new Defined(definition, inner));
        }
        return inner;
    }

    private static Scope substituted(SubstInNode instance, Scope scope) {
        Scope inner = scope;
        for (Subst one : instance.getSubsts()) {
            inner = inner.with(one.getOp(), new Named(one.getExpr(), scope, -1));
        }
        return inner;
    }

    /** What a name stands for that is not bound: a definition, a value, a method. */
    private Object global(SymbolNode symbol) {
        return tool.lookup(symbol);
    }

    private Expression meaning(Meaning meaning, OpApplNode at, Scope scope, boolean primed) {
        if (meaning instanceof Bound bound) {
            return slot(bound.slot());
        }
        if (meaning instanceof Defined defined) {
            return applied(defined.definition(), defined.scope(), at, scope, primed);
        }
        Named named = (Named) meaning;
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
        Scope inner = applied(definition, at.getArgs(), scope, outer, kept);
        return forgetting(kept, expression(definition.getBody(), inner, primed));
    }

    /** A value that has been bound. */
    private static Expression slot(int slot) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return requireNonNull(frame.slots[slot]);
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** What is evaluated once. */
    private static Expression kept(Expression inner, int slot) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value value = frame.slots[slot];
                if (value == null) {
                    value = inner.value(frame);
                    frame.slots[slot] = value;
                }
                return value;
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** An expression at whose begin nothing that it keeps is known yet. */
    private static Expression forgetting(List<Integer> kept, Expression body) {
        if (kept.isEmpty() || body.isConstant()) {
            return body;
        }
        int[] those = kept.stream().mapToInt(i -> i).toArray();
        return new Expression() {
            @Override
            Value value(Frame frame) {
                forget(those, frame);
                return body.value(frame);
            }

            @Override
            boolean holds(Frame frame) {
                forget(those, frame);
                return body.holds(frame);
            }

            @Override
            long bits(Frame frame) {
                forget(those, frame);
                return body.bits(frame);
            }
        };
    }

    private static void forget(int[] those, Frame frame) {
        for (int slot : those) {
            frame.slots[slot] = null;
        }
    }

    // ---------------------------------------------------------------------- expressions

    /**
     * An expression.
     *
     * @param primed whether it stands under a prime, and is about the next state
     */
    private Expression expression(SemanticNode node, Scope scope, boolean primed) {
        if (node instanceof NumeralNode numeral) {
            return new Constant(IntValue.gen(numeral.val()));
        }
        if (node instanceof StringNode string) {
            return new Constant(new StringValue(string.getRep()));
        }
        if (node instanceof LetInNode let) {
            List<Integer> kept = new ArrayList<>();
            Scope inner = lets(let, scope, kept);
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
            return variable(declared.getName(), primed);
        }
        Object global = global(operator);
        if (global instanceof OpDefNode definition) {
            if (primed || definition.getArity() > 0 || isPrimed(definition.getBody(), scope)) {
                return applied(definition, scope, at, scope, primed);
            }
            // (All its uses are in one state.)
            return meaning(
                    states.computeIfAbsent(definition, d -> new Named(d.getBody(), scope, slots++)), at, scope, false);
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

    private Expression variable(UniqueString name, boolean primed) {
        reads.add(name);
        int place = name.getVarLoc();
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value value = primed ? frame.then[place] : frame.now.at(place);
                if (value == null) {
                    throw new IllegalStateException(name + (primed ? "'" : "") + " has no value yet");
                }
                return value;
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** What is written in Java. */
    private Expression method(MethodValue method, Expression[] args) {
        String name = words.getOrDefault(method, "");
        Expression twin = symbolic ? symbolicTwin(name, args) : twin(name, args);
        return twin != null ? twin : valued(frame -> method.apply(values(args, frame), EvalControl.Clear));
    }

    private static @Nullable Expression twin(String name, Expression[] args) {
        return switch (name) {
            case "Add64" -> word(frame -> args[0].bits(frame) + args[1].bits(frame));
            case "Sub64" -> word(frame -> args[0].bits(frame) - args[1].bits(frame));
            case "Less64" -> condition(frame -> Long.compareUnsigned(args[0].bits(frame), args[1].bits(frame)) < 0);
            case "Before64" -> condition(frame -> args[0].bits(frame) - args[1].bits(frame) < 0);
            case "SameNs64" -> condition(frame -> Words64.sameNs(args[0].bits(frame), args[1].bits(frame)));
            case "KeepsPace64" ->
                condition(frame -> Words64.keepsPace(args[0].number(frame), args[1].bits(frame), args[2].bits(frame)));
            case "CyclesToNs64" -> word(frame -> Words64.cyclesToNs(args[0].number(frame), args[1].bits(frame)));
            case "NsToCycles64" -> word(frame -> Words64.nsToCycles(args[0].number(frame), args[1].bits(frame)));
            case "PvclockNs64" ->
                word(frame -> Words64.scaleDelta(args[2].bits(frame), args[0].bits(frame), args[1].number(frame)));
            case "Scale64" ->
                word(frame -> Words64.scale(args[0].number(frame), args[1].bits(frame), args[2].bits(frame)));
            default -> null;
        };
    }

    private static @Nullable Expression symbolicTwin(String name, Expression[] args) {
        return switch (name) {
            case "Add64" -> valued(frame -> SymbolicWords.add(args[0].value(frame), args[1].value(frame)));
            case "Sub64" -> valued(frame -> SymbolicWords.sub(args[0].value(frame), args[1].value(frame)));
            case "Less64" -> condition(frame -> SymbolicWords.less(args[0].value(frame), args[1].value(frame)));
            case "Before64" -> condition(frame -> SymbolicWords.before(args[0].value(frame), args[1].value(frame)));
            case "SameNs64" -> condition(frame -> SymbolicWords.sameNs(args[0].value(frame), args[1].value(frame)));
            case "KeepsPace64" ->
                condition(frame ->
                        SymbolicWords.keepsPace(args[0].number(frame), args[1].value(frame), args[2].value(frame)));
            case "CyclesToNs64" ->
                valued(frame -> SymbolicWords.cyclesToNs(args[0].number(frame), args[1].value(frame)));
            case "NsToCycles64" ->
                valued(frame -> SymbolicWords.nsToCycles(args[0].number(frame), args[1].value(frame)));
            case "PvclockNs64" ->
                valued(frame ->
                        SymbolicWords.pvclockNs(args[0].value(frame), args[1].number(frame), args[2].value(frame)));
            case "Scale64" ->
                valued(frame -> SymbolicWords.scale(args[0].number(frame), args[1].value(frame), args[2].value(frame)));
            default -> null;
        };
    }

    private static Expression valued(Function<Frame, Value> value) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return value.apply(frame);
            }
        };
    }

    private static Expression word(ToLongFunction<Frame> bits) {
        return new Word() {
            @Override
            long bits(Frame frame) {
                return bits.applyAsLong(frame);
            }
        };
    }

    private static Expression condition(Predicate<Frame> holds) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return holds.test(frame);
            }
        };
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
            case ToolGlobals.OPCODE_eq -> equal(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_equiv -> equal(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_noteq -> not(equal(all(nodes, scope, primed)));
            case ToolGlobals.OPCODE_ite -> either(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_case -> cases(at, scope, primed);
            case ToolGlobals.OPCODE_in -> in(nodes, scope, primed);
            case ToolGlobals.OPCODE_notin -> not(in(nodes, scope, primed));
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
            case ToolGlobals.OPCODE_cup, ToolGlobals.OPCODE_cap, ToolGlobals.OPCODE_setdiff ->
                combined(opcode, all(nodes, scope, primed));
            case ToolGlobals.OPCODE_subseteq -> subset(all(nodes, scope, primed));
            case ToolGlobals.OPCODE_unchanged -> unchanged(nodes[0], scope);
            default -> throw has(at, at.getOperator().getName().toString());
        };
    }

    private static Expression and(Expression... all) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Expression each : all) {
                    if (!each.holds(frame)) {
                        return false;
                    }
                }
                return true;
            }
        };
    }

    private static Expression or(Expression... all) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Expression each : all) {
                    if (each.holds(frame)) {
                        return true;
                    }
                }
                return false;
            }
        };
    }

    private static Expression not(Expression inner) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return !inner.holds(frame);
            }
        };
    }

    private Expression equal(Expression[] sides) {
        Expression left = sides[0];
        Expression right = sides[1];
        if (right instanceof Constant constant && constant.value instanceof StringValue string) {
            return condition(frame -> left.value(frame) instanceof StringValue other
                    ? other.getVal() == string.getVal()
                    : string.equals(left.value(frame)));
        }
        if (left instanceof Word || right instanceof Word) {
            return new Condition() {
                @Override
                boolean holds(Frame frame) {
                    return left.bits(frame) == right.bits(frame);
                }
            };
        }
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return same(left.value(frame), right.value(frame));
            }
        };
    }

    private boolean same(Value one, Value other) {
        return symbolic ? SymbolicWords.same(one, other) : one.equals(other);
    }

    private static Expression either(Expression[] parts) {
        return new Expression() {
            private Expression one(Frame frame) {
                return parts[parts[0].holds(frame) ? 1 : 2];
            }

            @Override
            Value value(Frame frame) {
                return one(frame).value(frame);
            }

            @Override
            boolean holds(Frame frame) {
                return one(frame).holds(frame);
            }

            @Override
            long bits(Frame frame) {
                return one(frame).bits(frame);
            }
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

    private Expression in(ExprOrOpArgNode[] nodes, Scope scope, boolean primed) {
        Expression value = expression(nodes[0], scope, primed);
        Expression set = expression(nodes[1], scope, primed);
        if (set instanceof Domain domain) {
            return new Condition() {
                @Override
                boolean holds(Frame frame) {
                    return Values.hasKey(domain.function.value(frame), value.value(frame));
                }
            };
        }
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return Values.isIn(value.value(frame), set.value(frame));
            }
        };
    }

    /** The one name that is bound, and what it is bound to. */
    private record Binding(int slot, Expression set, Scope inner) {}

    private List<Binding> bindings(OpApplNode at, Scope scope, boolean primed) {
        List<Binding> bindings = new ArrayList<>();
        FormalParamNode[][] names = at.getBdedQuantSymbolLists();
        ExprNode[] sets = at.getBdedQuantBounds();
        Scope inner = scope;
        for (int i = 0; i < names.length; i++) {
            if (at.isBdedQuantATuple()[i]) {
                throw has(at, "a bound tuple");
            }
            Expression set = expression(sets[i], scope, primed);
            for (FormalParamNode name : names[i]) {
                inner = inner.with(name, new Bound(slots));
                bindings.add(new Binding(slots++, set, inner));
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

    private static Scope innermost(List<Binding> bindings) {
        return bindings.get(bindings.size() - 1).inner;
    }

    private Expression quantified(OpApplNode at, Scope scope, boolean primed, int opcode) {
        List<Binding> bindings = bindings(at, scope, primed);
        boolean every = opcode == ToolGlobals.OPCODE_bf;
        Expression body = expression(at.getArgs()[0], innermost(bindings), primed);
        for (int i = bindings.size() - 1; i >= 0; i--) {
            body = quantified(bindings.get(i), every, body);
        }
        return body;
    }

    private static Expression quantified(Binding binding, boolean every, Expression body) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Value each : binding.set.elements(frame)) {
                    frame.slots[binding.slot] = each;
                    if (body.holds(frame) != every) {
                        return !every;
                    }
                }
                return every;
            }
        };
    }

    private Expression chosen(OpApplNode at, Scope scope, boolean primed) {
        Binding binding = binding(at, scope, primed);
        Expression body = expression(at.getArgs()[0], binding.inner, primed);
        return new Expression() {
            @Override
            Value value(Frame frame) {
                for (Value each : binding.set.elements(frame)) {
                    frame.slots[binding.slot] = each;
                    if (body.holds(frame)) {
                        return each;
                    }
                }
                throw new IllegalStateException(at.getLocation() + ": there is none to choose");
            }
        };
    }

    private Expression function(OpApplNode at, Scope scope, boolean primed) {
        Binding binding = binding(at, scope, primed);
        Expression body = expression(at.getArgs()[0], binding.inner, primed);
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value[] keys = binding.set.elements(frame);
                Value[] values = new Value[keys.length];
                for (int i = 0; i < keys.length; i++) {
                    frame.slots[binding.slot] = keys[i];
                    values[i] = body.value(frame);
                }
                return Values.function(keys, values);
            }
        };
    }

    private Expression comprehension(OpApplNode at, Scope scope, boolean primed, int opcode) {
        Binding binding = binding(at, scope, primed);
        Expression body = expression(at.getArgs()[0], binding.inner, primed);
        boolean filters = opcode == ToolGlobals.OPCODE_sso;
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value[] elements = binding.set.elements(frame);
                List<Value> values = new ArrayList<>(elements.length);
                for (Value each : elements) {
                    frame.slots[binding.slot] = each;
                    if (!filters) {
                        values.add(body.value(frame));
                    } else if (body.holds(frame)) {
                        values.add(each);
                    }
                }
                Value[] all = values.toArray(new Value[0]);
                return filters ? Values.sorted(all) : Values.setOf(all);
            }
        };
    }

    private Expression except(OpApplNode at, Scope scope, boolean primed) {
        ExprOrOpArgNode[] parts = at.getArgs();
        Expression changed = expression(parts[0], scope, primed);
        for (int i = 1; i < parts.length; i++) {
            OpApplNode pair = (OpApplNode) parts[i];
            ExprOrOpArgNode[] path = ((OpApplNode) pair.getArgs()[0]).getArgs();
            int slot = slots++;
            Expression there = expression(pair.getArgs()[1], scope.with(pair, new Bound(slot)), primed);
            changed = changed(changed, all(path, scope, primed), slot, there);
        }
        return changed;
    }

    private static Expression changed(Expression base, Expression[] path, int slot, Expression there) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return changed(base.value(frame), 0, frame);
            }

            private Value changed(Value value, int depth, Frame frame) {
                if (depth == path.length) {
                    frame.slots[slot] = value;
                    return there.value(frame);
                }
                Value key = path[depth].value(frame);
                if (key instanceof StringValue string && value instanceof RecordValue) {
                    UniqueString name = string.getVal();
                    return Values.with(value, name, changed(Values.select(value, name), depth + 1, frame));
                }
                return Values.hasKey(value, key)
                        ? Values.with(value, key, changed(Values.apply(value, key), depth + 1, frame))
                        : value;
            }
        };
    }

    private static Expression application(Expression[] parts) {
        Expression function = parts[0];
        Expression key = parts[1];
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return Values.apply(function.value(frame), key.value(frame));
            }
        };
    }

    private static Expression selection(Expression record, StringNode field) {
        UniqueString name = field.getRep();
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return Values.select(record.value(frame), name);
            }
        };
    }

    private Expression record(OpApplNode at, Scope scope, boolean primed) {
        ExprOrOpArgNode[] fields = at.getArgs();
        UniqueString[] unordered = new UniqueString[fields.length];
        Value[] places = new Value[fields.length];
        for (int i = 0; i < fields.length; i++) {
            unordered[i] = ((StringNode) ((OpApplNode) fields[i]).getArgs()[0]).getRep();
            places[i] = IntValue.gen(i);
        }
        // (TLC orders the names; their places tell how.)
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

    private static Expression tuple(Expression[] parts) {
        return folded(
                new Expression() {
                    @Override
                    Value value(Frame frame) {
                        return new TupleValue(values(parts, frame));
                    }
                },
                parts);
    }

    private static Expression set(Expression[] parts) {
        return folded(
                new Expression() {
                    @Override
                    Value value(Frame frame) {
                        return Values.setOf(values(parts, frame));
                    }
                },
                parts);
    }

    private static Value[] values(Expression[] parts, Frame frame) {
        Value[] values = new Value[parts.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = parts[i].value(frame);
        }
        return values;
    }

    /** What is made of nothing but constants is one. */
    private static Expression folded(Expression whole, Expression... parts) {
        return Arrays.stream(parts).allMatch(Expression::isConstant)
                ? new Constant(whole.value(Frame.of(State.EMPTY, 0)))
                : whole;
    }

    /** DOMAIN of a function. */
    private static final class Domain extends Expression {
        private final Expression function;

        Domain(Expression function) {
            this.function = function;
        }

        @Override
        Value value(Frame frame) {
            return Values.sorted(elements(frame));
        }

        @Override
        Value[] elements(Frame frame) {
            return Values.keys(function.value(frame));
        }

        @Override
        boolean isSimple() {
            return function.isSimple();
        }
    }

    private static Expression combined(int opcode, Expression[] sets) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                SetEnumValue one = Values.set(sets[0].value(frame));
                SetEnumValue other = Values.set(sets[1].value(frame));
                return switch (opcode) {
                    case ToolGlobals.OPCODE_cup -> Values.union(one, other);
                    case ToolGlobals.OPCODE_cap -> Values.intersection(one, other);
                    default -> Values.difference(one, other);
                };
            }
        };
    }

    private static Expression subset(Expression[] sets) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return Values.isSubset(Values.set(sets[0].value(frame)), Values.set(sets[1].value(frame)));
            }
        };
    }

    private Expression unchanged(ExprOrOpArgNode node, Scope scope) {
        int[] places = places(variables(node, scope));
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (int place : places) {
                    Value then = requireNonNull(frame.then[place], "an unchanged variable has no value yet");
                    Value now = frame.now.at(place);
                    if (now == null || !same(then, now)) {
                        return false;
                    }
                }
                return true;
            }
        };
    }

    /** The variables in a tuple of such, and of tuples of such. */
    private List<UniqueString> variables(SemanticNode node, Scope scope) {
        if (node instanceof SubstInNode instance) {
            return variables(instance.getBody(), substituted(instance, scope));
        }
        if (node instanceof OpApplNode at) {
            SymbolNode operator = at.getOperator();
            Meaning meaning = scope.of(operator);
            if (meaning instanceof Named named) {
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

    // ---------------------------------------------------------------------- actions

    /** What an action, or a part of one, does and what comes after it. */
    private Step step(SemanticNode node, Scope scope, Step next) {
        if (node instanceof LetInNode let) {
            List<Integer> kept = new ArrayList<>();
            Scope inner = lets(let, scope, kept);
            return forgetting(kept, step(let.getBody(), inner, next));
        }
        if (node instanceof SubstInNode instance) {
            return step(instance.getBody(), substituted(instance, scope), next);
        }
        if (!(node instanceof OpApplNode at) || !isPrimed(at, scope)) {
            return guard(expression(node, scope, false), next);
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
                yield frame -> {
                    for (Step way : ways) {
                        way.run(frame);
                    }
                };
            }
            case ToolGlobals.OPCODE_ite ->
                either(expression(nodes[0], scope, false), step(nodes[1], scope, next), step(nodes[2], scope, next));
            case ToolGlobals.OPCODE_case -> {
                Step otherwise = frame -> {
                    throw new IllegalStateException(at.getLocation() + ": no case is true");
                };
                for (int i = nodes.length - 1; i >= 0; i--) {
                    @Nullable ExprOrOpArgNode[] pair = ((OpApplNode) nodes[i]).getArgs();
                    Step result = step(requireNonNull(pair[1]), scope, next);
                    otherwise = pair[0] == null ? result : either(expression(pair[0], scope, false), result, otherwise);
                }
                yield otherwise;
            }
            case ToolGlobals.OPCODE_be -> {
                List<Binding> bindings = bindings(at, scope, false);
                Step body = step(nodes[0], innermost(bindings), next);
                for (int i = bindings.size() - 1; i >= 0; i--) {
                    body = each(bindings.get(i), body);
                }
                yield body;
            }
            case ToolGlobals.OPCODE_eq -> {
                UniqueString assigned = primedVariable(nodes[0], scope);
                yield assigned == null
                        ? guard(expression(at, scope, false), next)
                        : assign(assigned, expression(nodes[1], scope, false), next);
            }
            case ToolGlobals.OPCODE_in -> {
                UniqueString assigned = primedVariable(nodes[0], scope);
                if (assigned != null) {
                    throw has(at, "a primed variable that is some element of a set");
                }
                yield guard(expression(at, scope, false), next);
            }
            case ToolGlobals.OPCODE_unchanged -> keep(places(variables(nodes[0], scope)), next);
            case 0 -> applied(at, scope, next);
            default -> guard(expression(at, scope, false), next);
        };
    }

    private Step applied(OpApplNode at, Scope scope, Step next) {
        Meaning meaning = scope.of(at.getOperator());
        if (meaning instanceof Named named) {
            return step(named.node, named.scope, next);
        }
        OpDefNode definition;
        Scope outer;
        if (meaning instanceof Defined defined) {
            definition = defined.definition();
            outer = defined.scope();
        } else if (global(at.getOperator()) instanceof OpDefNode global) {
            definition = global;
            outer = scope;
        } else {
            return guard(expression(at, scope, false), next);
        }
        List<Integer> kept = new ArrayList<>();
        Scope inner = applied(definition, at.getArgs(), scope, outer, kept);
        return forgetting(kept, step(definition.getBody(), inner, next));
    }

    /** The variable that a node is the prime of; null if it is none. */
    private @Nullable UniqueString primedVariable(SemanticNode node, Scope scope) {
        return node instanceof OpApplNode at
                        && BuiltInOPs.getOpCode(at.getOperator().getName()) == ToolGlobals.OPCODE_prime
                ? variable(at.getArgs()[0], scope)
                : null;
    }

    private @Nullable UniqueString variable(SemanticNode node, Scope scope) {
        if (node instanceof OpApplNode at && at.getOperator() instanceof OpDeclNode declared) {
            if (scope.of(declared) instanceof Named named) {
                return variable(named.node, named.scope);
            }
            return declared.getKind() == ASTConstants.VariableDeclKind ? declared.getName() : null;
        }
        return null;
    }

    private static Step guard(Expression condition, Step next) {
        return frame -> {
            if (condition.holds(frame)) {
                next.run(frame);
            }
        };
    }

    private static Step either(Expression condition, Step one, Step other) {
        return frame -> (condition.holds(frame) ? one : other).run(frame);
    }

    private static Step each(Binding binding, Step body) {
        return frame -> {
            for (Value each : binding.set.elements(frame)) {
                frame.slots[binding.slot] = each;
                body.run(frame);
            }
        };
    }

    private Step assign(UniqueString name, Expression expression, Step next) {
        int place = name.getVarLoc();
        return frame -> {
            Value value = expression.value(frame);
            Value known = frame.then[place];
            if (known == null) {
                frame.then[place] = value;
                next.run(frame);
                frame.then[place] = null;
            } else if (same(known, value)) {
                next.run(frame);
            }
        };
    }

    private static int[] places(Collection<UniqueString> variables) {
        return variables.stream().mapToInt(UniqueString::getVarLoc).toArray();
    }

    private Step keep(int[] places, Step next) {
        return frame -> {
            int count = 0;
            int[] kept = new int[places.length];
            boolean same = true;
            for (int i = 0; same && i < places.length; i++) {
                int place = places[i];
                Value now = frame.now.at(place);
                Value known = frame.then[place];
                if (known != null) {
                    same = now != null && same(known, now);
                } else if (now != null) {
                    frame.then[place] = now;
                    kept[count++] = place;
                }
            }
            if (same) {
                next.run(frame);
            }
            for (int i = 0; i < count; i++) {
                frame.then[kept[i]] = null;
            }
        };
    }

    private static Step forgetting(List<Integer> kept, Step body) {
        if (kept.isEmpty()) {
            return body;
        }
        int[] those = kept.stream().mapToInt(i -> i).toArray();
        return frame -> {
            forget(those, frame);
            body.run(frame);
        };
    }
}
