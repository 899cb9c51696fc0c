package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.mutate.Mutant.Place;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.AtNode;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.LevelNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/** Produces the mutants of one operator: each is a small edit of its text, at a place that the parser gives. */
final class Mutator {
    private static final ImmutableSet<String> CONJUNCTIONS = ImmutableSet.of("$ConjList", "\\land");
    private static final ImmutableSet<String> DISJUNCTIONS = ImmutableSet.of("$DisjList", "\\lor");

    /** Operators that compare or compute with operands of one kind: what takes their place, between the operands. */
    private static final ImmutableMap<String, String> COMPARISONS =
            ImmutableMap.of("<", "<=", "\\leq", "<", ">", ">=", "\\geq", ">");

    private static final ImmutableMap<String, String> INVERTED =
            ImmutableMap.of("=", "#", "/=", "=", "\\in", "\\notin", "\\notin", "\\in");

    private static final ImmutableMap<String, String> SIGNS = ImmutableMap.of("+", "-", "-", "+");
    private static final ImmutableMap<String, String> SETS = ImmutableMap.of("\\union", "\\", "\\", "\\cup");

    /** The same of words. */
    private static final ImmutableMap<String, String> SIGNS_OF_WORDS = ImmutableMap.of("Add", "Sub", "Sub", "Add");

    /** Operators whose value is weaker where a part of it is: {@code [][A]_v}. */
    private static final ImmutableSet<String> KEEPING = ImmutableSet.of("[]", "$SquareAct");

    private static final ImmutableSet<String> ORDERED = ImmutableSet.of("Sub", "Less", "Before");
    private static final ImmutableSet<String> ORDERS_OF_WORDS = ImmutableSet.of("Less", "Before");
    private static final ImmutableMap<String, String> QUANTIFIERS =
            ImmutableMap.of("$BoundedForall", "\\E", "$BoundedExists", "\\A");

    private final ModuleText text;
    private final String operator;
    private final Place whole;

    /** Variables of one kind, by a variable: the one that takes its place. */
    private final ImmutableMap<String, String> others;

    /** Whether it describes first states: there {@code x = e} gives x its value. */
    private final boolean initial;

    private final List<Mutant> mutants = new ArrayList<>();
    private final Set<String> keys = new HashSet<>();

    /** Elements of a set of which each may be left out: the operator is only weaker then. */
    private ImmutableSet<SemanticNode> shrinking = ImmutableSet.of();

    /** How the part that is walked counts: 1 if the operator is weaker where it is, -1 the other way, 0 unknown. */
    private int polarity = 1;

    private Mutator(ModuleText text, OpDefNode definition, ImmutableMap<String, String> others, boolean initial) {
        this.text = text;
        this.operator = definition.getName().toString();
        this.whole = Place.of(definition.getLocation());
        this.others = others;
        this.initial = initial;
    }

    /**
     * All mutants of an operator, in the order of the text.
     *
     * @param others for a variable another one of its kind
     * @param initial whether it describes first states
     */
    static ImmutableList<Mutant> of(
            ModuleText text, OpDefNode definition, ImmutableMap<String, String> others, boolean initial) {
        Mutator mutator = new Mutator(text, definition, others, initial);
        mutator.walk(definition.getBody(), false);
        return ImmutableList.copyOf(mutator.mutants);
    }

    private void add(Mutation mutation, Place place, String after) {
        add(mutation, place, after, (polarity > 0 && after.equals("TRUE")) || (polarity < 0 && after.equals("FALSE")));
    }

    private void add(Mutation mutation, Place place, String after, boolean weaker) {
        if (!text.of(place).equals(after)) {
            Mutant mutant = Mutant.of(text, operator, whole, mutation, place, after, weaker);
            if (keys.add(mutant.key())) {
                mutants.add(mutant);
            }
        }
    }

    private static Place place(SemanticNode node) {
        return Place.of(node.getLocation());
    }

    /** (The parser gives an @ the place of what it stands for.) */
    private String of(SemanticNode node) {
        return node instanceof AtNode ? "@" : text.of(place(node));
    }

    private static boolean isOfState(SemanticNode node) {
        return node instanceof LevelNode level && level.getLevel() <= LevelConstants.VariableLevel;
    }

    private static String name(SemanticNode node) {
        return node instanceof OpApplNode application
                ? application.getOperator().getName().toString()
                : "";
    }

