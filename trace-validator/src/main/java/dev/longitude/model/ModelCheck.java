package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.io.Resources;
import dev.longitude.kernel.KernelProfile;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs a model of the manifest, on the modules and the configuration in {@code spec/}. */
public final class ModelCheck {
    private static final Pattern CFG_INVARIANTS = Pattern.compile("(?m)^INVARIANTS?\\s+(.*)$");
    private static final Pattern CFG_SPECIFICATION = Pattern.compile("(?m)^SPECIFICATION\\s+(\\w+)$");
    private static final Pattern CFG_MERGING = Pattern.compile("(?m)^(VIEW|SYMMETRY)\\b");
    private static final Pattern CFG_KERNEL = Pattern.compile("(?m)^ *Kernel = \"([^\"]+)\"$");
    private static final Pattern CFG_WORD_BITS = Pattern.compile("(?m)^ *WordBits = (\\d+)$");
    private static final Pattern OF_LIVENESS = Pattern.compile("~>|<>|\\b[WS]F_");
    private static final Pattern DEFINITION =
            Pattern.compile("(?ms)^(\\w+)(?:\\([^)]*\\))? *==(.*?)(?=^\\s*$|^====|^\\w+(?:\\([^)]*\\))? *==)");
    private static final Pattern WORD = Pattern.compile("\\w+");
    private static final Pattern CFG_PROPERTY = Pattern.compile("(?m)^PROPERT(?:Y|IES)\\s+(\\w+)$");

    /** The internal invariants; every model checks these. */
    private static final ImmutableSet<String> INNER =
            ImmutableSet.of("TypeOK", "GenerationIsOneLine", "MasterClockFollows", "MasterClockIsOneLine");

    /** The difference if TLC has ended without a result, or not in time. */
    private static final String NO_END = "TLC did not come to an end";

    private final Model model;
    private final String config;

    /** A check of {@code model}, with the bundled configuration. */
    public ModelCheck(Model model) throws IOException {
        this(
                model,
                Resources.toString(
                        Resources.getResource(ModelCheck.class, "/spec/models/" + model.name() + ".cfg"), UTF_8));
    }

    /** A check of {@code model} with another configuration. */
    ModelCheck(Model model, String config) {
        this.model = model;
        this.config = config;
    }

    /**
     * The outcome.
     *
     * @param states distinct states, of all runs
     * @param fault the difference from the manifest, or null
     * @param violation what the unchanged configuration violates, or null if TLC found nothing or does not report it
     * @param counterexample the violating behaviour in TLC's words, if it was not expected; may be empty
     */
    public record Outcome(
            Model model,
            long states,
            @Nullable String fault,
            @Nullable Violation violation,
            ImmutableList<String> counterexample) {
        /** Whether the outcome agrees with the manifest. */
        public boolean passed() {
            return fault == null;
        }
    }

    /**
     * A violation.
     *
     * @param property the name of the violated property
     * @param behaviour a shortest one, unless the property is about liveness; without steps if the first state violates
     *     the property
     * @param isOfLastStep whether the last step violates it; otherwise it is about liveness
     * @param backTo for liveness: the number of the state, from 1, with which the behaviour goes on after its last one,
     *     again and again; 0 if it stops
     * @param states its states: the value of each variable in TLA+, by name
     * @param wordBits the bits of a word in the model; 0 if it has no words
     */
    public record Violation(
            String property,
            Behaviour behaviour,
            boolean isOfLastStep,
            int backTo,
            ImmutableList<ImmutableMap<String, String>> states,
            int wordBits) {
        /** What is to be shown, in words that need an end. */
        public String heading() {
            int steps = behaviour.steps().size();
            return (isOfLastStep ? "A shortest behaviour" : "A behaviour") + " that violates " + property + ", of "
                    + steps + (steps == 1 ? " step" : " steps");
        }

        /** A sentence on why it violates the property. */
        public String reason() {
            if (behaviour.steps().isEmpty()) {
                return "The first state makes " + property + " false.";
            }
            if (isOfLastStep) {
                return "The last step makes " + property + " false.";
            }
            String after = backTo == 0
                    ? "If nothing else happens"
                    : "If all that follows " + (backTo == 1 ? "the first state" : "step " + (backTo - 1))
                            + " happens again and again";
            return after + ", " + property + " is false.";
        }
    }

