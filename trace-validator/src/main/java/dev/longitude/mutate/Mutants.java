package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/** All mutants of the specification. */
public final class Mutants {
    /** The operator whose sets of variables say which are of one kind. */
    private static final String TYPES = "TypeOK";

    private Mutants() {}

    /** All of them, module by module, in the order of the text. */
    public static ImmutableList<Mutant> all() throws IOException {
        Map<String, ParsedSpecification> parsed = new HashMap<>();
        ImmutableList.Builder<Mutant> all = ImmutableList.builder();
        for (MutatedModule module : MutatedModule.values()) {
            ParsedSpecification specification = parsed.get(module.root());
            if (specification == null) {
                specification = ParsedSpecification.of(module.root());
                parsed.put(module.root(), specification);
            }
            ImmutableList<OpDefNode> definitions =
                    ParsedSpecification.definitions(specification.module(module.module()));
            ModuleText text = ModuleText.of(module.module());
            ImmutableMap<String, String> others = others(definitions);
            for (OpDefNode definition : definitions) {
                if (!isListOfVariables(definition)) {
                    all.addAll(Mutator.of(text, definition, others, isInitial(definition)));
                }
            }
        }
        return all.build();
    }

    /** Whether it describes first states. */
    static boolean isInitial(OpDefNode definition) {
        String name = definition.getName().toString();
        return name.endsWith("Init") || name.equals("NewVm") || name.equals("Host");
    }

    private static boolean isListOfVariables(OpDefNode definition) {
        return definition.getBody() instanceof OpApplNode body
                && body.getOperator().getName().toString().equals("$Tuple");
    }

    /** For a variable the next one in a set of {@value #TYPES}. */
    private static ImmutableMap<String, String> others(ImmutableList<OpDefNode> definitions) {
        Map<String, String> others = new LinkedHashMap<>();
        definitions.stream()
                .filter(d -> d.getName().toString().equals(TYPES))
                .forEach(d -> collect(d.getBody(), others));
        return ImmutableMap.copyOf(others);
    }

    private static void collect(SemanticNode node, Map<String, String> others) {
        if (node instanceof OpApplNode application
                && application.getOperator().getName().toString().equals("$SetEnumerate")) {
            List<String> names = new ArrayList<>();
            for (ExprOrOpArgNode element : application.getArgs()) {
                if (element instanceof OpApplNode variable
                        && variable.getOperator() instanceof OpDeclNode declared
                        && declared.getKind() == ASTConstants.VariableDeclKind) {
                    names.add(declared.getName().toString());
                }
            }
            for (int i = 0; i < names.size() && names.size() > 1; i++) {
                others.putIfAbsent(names.get(i), names.get((i + 1) % names.size()));
            }
        }
        if (node instanceof OpApplNode application && application.getBdedQuantBounds() != null) {
            for (ExprOrOpArgNode bound : application.getBdedQuantBounds()) {
                collect(bound, others);
            }
        }
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                if (child != null) {
                    collect(child, others);
                }
            }
        }
    }
}
