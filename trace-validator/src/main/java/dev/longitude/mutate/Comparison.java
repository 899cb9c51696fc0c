package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Compared;
import dev.longitude.mutate.Mutant.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.LevelNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/**
 * The specification with all mutants in it at once: where a mutant has another expression, both are evaluated and
 * compared ({@link Compared}), and the specification's own one counts. One run of TLC shows so of each mutant whether its
 * expression ever has another value. If it has not, the run of the mutant itself would be the same.
 */
final class Comparison {
    private final ImmutableList<Mutant> mutants;
    private final ImmutableSet<Mutant> compared;
    private final ImmutableMap<String, String> texts;

    private Comparison(ImmutableList<Mutant> mutants, ImmutableMap<String, String> texts) {
        this.mutants = mutants;
        this.compared = ImmutableSet.copyOf(mutants);
        this.texts = texts;
    }

    /**
     * Of those of these mutants whose expressions have values. (That of an action has none: it gives variables theirs.)
     */
    static Comparison of(List<Mutant> all) throws IOException {
        ImmutableList.Builder<Mutant> mutants = ImmutableList.builder();
        Map<String, ModuleText> texts = new HashMap<>();
        int count = 0;
        for (MutatedModule module : MutatedModule.values()) {
            ParsedSpecification specification = ParsedSpecification.of(module.root());
            Values values = new Values(specification);
            ParsedSpecification.definitions(specification.module(module.module()))
                    .forEach(values::note);
            List<Mutant> those = all.stream()
                    .filter(m -> m.module().equals(module.module()) && values.has(m))
                    .toList();
            mutants.addAll(those);
            texts.put(module.module(), text(ModuleText.of(module.module()), those, count));
            count += those.size();
        }
        ImmutableMap.Builder<String, String> whole = ImmutableMap.builder();
        whole.put(Compared.MODULE, Compared.TEXT);
        texts.forEach((name, text) -> whole.put(
                name,
                String.join("\n", text.lines()).replaceFirst("(?m)^EXTENDS ", "EXTENDS " + Compared.MODULE + ", ")
                        + "\n"));
        return new Comparison(mutants.build(), whole.buildOrThrow());
    }

    /** Whether a mutant is among them. */
    boolean has(Mutant mutant) {
        return compared.contains(mutant);
    }

    /** The texts of the modules, by name. */
    ImmutableMap<String, String> texts() {
        return texts;
    }

    /** The keys of the mutants whose value differed, by what TLC printed. */
    ImmutableSet<String> differing(List<String> printed) {
        String prefix = "\"" + Compared.DIFFERS;
        return printed.stream()
                .filter(line -> line.startsWith(prefix))
                .map(line -> mutants.get(Integer.parseInt(line.substring(prefix.length(), line.length() - 1)))
                        .key())
                .collect(ImmutableSet.toImmutableSet());
    }

    /** Which places of a module have values, and do nothing besides. */
    private static final class Values {
        private static final ImmutableSet<String> DOING = ImmutableSet.of("PrintT", "TLCSet");

        private final ParsedSpecification specification;
        private final Set<Place> states = new HashSet<>();
        private final Set<Place> actions = new HashSet<>();

        /** What variables become: a value, even if it is about the state after the step. */
        private final Set<Place> updates = new HashSet<>();

        Values(ParsedSpecification specification) {
            this.specification = specification;
        }

        void note(OpDefNode definition) {
            walk(definition.getBody(), Mutants.isInitial(definition));
        }

        boolean has(Mutant mutant) {
            Place place = mutant.place();
            return (states.contains(place) && !actions.contains(place))
                    || updates.stream().anyMatch(update -> update.contains(place));
        }

