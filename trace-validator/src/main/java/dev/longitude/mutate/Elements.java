package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.mutate.Element.Kind;
import dev.longitude.mutate.Mutant.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.LevelNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/** Finds the elements of KVM's modules: see {@link Element}. */
final class Elements {
    private static final ImmutableList<MutatedModule> MODULES =
            ImmutableList.of(MutatedModule.KVM_X86, MutatedModule.KVM_ARM64);

    private final ModuleText text;
    private final List<Element> elements = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private Elements(ModuleText text) {
        this.text = text;
    }

    /** All of them, module by module, in the order of the text. */
    static ImmutableList<Element> all() throws IOException {
        ImmutableList.Builder<Element> all = ImmutableList.builder();
        for (MutatedModule module : MODULES) {
            ParsedSpecification parsed = ParsedSpecification.of(module.root());
            ImmutableList<OpDefNode> definitions = ParsedSpecification.definitions(parsed.module(module.module()));
            ImmutableSet<String> actions = parsed.applied("Step");
            ImmutableSet<String> steps = parsed.reachable(actions);
            Elements of = new Elements(ModuleText.of(module.module()));
            for (OpDefNode definition : definitions) {
                String name = definition.getName().toString();
                if (actions.contains(name)) {
                    of.action(name, definition.getBody());
                }
                if (steps.contains(name)) {
                    of.step(name, definition.getBody());
                } else if (!name.equals("Step")) {
                    of.property(name, definition.getBody());
                }
            }
            all.addAll(of.elements);
        }
        return all.build();
    }

    private void add(Kind kind, String name, SemanticNode at) {
        // (Two parts of one text in one operator: the second gets a number.)
        String unique = name;
        for (int i = 2; !names.add(kind + unique); i++) {
            unique = name + " (" + i + ")";
        }
        elements.add(new Element(kind, text.name(), unique, Place.of(at.getLocation())));
    }

    private String of(SemanticNode node) {
        return Mutant.inOneLine(text.of(Place.of(node.getLocation())));
    }

    private static String name(SemanticNode node) {
        return node instanceof OpApplNode application
                ? application.getOperator().getName().toString()
                : "";
    }

    /** An action is taken where it gives {@code reply} its value, or the operator that does is applied. */
    private void action(String operator, SemanticNode body) {
        add(Kind.ACTION, operator, replied(body).orElse(body));
    }

    private static Optional<SemanticNode> replied(SemanticNode node) {
        if (name(node).equals("=") && name(((OpApplNode) node).getArgs()[0]).equals("'")) {
            OpApplNode primed = (OpApplNode) ((OpApplNode) node).getArgs()[0];
            return name(primed.getArgs()[0]).equals("reply") ? Optional.of(node) : Optional.empty();
        }
        for (SemanticNode child : children(node)) {
            Optional<SemanticNode> found = replied(child);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static List<SemanticNode> children(SemanticNode node) {
        List<SemanticNode> all = new ArrayList<>();
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                if (child != null) {
                    all.add(child);
                }
            }
        }
        return all;
    }

    private void step(String operator, SemanticNode node) {
        if (node instanceof OpApplNode application) {
            ExprOrOpArgNode[] args = application.getArgs();
            switch (name(node)) {
                case "$IfThenElse" -> {
                    add(Kind.BRANCH, operator + ": IF " + of(args[0]) + " THEN", args[1]);
                    add(Kind.BRANCH, operator + ": IF " + of(args[0]) + " ELSE", args[2]);
                }
                case "$Case" -> {
                    for (ExprOrOpArgNode arm : args) {
                        if (arm instanceof OpApplNode pair && pair.getArgs().length == 2 && pair.getArgs()[1] != null) {
                            String condition = pair.getArgs()[0] == null ? "OTHER" : of(pair.getArgs()[0]);
                            add(Kind.BRANCH, operator + ": CASE " + condition, pair.getArgs()[1]);
                        }
                    }
                }
                case "$DisjList" -> {
                    for (ExprOrOpArgNode disjunct : args) {
                        if (((LevelNode) disjunct).getLevel() > LevelConstants.VariableLevel) {
                            add(Kind.BRANCH, operator + ": " + of(disjunct), last(disjunct));
                        }
                    }
                }
                default -> {
                    // no branch
                }
            }
            use(application);
        }
        children(node).forEach(child -> step(operator, child));
    }

    /** What of a disjunct is evaluated only if its guards are true: its last conjunct. */
    private static SemanticNode last(SemanticNode disjunct) {
        return name(disjunct).equals("$ConjList")
                ? ((OpApplNode) disjunct).getArgs()[((OpApplNode) disjunct).getArgs().length - 1]
                : disjunct;
    }

    private void use(OpApplNode node) {
        if (name(node).equals("$RcdSelect") && of(node.getArgs()[0]).equals("kernel")) {
            elements.add(new Element(
                    Kind.SWITCH, text.name(), of(node).replaceFirst("^kernel\\.", ""), Place.of(node.getLocation())));
        }
    }

    private void property(String operator, SemanticNode node) {
        // (Of a temporal formula TLC shows nothing.)
        if (name(node).equals("=>") && ((LevelNode) node).getLevel() <= LevelConstants.VariableLevel) {
            ExprOrOpArgNode[] args = ((OpApplNode) node).getArgs();
            add(Kind.ANTECEDENT, operator + ": " + of(args[0]), args[1]);
        }
        children(node).forEach(child -> property(operator, child));
    }
}