    /** @param negated whether a mutant with the negation of the node has been made */
    private void walk(SemanticNode node, boolean negated) {
        if (!(node instanceof OpApplNode application)) {
            children(node);
            return;
        }
        String name = name(node);
        ExprOrOpArgNode[] args = application.getArgs();
        if (name.equals("UNCHANGED")) {
            return;
        }
        if (CONJUNCTIONS.contains(name) || DISJUNCTIONS.contains(name)) {
            junction(args, CONJUNCTIONS.contains(name));
            return;
        }
        switch (name) {
            case "=>" -> {
                implication(args[0], args[1]);
                return;
            }
            case "\\lnot" -> {
                polarity = -polarity;
                walk(args[0], false);
                polarity = -polarity;
                return;
            }
            case "$IfThenElse" -> {
                int before = polarity;
                polarity = 0;
                add(Mutation.BRANCHES_SWAPPED, place(args[0]), negation(args[0]));
                walk(args[0], true);
                polarity = before;
                walk(args[1], false);
                walk(args[2], false);
                return;
            }
            case "=" -> {
                if (name(args[0]).equals("'")) {
                    update(args[0], args[1]);
                    return;
                }
                inverted(application, args, negated);
            }
            case "/=", "\\in", "\\notin" -> inverted(application, args, negated);
            case "$Except" -> except(args);
            case "$RcdSelect" -> {
                if (!negated && of(args[0]).equals("kernel")) {
                    add(Mutation.SWITCH_INVERTED, place(node), "(~" + of(node) + ")");
                }
            }
            default -> operands(application, name, args);
        }
        int before = polarity;
        polarity = QUANTIFIERS.containsKey(name) || KEEPING.contains(name) ? polarity : 0;
        children(node);
        polarity = before;
    }

