package dev.longitude.mutate;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.lockstep.Lockstep;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Mutant.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.OpDefNode;

/**
 * Which default models can tell a mutant from the specification. They build on its operator, as the names in their
 * configuration show. Then the values of its expression decide ({@link Differences}), or, of one that has no value, TLC's
 * coverage. Both are measured once for each model.
 */
final class ModelIndex {
    private static final Pattern BEHAVIOUR = Pattern.compile("(?m)^(?:SPECIFICATION|CONSTRAINT|VIEW)\\s+(\\w+)$");
    private static final Pattern CHECKED = Pattern.compile("(?m)^(?:INVARIANTS?|PROPERT(?:Y|IES))\\s+(.*)$");
    private static final Pattern REPLACED = Pattern.compile("(?m)^ *\\w+ *<- *(\\w+)$");
    private static final Pattern VIEW = Pattern.compile("(?m)^(?:CONSTRAINT|VIEW)\\s+(\\w+)$");

    /** The states of a model that takes about a second. */
    private static final long LONG = 4000;

    /** Most mutants are noticed in the first search; one takes a second or two. */
    private static final int SEARCHES = 5;

    private final Map<Model, Entry> entries = new LinkedHashMap<>();

    /**
     * A model's part of the index.
     *
     * @param behaviour the operators on which the initial predicate, the steps and the bounds build
     * @param bounds those on which constraint and view build; TLC does not show how often it evaluates these
     * @param checked those on which invariants and properties build
     * @param within those on which another invariant or property builds
     * @param violated those on which the property that it must violate builds
     * @param modules the names of its modules
     */
    private record Entry(
            ImmutableSet<String> behaviour,
            ImmutableSet<String> bounds,
            ImmutableSet<String> checked,
            ImmutableSet<String> within,
            ImmutableSet<String> violated,
            ImmutableSet<String> modules) {}

    /** The definitions of the operators, by module and name. */
    private final Map<String, Place> wholes = new HashMap<>();

    private final TlcJvms jvms;
    private final @Nullable Path cache;
    private final Map<Model, Coverage> coverage = new ConcurrentHashMap<>();
    private final Differences differences;

    private ModelIndex(TlcJvms jvms, Differences differences, @Nullable Path cache) {
        this.jvms = jvms;
        this.differences = differences;
        this.cache = cache;
    }

    /**
     * The index of all default models.
     *
     * @param differences in which of them a mutant's expression has another value
     * @param cache the folder of measured coverage, or null
     */
    static ModelIndex of(TlcJvms jvms, Differences differences, @Nullable Path cache) throws IOException {
        ModelIndex index = new ModelIndex(jvms, differences, cache);
        Map<String, ParsedSpecification> parsed = new HashMap<>();
        for (Model model : Manifest.load().models()) {
            if (model.large()) {
                continue;
            }
            ParsedSpecification of = parsed.get(model.module());
            if (of == null) {
                of = ParsedSpecification.of(model.module());
                parsed.put(model.module(), of);
                index.note(of);
            }
            String config = new ModelCheck(model).configuration();
            Set<String> behaviour = new HashSet<>(names(BEHAVIOUR, config));
            behaviour.addAll(names(REPLACED, config));
            index.entries.put(
                    model,
                    new Entry(
                            of.reachable(behaviour),
                            of.reachable(names(VIEW, config)),
                            of.reachable(names(CHECKED, config)),
                            within(of, names(CHECKED, config)),
                            model.violates() == null
                                    ? ImmutableSet.of()
                                    : of.reachable(ImmutableList.of(model.violates())),
                            of.moduleNames()));
        }
        return index;
    }

    private void note(ParsedSpecification specification) {
        for (String module : specification.moduleNames()) {
            for (OpDefNode definition : ParsedSpecification.definitions(specification.module(module))) {
                wholes.put(module + " " + definition.getName(), Place.of(definition.getLocation()));
            }
        }
    }

    private static List<String> names(Pattern pattern, String config) {
        List<String> names = new ArrayList<>();
        Matcher lines = pattern.matcher(config);
        while (lines.find()) {
            names.addAll(Splitter.on(' ').omitEmptyStrings().splitToList(lines.group(1)));
        }
        return names;
    }

