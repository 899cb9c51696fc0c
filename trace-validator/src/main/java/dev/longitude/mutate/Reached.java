package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Element.Kind;
import dev.longitude.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which default models reach an element.
 *
 * @param element the element
 * @param shown whether TLC's coverage shows it at all: it does not show what it inlines
 * @param holding the models that must hold
 * @param failing the models that must fail, run without what they must fail on
 */
public record Reached(Element element, boolean shown, ImmutableList<String> holding, ImmutableList<String> failing) {
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

    /**
     * What is wrong with where an element is said to be checked: a model must reach it and a scenario must perform it, if
     * one is named. Empty if nothing is.
     */
    public Optional<String> fault(String where) {
        if (where.startsWith("model ")) {
            String name = where.substring("model ".length());
            return failing.contains(name) ? Optional.empty() : Optional.of("model " + name + " does not reach it");
        }
        if (!where.startsWith("scenario ")) {
            return Optional.empty();
        }
        String name = where.substring("scenario ".length());
        boolean performs = Scenario.named(name)
                .map(s -> KernelProfile.showing(s.arch()).stream()
                        .anyMatch(kernel -> s.play(kernel, VCPUS, 1).events().stream()
                                .anyMatch(e -> e.operation().specName().equals(element.name()))))
                .orElse(false);
        return performs ? Optional.empty() : Optional.of("scenario " + name + " does not perform it");
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
        return counted.values().stream().map(Counted::reached).collect(ImmutableList.toImmutableList());
    }

    /** The models that are measured. */
    public static ImmutableList<Model> models() {
        return Manifest.load().models().stream()
                .filter(m -> !m.large() && !m.name().startsWith("fault-"))
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
        private final List<String> holding = new ArrayList<>();
        private final List<String> failing = new ArrayList<>();

        Counted(Element element) {
            this.element = element;
        }

        boolean isReached(Coverage coverage, @Nullable KernelProfile kernel) {
            if (element.kind() != Kind.SWITCH) {
                Optional<Long> count = coverage.shown(element.module(), element.place());
                // (An action or a property that no model names is not shown either.)
                shown |= count.isPresent() || element.kind() != Kind.BRANCH;
                return count.orElse(0L) > 0;
            }
            shown = true;
            String name = element.name().replaceFirst(" = .*", "");
            boolean value = element.name().endsWith("true");
            return kernel != null
                    && Arrays.stream(Switch.values()).anyMatch(s -> s.specName().equals(name) && kernel.has(s) == value)
                    && places.stream()
                            .anyMatch(p -> coverage.count(p.module(), p.place()).orElse(0L) > 0);
        }

        Reached reached() {
            return new Reached(element, shown, ImmutableList.copyOf(holding), ImmutableList.copyOf(failing));
        }
    }
}