    private void children(SemanticNode node) {
        if (node instanceof LetInNode let) { // (what it defines may be applied anywhere)
            int before = polarity;
            polarity = 0;
            for (OpDefNode definition : let.getLets()) {
                walk(definition.getBody(), false);
            }
            polarity = before;
            walk(let.getBody(), false);
            return;
        }
        List<SemanticNode> bounds = bounds(node);
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                if (child != null && !bounds.contains(child)) {
                    walk(child, false);
                }
            }
        }
        if (node instanceof OpApplNode application) {
            ImmutableSet<SemanticNode> before = shrinking;
            shrinking = shrinking(application);
            polarity = 0; // (the caller restores it)
            bounds.forEach(bound -> walk(bound, false));
            shrinking = before;
        }
    }

    /** The sets over which a quantifier goes; the parser may count them among the children, too. */
    private static List<SemanticNode> bounds(SemanticNode node) {
        return node instanceof OpApplNode application && application.getBdedQuantBounds() != null
                ? List.of(application.getBdedQuantBounds())
                : List.of();
    }

    /** The elements of the sets over which a quantifier goes, if with fewer of them the operator is weaker. */
    private ImmutableSet<SemanticNode> shrinking(OpApplNode node) {
        ImmutableSet.Builder<SemanticNode> elements = ImmutableSet.builder();
        boolean weaker =
                polarity > 0 ? name(node).equals("$BoundedForall") : name(node).equals("$BoundedExists");
        if (polarity != 0 && weaker) {
            for (ExprOrOpArgNode bound : node.getBdedQuantBounds()) {
                if (name(bound).equals("$SetEnumerate")) {
                    elements.add(((OpApplNode) bound).getArgs());
                }
            }
        }
        return elements.build();
    }

    private void junction(ExprOrOpArgNode[] parts, boolean conjunction) {
        for (ExprOrOpArgNode part : parts) {
            boolean nested = CONJUNCTIONS.contains(name(part)) || DISJUNCTIONS.contains(name(part));
            boolean value = initial && name(part).equals("=");
            boolean droppable = isOfState(part) && !value;
            if (droppable && !(nested && CONJUNCTIONS.contains(name(part)) == conjunction)) {
                add(
                        conjunction ? Mutation.CONJUNCT_DROPPED : Mutation.DISJUNCT_DROPPED,
                        place(part),
                        conjunction ? "TRUE" : "FALSE");
                add(Mutation.GUARD_NEGATED, place(part), negation(part));
            } else if (!conjunction && !isOfState(part)) {
                add(Mutation.DISJUNCT_DROPPED, place(part), "FALSE");
            } else if (conjunction && !isOfState(part) && name(part).equals("=>")) {
                add(Mutation.CONJUNCT_DROPPED, place(part), "TRUE");
            }
            walk(part, droppable);
        }
    }

    private String negation(SemanticNode node) {
        return ModuleText.behind("~(", of(node)) + ")";
    }

    private void implication(SemanticNode antecedent, SemanticNode consequent) {
        polarity = -polarity;
        add(Mutation.ANTECEDENT_DROPPED, place(antecedent), "TRUE");
        walk(antecedent, false);
        polarity = -polarity;
        add(Mutation.CONSEQUENT_DROPPED, place(consequent), "TRUE");
        walk(consequent, false);
    }

    private void update(SemanticNode primed, SemanticNode value) {
        String variable = of(((OpApplNode) primed).getArgs()[0]);
        add(Mutation.UPDATE_DROPPED, place(value), variable);
        walk(value, false);
    }

    private void inverted(OpApplNode node, ExprOrOpArgNode[] args, boolean negated) {
        String other = INVERTED.get(name(node));
        if (!negated && other != null && isOfState(node)) {
            between(Mutation.COMPARISON_INVERTED, node, args, other);
        }
    }

    private void between(Mutation mutation, OpApplNode node, ExprOrOpArgNode[] args, String symbol) {
        String left = operand(args[0]);
        String prefix = left.substring(left.lastIndexOf('\n') + 1) + " " + symbol + " ";
        add(
                mutation,
                place(node),
                "(" + left.replace("\n", "\n ") + " " + symbol + " "
                        + operand(args[1]).replace("\n", "\n" + " ".repeat(prefix.length())) + ")");
    }

    /** (What compares, and what computes with sets, cannot stand beside such an operator without brackets.) */
    private String operand(SemanticNode node) {
        String name = name(node);
        boolean infix = INVERTED.containsKey(name)
                || COMPARISONS.containsKey(name)
                || SETS.containsKey(name)
                || name.equals("\\intersect");
        return infix ? ModuleText.behind("(", of(node)) + ")" : of(node);
    }

    private void except(ExprOrOpArgNode[] args) {
        for (int i = 1; i < args.length; i++) {
            if (args[i] instanceof OpApplNode pair && name(pair).equals("$Pair")) {
                add(Mutation.FIELD_KEPT, place(pair.getArgs()[1]), "@");
            }
        }
    }

    private void operands(OpApplNode node, String name, ExprOrOpArgNode[] args) {
        if (args.length == 2) {
            if (COMPARISONS.containsKey(name)) {
                between(Mutation.EQUALITY_MOVED, node, args, String.valueOf(COMPARISONS.get(name)));
            }
            if (SIGNS.containsKey(name)) {
                between(Mutation.SIGN_CHANGED, node, args, String.valueOf(SIGNS.get(name)));
            }
            if (SETS.containsKey(name)) {
                between(Mutation.SET_CHANGED, node, args, String.valueOf(SETS.get(name)));
            }
            String sign = SIGNS_OF_WORDS.get(name);
            if (sign != null) {
                call(Mutation.SIGN_CHANGED, node, sign, args[0], args[1]);
            }
            if (ORDERED.contains(name)) {
                call(Mutation.ARGUMENTS_SWAPPED, node, name, args[1], args[0]);
            }
            if (ORDERS_OF_WORDS.contains(name)) {
                call(Mutation.EQUALITY_MOVED, node, "~" + name, args[1], args[0]);
            }
        }
        if (QUANTIFIERS.containsKey(name) && of(node).matches("(?s)\\\\[AE] .*")) {
            add(Mutation.QUANTIFIER_CHANGED, place(node), QUANTIFIERS.get(name) + of(node).substring(2));
        }
        if (node.getOperator() instanceof OpDeclNode declared && declared.getKind() == ASTConstants.VariableDeclKind) {
            String other = others.get(name);
            if (other != null) {
                boolean twice = shrinking.contains(node) && shrinking.stream().anyMatch(e -> of(e).equals(other));
                add(Mutation.VARIABLE_SWAPPED, place(node), other, twice);
            }
        }
    }

    private void call(Mutation mutation, OpApplNode node, String name, SemanticNode first, SemanticNode second) {
        if (of(first).indexOf('\n') < 0 && of(second).indexOf('\n') < 0) {
            add(mutation, place(node), "(" + name + "(" + of(first) + ", " + of(second) + "))");
        }
    }
}