    /** Whether an operator is only part of what is checked, in every model. */
    boolean isOfPropertiesOnly(Mutant mutant) {
        return entries.values().stream()
                        .noneMatch(e -> e.modules.contains(mutant.module()) && e.behaviour.contains(mutant.operator()))
                && entries.values().stream()
                        .anyMatch(e -> e.modules.contains(mutant.module()) && e.checked.contains(mutant.operator()));
    }

    /**
     * The models that build on a mutant's operator: those first that must fail on what it changes, then the smallest
     * first.
     */
    ImmutableList<Model> models(Mutant mutant) {
        List<Model> models = new ArrayList<>();
        for (Map.Entry<Model, Entry> entry : entries.entrySet()) {
            if (entry.getValue().modules.contains(mutant.module()) && buildsOn(entry.getValue(), mutant.operator())) {
                models.add(entry.getKey());
            }
        }
        if (mutant.weaker() && isOfPropertiesOnly(mutant)) {
            models.removeIf(m -> holdsAsBefore(entry(m), mutant.operator()));
        }
        models.sort(Comparator.comparing((Model m) -> !entry(m).violated.contains(mutant.operator()))
                .thenComparing(ModelIndex::states));
        return ImmutableList.copyOf(models);
    }

    /** The models of checks of these names, the smallest first. */
    ImmutableList<Model> named(Set<String> checks) {
        return entries.keySet().stream()
                .filter(model -> checks.contains(CheckHashes.MODEL + model.name()))
                .sorted(Comparator.comparing(ModelIndex::states))
                .collect(ImmutableList.toImmutableList());
    }

    /** The smallest of these models that are explored in lockstep with Java. */
    ImmutableList<Model> lockstep(Mutant mutant) throws IOException, InterruptedException {
        ImmutableList.Builder<Model> smallest = ImmutableList.builder();
        int count = 0;
        for (Model model : models(mutant)) {
            if (count < SEARCHES && Lockstep.explores(model.module()) && !isLong(model) && mayDiffer(mutant, model)) {
                smallest.add(model);
                count++;
            }
        }
        return smallest.build();
    }

    /** Whether a run of a model takes longer than the replay of all recordings. */
    static boolean isLong(Model model) {
        return states(model) > LONG;
    }

    private static long states(Model model) {
        return model.states() + (model.statesWithout() == null ? 0 : model.statesWithout());
    }

    /** Whether what is weaker than this operator holds in a model because the operator does. */
    private static boolean holdsAsBefore(Entry entry, String operator) {
        return !entry.violated.contains(operator) && !entry.within.contains(operator);
    }

    private static ImmutableSet<String> within(ParsedSpecification of, List<String> named) {
        return named.stream()
                .flatMap(name -> Sets.difference(of.reachable(ImmutableSet.of(name)), ImmutableSet.of(name)).stream())
                .collect(ImmutableSet.toImmutableSet());
    }

    private Entry entry(Model model) {
        return Objects.requireNonNull(entries.get(model));
    }

    private static boolean buildsOn(Entry entry, String operator) {
        return entry.checked.contains(operator)
                || entry.bounds.contains(operator)
                || entry.behaviour.contains(operator);
    }

    /**
     * Whether a model can tell a mutant from the specification: its expression has another value there, or, of one whose
     * values cannot be compared, the model evaluates the place.
     */
    boolean mayDiffer(Mutant mutant, Model model) throws IOException, InterruptedException {
        return differences.compares(mutant) ? differences.mayDiffer(mutant, model) : evaluates(model, mutant);
    }

    private boolean evaluates(Model model, Mutant mutant) throws IOException, InterruptedException {
        Entry entry = entry(model);
        if (entry.checked.contains(mutant.operator())
                || entry.bounds.contains(mutant.operator())
                || !Coverage.canMeasure(model)) {
            return true;
        }
        // (Where TLC shows nothing of the place, what it shows of the operator counts; if that is nothing too, the
        // model runs.)
        Coverage of = coverage(model);
        return of.count(mutant.module(), mutant.place())
                        .or(() -> ofOperator(of, mutant))
                        .orElse(1L)
                > 0;
    }

    private Optional<Long> ofOperator(Coverage of, Mutant mutant) {
        Place whole = wholes.get(mutant.module() + " " + mutant.operator());
        return whole == null ? Optional.empty() : of.shown(mutant.module(), whole);
    }

    private Coverage coverage(Model model) throws IOException, InterruptedException {
        Coverage known = coverage.get(model);
        if (known == null) {
            known = Coverage.of(model, jvms, cache);
            coverage.put(model, known);
        }
        return known;
    }
}
