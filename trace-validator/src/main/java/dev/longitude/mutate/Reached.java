package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Element.Kind;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which default models reach an element.
 *
 * @param element the element
 * @param known whether it is known which reach it: by TLC's coverage, which does not show all, or by {@link Probes}
 * @param holding the models that must hold
 * @param failing the models that must fail, run without what they must fail on
 * @param trace the first trace that reaches a branch that no model reaches, as {@code scenario NAME} or
 *     {@code recording FILE}; or null
 */
public record Reached(
        Element element,
        boolean known,
        ImmutableList<String> holding,
        ImmutableList<String> failing,
        @Nullable String trace) {
    private static final String MODEL = "model ";
    private static final String SCENARIO = "scenario ";
    private static final String RECORDING = "recording ";
    private static final int VCPUS = 3;
    private static final Pattern KERNEL = Pattern.compile("(?m)^ *Kernel = \"([^\"]+)\"$");

    /**
     * An element that no model which must hold reaches, and where it is checked instead.
     *
     * @param element its text
     * @param where where it is checked, or why it need not be
     */
    public record Elsewhere(
            @JsonProperty(required = true) String element,
            @JsonProperty(required = true) String where) {}

    /** Whether {@link #fault} can check where an element is said to be checked: it names a model or a scenario. */
    public static boolean isChecked(String where) {
        return where.startsWith(MODEL) || where.startsWith(SCENARIO) || where.startsWith(RECORDING);
    }

    /**
     * What is wrong with where an element is said to be checked. A model that is named must reach it. A scenario that is
     * named must perform it; of a switch, its trace on some kernel with that value must be refused by the same kernel
     * with the other value. Empty if nothing is.
     */
    public Optional<String> fault(String where) {
        if (where.startsWith(MODEL)) {
            String name = where.substring(MODEL.length());
            return failing.contains(name) ? Optional.empty() : Optional.of("model " + name + " does not reach it");
        }
        if (where.equals(trace) || !isChecked(where)) {
            return Optional.empty();
        }
        if (element.kind() == Kind.BRANCH || where.startsWith(RECORDING)) {
            return Optional.of(where + " is not the first trace that reaches it");
        }
        String name = where.substring(SCENARIO.length());
        Optional<Scenario> scenario = Scenario.named(name);
        if (element.kind() == Kind.SWITCH) {
            return scenario.filter(this::distinguishes).isPresent()
                    ? Optional.empty()
                    : Optional.of("no trace of scenario " + name + " depends on it");
        }
        boolean performs = scenario.stream()
                .flatMap(Reached::plays)
                .flatMap(trace -> trace.events().stream())
                .anyMatch(e -> e.operation().specName().equals(element.name()));
        return performs ? Optional.empty() : Optional.of("scenario " + name + " does not perform it");
    }

    private static Stream<Trace> plays(Scenario scenario) {
        return KernelProfile.showing(scenario.arch()).stream().map(kernel -> scenario.play(kernel, VCPUS, 1));
    }

    /** Whether a kernel with the other value of this switch refuses a trace of a kernel with this one. */
    private boolean distinguishes(Scenario scenario) {
        return ofSwitch(element)
                .map(of -> plays(scenario)
                        .filter(trace -> trace.header().kernel().has(of) == value(element))
                        .map(trace -> new Trace(
                                trace.header()
                                        .withKernel(trace.header().kernel().flipped(of)),
                                trace.events()))
                        .anyMatch(trace ->
                                Verdict.of(scenario.commandName(), trace).refusal() != null))
                .orElse(false);
    }

    private static Optional<Switch> ofSwitch(Element element) {
        String name = element.name().replaceFirst(" = .*", "");
        return Arrays.stream(Switch.values())
                .filter(s -> s.specName().equals(name))
                .findFirst();
    }

    private static boolean value(Element element) {
        return element.name().endsWith("true");
    }

    /** Reads the list of these; empty if there is no file. */
    public static ImmutableList<Elsewhere> elsewhere(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return ImmutableList.of();
        }
        try {
            List<Elsewhere> rows = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readerForListOf(Elsewhere.class)
                    .readValue(Files.readString(file, UTF_8));
            return rows == null ? ImmutableList.of() : ImmutableList.copyOf(rows);
        } catch (JsonProcessingException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /**
     * All elements, with the default models that reach them.
     *
     * @param cache the folder of measured coverage, or null
     * @param done is told the name of each model that has been measured
     */
    public static ImmutableList<Reached> all(TlcJvms jvms, @Nullable Path cache, Consumer<String> done)
            throws IOException, InterruptedException {
        Map<String, Counted> counted = new LinkedHashMap<>();
        for (Element element : Elements.all()) {
            if (element.kind() == Kind.SWITCH) {
                for (boolean value : new boolean[] {true, false}) {
                    Element valued =
                            new Element(Kind.SWITCH, element.module(), element.name() + " = " + value, element.place());
                    counted.computeIfAbsent(valued.toString(), e -> new Counted(valued))
                            .places
                            .add(element);
                }
            } else {
                counted.put(element.toString(), new Counted(element));
            }
        }
        for (Model model : models()) {
            Coverage coverage = Coverage.of(model, jvms, cache);
            KernelProfile kernel = kernel(model);
            for (Counted each : counted.values()) {
                if (each.isReached(coverage, kernel)) {
                    (model.violates() == null ? each.holding : each.failing).add(model.name());
                }
            }
            done.accept(model.name());
        }
        probe(counted.values(), jvms, cache);
        try (MutantJvms replays = new MutantJvms()) {
            for (Counted each : counted.values()) {
                each.probeTraces(replays);
            }
        }
        return counted.values().stream().map(Counted::reached).collect(ImmutableList.toImmutableList());
    }

    /**
     * Probes what TLC's coverage does not show: the smallest model that must hold and reaches it is named; the models that
     * must fail are only asked if there is none.
     */
    private static void probe(Iterable<Counted> all, TlcJvms jvms, @Nullable Path cache)
            throws IOException, InterruptedException {
        List<Counted> hidden = new ArrayList<>();
        all.forEach(each -> {
            if (!each.shown) {
                each.unknown = false;
                hidden.add(each);
            }
        });
        Probes probes = new Probes(jvms, cache);
        List<Model> smallestFirst = new ArrayList<>(models());
        smallestFirst.sort(Comparator.comparing((Model m) -> m.violates() != null)
                .thenComparing(m -> m.violates() == null
                        ? m.states()
                        : Optional.ofNullable(m.statesWithout()).orElse(0L)));
        for (Model model : smallestFirst) {
            Coverage coverage = Coverage.of(model, jvms, cache);
            KernelProfile kernel = kernel(model);
            ImmutableSet<Probes.Site> sites = hidden.stream()
                    .filter(each -> each.holding.isEmpty())
                    .flatMap(each -> each.sites(coverage, kernel).stream())
                    .collect(ImmutableSet.toImmutableSet());
            if (!sites.isEmpty()) {
                Optional<ImmutableSet<Probes.Site>> reached = probes.reached(model, sites);
                for (Counted each : hidden) {
                    each.probed(model, each.sites(coverage, kernel), reached);
                }
            }
        }
    }

    /** The models that are measured. */
    public static ImmutableList<Model> models() {
        return Manifest.load().models().stream()
                .filter(m -> Coverage.canMeasure(m) && !m.name().startsWith("fault-"))
                .collect(ImmutableList.toImmutableList());
    }

    private static @Nullable KernelProfile kernel(Model model) throws IOException {
        Matcher named = KERNEL.matcher(new ModelCheck(model).configuration());
        return named.find() ? KernelProfile.of(named.group(1)) : null;
    }

    /** An element, and what reaches it. */
    private static final class Counted {
        private final Element element;
        private final List<Element> places = new ArrayList<>();
        private boolean shown;
        private boolean unknown = true;
        private @Nullable String trace;
        private final List<String> holding = new ArrayList<>();
        private final List<String> failing = new ArrayList<>();

        Counted(Element element) {
            this.element = element;
        }

        boolean isReached(Coverage coverage, @Nullable KernelProfile kernel) {
            if (element.kind() != Kind.SWITCH) {
                Optional<Long> count = coverage.shown(element.module(), element.place());
                // (Of an action whose reply another operator gives, a probe would show only that it is tried.)
                shown |= count.isPresent() || element.kind() == Kind.ACTION;
                return count.orElse(0L) > 0;
            }
            boolean evaluated = isOfKernel(kernel)
                    && places.stream()
                            .anyMatch(p -> coverage.count(p.module(), p.place()).orElse(0L) > 0);
            shown |= evaluated;
            return evaluated;
        }

        private boolean isOfKernel(@Nullable KernelProfile kernel) {
            return kernel != null
                    && ofSwitch(element)
                            .filter(s -> kernel.has(s) == value(element))
                            .isPresent();
        }

        /** The places that a model may evaluate: not those within a larger one that it does not. */
        List<Probes.Site> sites(Coverage coverage, @Nullable KernelProfile kernel) {
            if (element.kind() == Kind.SWITCH && !isOfKernel(kernel)) {
                return List.of();
            }
            return (element.kind() == Kind.SWITCH ? places : List.of(element))
                    .stream()
                            .filter(p -> coverage.counts().containsKey(p.module())
                                    && coverage.count(p.module(), p.place()).orElse(1L) > 0)
                            .map(p -> new Probes.Site(p.module(), p.place()))
                            .toList();
        }

        void probed(Model model, List<Probes.Site> sites, Optional<ImmutableSet<Probes.Site>> reached) {
            if (sites.isEmpty() || !holding.isEmpty()) {
                return;
            }
            if (reached.isEmpty()) {
                unknown = true;
            } else if (sites.stream().anyMatch(reached.get()::contains)) {
                (model.violates() == null ? holding : failing).add(model.name());
            }
        }

        void probeTraces(MutantJvms replays) throws IOException, InterruptedException {
            if (element.kind() == Kind.BRANCH && holding.isEmpty() && failing.isEmpty()) {
                trace = Probes.trace(replays, new Probes.Site(element.module(), element.place()))
                        .orElse(null);
            }
        }

        Reached reached() {
            return new Reached(
                    element,
                    shown || !unknown || !holding.isEmpty(),
                    ImmutableList.copyOf(holding),
                    ImmutableList.copyOf(failing),
                    trace);
        }
    }
}