    /** The properties that the configuration names, as text: without the inner ones if there are others. */
    public String properties() {
        List<String> all =
                Stream.concat(invariants().stream(), property().stream()).toList();
        List<String> outer = all.stream().filter(p -> !INNER.contains(p)).toList();
        return String.join(" ", outer.isEmpty() ? all : outer);
    }

    /** Whether the configuration names the property. */
    public boolean checks(String name) {
        return invariants().contains(name) || property().contains(name);
    }

    /** The kernel that the configuration names; empty if the model has none. */
    public Optional<KernelProfile> kernel() {
        Matcher matcher = CFG_KERNEL.matcher(config);
        return matcher.find() ? KernelProfile.named(matcher.group(1)) : Optional.empty();
    }

    private List<String> invariants() {
        Matcher matcher = CFG_INVARIANTS.matcher(config);
        return matcher.find() ? List.of(matcher.group(1).strip().split("\\s+")) : List.of();
    }

    private List<String> property() {
        Matcher matcher = CFG_PROPERTY.matcher(config);
        return matcher.find() ? List.of(matcher.group(1)) : List.of();
    }

    /**
     * Runs the model, and once more without the violated property where one is expected, each time in a process of its
     * own.
     */
    public Outcome run() throws IOException, InterruptedException {
        return run(Optional.empty());
    }

    /**
     * The same, but a run in which everything must hold shares its JVM with others, if the model is small and TLC checks
     * no liveness. Such a run counts only if it ends without any error and with exactly the expected numbers. Otherwise
     * it is repeated in a process of its own, and only what that process says counts.
     */
    public Outcome run(TlcJvms jvms) throws IOException, InterruptedException {
        return run(Optional.of(jvms));
    }

    private Outcome run(Optional<TlcJvms> jvms) throws IOException, InterruptedException {
        String refused = refusedAsUnsound();
        if (refused != null) {
            return new Outcome(model, 0, refused, null, ImmutableList.of());
        }
        TlcOutput output = model.violates() == null ? holding(config, this::fault, jvms) : tlc(config);
        Violation violation = violation(output);
        String fault = fault(output);
        long states = Math.max(0, output.states());
        if (fault == null && model.violates() != null) {
            String violated = model.violates();
            if (!checks(violated)) {
                fault = "models/" + model.name() + ".cfg does not name " + violated;
            } else {
                TlcOutput rest = holding(without(violated), r -> faultOfRest(r, violated), jvms);
                states += rest.states();
                fault = faultOfRest(rest, violated);
                output = rest;
            }
        }
        return new Outcome(
                model, states, fault, violation, fault == null ? ImmutableList.of() : output.counterexample());
    }

    /**
     * What TLC reports of each place of the specification, in its words, where everything holds: a model that must fail
     * runs without the property. (TLC reports nothing of a temporal formula.)
     *
     * @throws IllegalStateException if the run does not come to its end
     */
    public ImmutableList<String> coverage(TlcJvms jvms) throws IOException, InterruptedException {
        TlcOutput output = holding(jvms, ImmutableMap.of(), "-coverage", "60")
                .orElseThrow(() -> new IllegalStateException(model.name() + ": " + NO_END));
        if (output.coverage().isEmpty() || trouble(output) != null || output.violated() != null) {
            throw new IllegalStateException(model.name() + ": TLC reports no coverage: " + output.trouble());
        }
        return output.coverage();
    }

    /** One run where everything must hold, with options of TLC's; empty if it came to no end. */
    public Optional<TlcOutput> holding(TlcJvms jvms, ImmutableMap<String, String> replaced, String... options)
            throws IOException, InterruptedException {
        String violated = model.violates();
        ImmutableList.Builder<String> all = ImmutableList.builder();
        all.addAll(Tlc.ONE_WORKER).add(options);
        return jvms.run(model.module(), replaced, violated == null ? config : without(violated), all.build());
    }