        /**
         * @param initial whether {@code x = e} gives a variable its value
         * @return whether something in the node does so, or prints
         */
        private boolean walk(SemanticNode node, boolean initial) {
            if (node instanceof OpApplNode update
                    && name(update).equals("=")
                    && update.getArgs()[0] instanceof OpApplNode primed
                    && name(primed).equals("'")) {
                updates.add(Place.of(update.getArgs()[1].getLocation()));
            }
            boolean gives = node instanceof OpApplNode application
                    && application.getOperator() instanceof OpDefNode applied
                    && (Mutants.isInitial(applied)
                            || !Collections.disjoint(specification.reachable(List.of(name(application))), DOING));
            if (initial && node instanceof OpApplNode equation && isOfVariable(equation)) {
                actions.add(Place.of(equation.getArgs()[0].getLocation()));
                gives = true;
            }
            SemanticNode[] children = node.getChildren();
            if (children != null) {
                for (SemanticNode child : children) {
                    gives |= child != null && walk(child, initial);
                }
            }
            if (node instanceof LevelNode level) {
                boolean isOfState = level.getLevel() <= LevelConstants.VariableLevel && !gives;
                (isOfState ? states : actions).add(Place.of(node.getLocation()));
            }
            return gives;
        }

        private static boolean isOfVariable(OpApplNode node) {
            return (name(node).equals("=") || name(node).equals("\\in"))
                    && node.getArgs()[0] instanceof OpApplNode left
                    && left.getOperator() instanceof OpDeclNode declared
                    && declared.getKind() == ASTConstants.VariableDeclKind;
        }

        private static String name(OpApplNode node) {
            return node.getOperator().getName().toString();
        }
    }

    /** A place with the mutants there; where its text ends now, while places in it and behind it are edited. */
    private static final class Site {
        private final Place place;
        private final List<Integer> numbers = new ArrayList<>();
        private int endLine;
        private int endColumn;

        Site(Place place) {
            this.place = place;
            this.endLine = place.endLine();
            this.endColumn = place.endColumn();
        }

        Place now() {
            return new Place(place.beginLine(), place.beginColumn(), endLine, endColumn);
        }
    }

    /**
     * A module with these of its mutants in it.
     *
     * @param first the number of the first one
     */
    static ModuleText text(ModuleText original, List<Mutant> mutants, int first) {
        Map<Place, Site> sites = new HashMap<>();
        for (int i = 0; i < mutants.size(); i++) {
            sites.computeIfAbsent(mutants.get(i).place(), Site::new).numbers.add(i);
        }
        // What begins later is edited first, and of two that begin at the same place the inner one.
        List<Site> order = new ArrayList<>(sites.values());
        order.sort(Comparator.comparing(
                (Site site) -> site.place,
                Comparator.comparingInt(Place::beginLine)
                        .thenComparingInt(Place::beginColumn)
                        .reversed()
                        .thenComparingInt(Place::endLine)
                        .thenComparingInt(Place::endColumn)));
        ModuleText text = original;
        for (Site site : order) {
            for (int number : site.numbers) {
                Place at = site.now();
                String indent = "\n" + " ".repeat(at.beginColumn() - 1);
                String part = Compared.MODULE + "(" + (first + number) + "," + indent + text.of(at) + indent + ","
                        + indent + mutants.get(number).after() + ")";
                move(order, at, part, text.hasRest(at));
                text = text.edited(at, part);
            }
        }
        return text;
    }

    /**
     * Moves the ends of the places around an edit.
     *
     * @param rest whether something follows on the line of its end, which goes to a line of its own
     */
    private static void move(List<Site> sites, Place at, String part, boolean rest) {
        List<String> lines = part.lines().toList();
        int last = at.beginLine() + lines.size() - 1;
        int lastColumn = lines.get(lines.size() - 1).length();
        for (Site site : sites) {
            if (site.now().contains(at)) {
                if (site.endLine == at.endLine() && site.endColumn == at.endColumn()) {
                    site.endLine = last;
                    site.endColumn = lastColumn;
                } else {
                    site.endLine += last - at.endLine() + (rest ? 1 : 0);
                }
            }
        }
    }
}