    /** Whether such a run came to its end, and found as many states as the manifest has. */
    public boolean isComplete(TlcOutput output) {
        return (model.violates() == null ? fault(output) : faultOfRest(output, model.violates())) == null;
    }

    /** The difference of a run of the unchanged configuration from the manifest; empty if there is none. */
    public Optional<String> difference(TlcOutput output) {
        return Optional.ofNullable(fault(output));
    }

    /** The configuration's text. */
    public String configuration() {
        return config;
    }

    /**
     * Why TLC's distributed mode cannot check the model, or null: it silently ignores liveness, and which of several
     * violations it finds is chance.
     */
    public @Nullable String refusedByDistributed() throws IOException {
        String liveness = liveness();
        if (liveness != null) {
            return liveness + " is about liveness, which TLC does not check in distributed mode";
        }
        return model.violates() == null
                ? null
                : "it must violate " + model.violates() + ", and what TLC finds first in distributed mode is chance";
    }

    /** The temporal formula of the configuration that is about liveness; null if none is. */
    private @Nullable String liveness() throws IOException {
        Matcher specification = CFG_SPECIFICATION.matcher(config);
        List<String> temporal = Stream.concat(
                        property().stream(), specification.results().map(m -> m.group(1)))
                .toList();
        for (String name : temporal) {
            if (isLiveness(name)) {
                return name;
            }
        }
        return null;
    }

    /**
     * Why TLC cannot be trusted with the model, or null: where it merges states, a cycle that it finds need not be one,
     * and it may miss cycles.
     */
    private @Nullable String refusedAsUnsound() throws IOException {
        Matcher merging = CFG_MERGING.matcher(config);
        String liveness = merging.find() ? liveness() : null;
        return liveness == null
                ? null
                : liveness + " is about liveness, which TLC gets wrong under " + merging.group(1);
    }

    /**
     * Whether a definition, or one that it builds on, contains liveness or fairness. (If several modules define a name,
     * any of them counts.)
     */
    private boolean isLiveness(String name) throws IOException {
        ImmutableListMultimap.Builder<String, String> definitions = ImmutableListMultimap.builder();
        for (String text : Tlc.modulesOf("EXTENDS " + model.module()).values()) {
            DEFINITION.matcher(text).results().forEach(d -> definitions.put(d.group(1), d.group(2)));
        }
        return isLiveness(name, definitions.build(), new HashSet<>());
    }

    private static boolean isLiveness(
            String name, ImmutableListMultimap<String, String> definitions, Set<String> seen) {
        return seen.add(name)
                && definitions.get(name).stream()
                        .anyMatch(body -> OF_LIVENESS.matcher(body).find()
                                || WORD.matcher(body)
                                        .results()
                                        .anyMatch(word -> isLiveness(word.group(), definitions, seen)));
    }

    /**
     * Runs the model in distributed mode.
     *
     * @throws IllegalArgumentException if that mode cannot check it
     */
    public Outcome run(DistributedTlc distributed) throws IOException, InterruptedException {
        String refused = refusedByDistributed();
        Preconditions.checkArgument(refused == null, "%s", refused);
        TlcOutput output = distributed.run(model.module(), config);
        // (There TLC does not report what is violated, shows the last two states, and exits with 0.)
        String fault = output.counterexample().isEmpty()
                ? faultOfDistributed(output)
                : "a property is violated; `longitude check --model " + model.name()
                        + "` shows which, and the behaviour. TLC's last states:";
        return new Outcome(model, output.states(), fault, null, output.counterexample());
    }

    /** (The depth is not compared: several workers searched.) */
    private @Nullable String faultOfDistributed(TlcOutput output) {
        String trouble = trouble(output);
        return trouble != null ? trouble : counts(output.states(), model.states(), model.depth());
    }

    /** What is not as the manifest has it, or null. */
    @Nullable
    String fault(TlcOutput output) {
        String trouble = trouble(output);
        if (trouble != null) {
            return trouble;
        }
        String violated = violated(output);
        if (model.violates() == null && violated != null) {
            return violated + " is violated" + (output.depth() < 0 ? "" : ", in " + output.depth() + " states");
        }
        if (model.violates() != null && !model.violates().equals(violated)) {
            return "must violate " + model.violates() + ", but "
                    + (violated == null ? "everything holds" : violated + " is violated");
        }
        // (Where liveness is violated, TLC reports no depth, and which behaviour it shows is chance. Where the first
        // state violates a property, it reports neither.)
        return counts(Math.max(0, output.states()), model.states(), Math.max(0, output.depth()));
    }

    /** The same of the run without the property that must be violated. */
    @Nullable
    String faultOfRest(TlcOutput rest, String without) {
        String trouble = trouble(rest);
        if (trouble != null) {
            return trouble;
        }
        String violated = violated(rest);
        if (violated != null) {
            return "must fail on exactly " + without + ", but violates " + violated + " too";
        }
        Long expected = model.statesWithout();
        return expected == null || rest.states() == expected
                ? null
                : "without " + without + ": " + rest.states() + " distinct states, expected " + expected;
    }

    private static @Nullable String trouble(TlcOutput output) {
        if (!output.trouble().isEmpty()) {
            return String.join(" / ", output.trouble()).replaceAll("\\s+", " ");
        }
        return output.finished() ? null : "TLC did not finish";
    }

    private @Nullable String counts(long states, long expected, int depth) {
        if (states != expected || depth != model.depth()) {
            return states + " distinct states and depth " + depth + ", expected " + expected + " and " + model.depth();
        }
        return null;
    }

    /** The name of the violated property: TLC names an invariant, but of a property only the place. */
    private @Nullable String violated(TlcOutput output) {
        String said = output.violated();
        if (said == null) {
            return null;
        }
        String name = said.replaceFirst("^(?:Invariant|Property) ", "");
        if (invariants().contains(name)) {
            return name;
        }
        return property().isEmpty() ? said : property().get(0);
    }

    private @Nullable Violation violation(TlcOutput output) throws IOException {
        String property = violated(output);
        return property == null
                ? null
                : new Violation(
                        property,
                        Behaviour.of(output.counterexample()),
                        !isLiveness(property),
                        output.backTo(),
                        Behaviour.states(output.counterexample()),
                        wordBits());
    }

    private int wordBits() {
        Matcher bits = CFG_WORD_BITS.matcher(config);
        return bits.find() ? Integer.parseInt(bits.group(1)) : 0;
    }

    /** The configuration without a property. */
    String without(String property) {
        String rest = config.replaceAll("(?m)^PROPERT(?:Y|IES)\\s+" + property + "$", "");
        Matcher line = CFG_INVARIANTS.matcher(rest);
        if (line.find()) {
            String kept = invariants().stream().filter(i -> !i.equals(property)).collect(Collectors.joining(" "));
            rest = line.replaceFirst("INVARIANTS " + kept);
        }
        return rest;
    }

    /** Whether a run in which everything must hold may share its JVM. */
    boolean mayShareJvm() throws IOException {
        return !model.large() && liveness() == null;
    }

    /**
     * A run in which everything must hold.
     *
     * @param fault what is wrong with an output, or null
     */
    private TlcOutput holding(String configuration, Function<TlcOutput, @Nullable String> fault, Optional<TlcJvms> jvms)
            throws IOException, InterruptedException {
        if (jvms.isPresent() && mayShareJvm()) {
            Optional<TlcOutput> shared = jvms.get().run(model.module(), configuration);
            if (shared.isPresent() && isClean(shared.get()) && fault.apply(shared.get()) == null) {
                return shared.get();
            }
        }
        return tlc(configuration);
    }

    private static boolean isClean(TlcOutput output) {
        return output.exitCode() == 0 && output.counterexample().isEmpty() && !output.temporal();
    }

    private TlcOutput tlc(String configuration) throws IOException, InterruptedException {
        return Tlc.run(model.module(), null, configuration, model.large() ? Tlc.Length.LONG : Tlc.Length.SHORT);
    }
}
