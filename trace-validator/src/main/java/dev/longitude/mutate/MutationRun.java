package dev.longitude.mutate;

import static dev.longitude.mutate.CheckHashes.MODEL;
import static dev.longitude.mutate.ModelIndex.isLong;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longitude.kernel.Arch;
import dev.longitude.model.ChangedSpecification;
import dev.longitude.model.Model;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Judged.Fate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Judges mutants, each by the checks that reach its operator, the cheapest first, until one catches it. Several threads may
 * use it.
 */
public final class MutationRun implements AutoCloseable {
    /** Far more than any default model takes. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    /** Of a run that has all mutants in it. */
    private static final Duration LONG_LIMIT = Duration.ofMinutes(10);

    private static final String INVALID = "Parsing or semantic analysis failed";

    private static final int LONGEST = 200;

    /** What a check found: the mutant is caught, or no specification. */
    private record Found(Fate fate, String by, String why) {}

    /** One check, or some; empty: it cannot tell the mutant from the specification. */
    private interface Check {
        Optional<Found> run() throws IOException, InterruptedException;
    }

    /** Checks that are sought only when those before have caught nothing. */
    private interface Stage {
        List<Check> checks() throws IOException, InterruptedException;
    }

    private final TlcJvms tlc = new TlcJvms(LIMIT);
    private final Optional<TlcJvms> comparing = TlcJvms.withOverrides(LONG_LIMIT);
    private final MutantJvms replays = new MutantJvms();
    private final Map<String, ModuleText> texts = new ConcurrentHashMap<>();
    private final Differences differences;
    private final ModelIndex index;
    private final ImmutableList<MatrixCells> cells;
    private final ImmutableMap<Arch, ImmutableSet<String>> ofCells;
    private final ImmutableList<Opening> openings;
    private final CheckHashes hashes = new CheckHashes();

    /** The names of the checks that caught mutants of an operator, by module and name. */
    private final Map<String, Set<String>> catchers = new ConcurrentHashMap<>();

    /** The keys of mutants that the traces of scenarios do not catch; the cache has them too, for each specification. */
    private final Set<String> passScenarios = ConcurrentHashMap.newKeySet();

    private final @Nullable Path passedFile;

    /**
     * Prepares a run. It measures which mutants can be told from the specification in a model or in cells when that is
     * first needed, unless it is in the cache.
     *
     * @param cache the folder of what was measured, or null
     */
    public MutationRun(@Nullable Path cache) throws IOException {
        differences = new Differences(comparing, Comparison.of(Mutants.all()), cache);
        index = ModelIndex.of(tlc, differences, cache);
        cells = MatrixCells.all();
        openings = Opening.all(cells);
        ofCells = ImmutableMap.of(
                Arch.X86, MatrixCells.operators(Arch.X86), Arch.ARM64, MatrixCells.operators(Arch.ARM64));
        passedFile = cache == null ? null : cache.resolve(specificationHash() + ".passed");
        if (passedFile != null && Files.exists(passedFile)) {
            passScenarios.addAll(Files.readAllLines(passedFile, UTF_8));
        }
    }

    /** Of all modules that are mutated. */
    private String specificationHash() throws IOException {
        Hasher all = Hashing.sha256().newHasher();
        for (MutatedModule module : MutatedModule.values()) {
            all.putString(String.join("\n", text(module.module()).lines()), UTF_8);
        }
        return all.hash().toString();
    }

    /** A hash of all that decides what becomes of a mutant; see {@link Judged#checks}. */
    public CheckHashes hashes() {
        return hashes;
    }

    /** Judges a mutant by the traces of scenarios alone, in some tenths of a second; empty: they do not catch it. */
    public Optional<Judged> judgeByScenarios(Mutant mutant) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        ImmutableSet<Arch> traces = traces(mutant);
        Optional<Found> found = traces.isEmpty() || passScenarios.contains(mutant.key())
                ? Optional.empty()
                : replay(Replays.Kind.SCENARIOS, mutant, mutated(mutant), traces);
        if (found.isEmpty()) {
            pass(mutant);
            return Optional.empty();
        }
        return Optional.of(judged(mutant, found.get(), begin));
    }

    private synchronized void pass(Mutant mutant) throws IOException {
        if (passScenarios.add(mutant.key()) && passedFile != null) {
            Files.createDirectories(passedFile.getParent());
            Files.writeString(passedFile, mutant.key() + "\n", UTF_8, CREATE, APPEND);
        }
    }

    /** The architectures whose traces can catch it. (Traces are judged by steps, not by properties.) */
    private ImmutableSet<Arch> traces(Mutant mutant) {
        return index.isOfPropertiesOnly(mutant)
                ? ImmutableSet.of()
                : MutatedModule.named(mutant.module()).ofTraces();
    }

    private String mutated(Mutant mutant) throws IOException {
        return text(mutant.module()).with(mutant.place(), mutant.after());
    }

    /**
     * Judges a mutant.
     *
     * @param seconds after so many no other check begins
     * @return empty if there were others, and none had caught it
     */
    public Optional<Judged> judge(Mutant mutant, double seconds) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        String text = mutated(mutant);
        ImmutableMap<String, String> replaced = ImmutableMap.of(mutant.module(), text);
        boolean ofProperties = index.isOfPropertiesOnly(mutant);
        ImmutableSet<Arch> traces = traces(mutant);
        boolean onlyFirst = ofProperties && mutant.weaker();
        ImmutableList<Model> known = index.named(catchers.getOrDefault(operator(mutant), Set.of()));
        ImmutableList<Stage> stages = ImmutableList.of(
                () -> traces.isEmpty() || passScenarios.contains(mutant.key())
                        ? List.of()
                        : List.of(() -> replay(Replays.Kind.SCENARIOS, mutant, text, traces)),
                // (They evaluate the operator: nothing need be measured.)
                () -> checks(mutant, known, replaced, onlyFirst),
                () -> traces.isEmpty() ? List.of() : lockstep(mutant, text),
                () -> checks(
                        mutant, others(mutant, known, model -> ofProperties || !isLong(model)), replaced, onlyFirst),
                () -> traces.isEmpty()
                        ? List.of()
                        : List.of(() -> replay(Replays.Kind.RECORDINGS, mutant, text, traces)),
                () -> checks(
                        mutant, others(mutant, known, model -> !ofProperties && isLong(model)), replaced, onlyFirst),
                () -> cells(mutant, text),
                () -> openings(mutant, replaced));
        for (Stage stage : stages) {
            for (Check check : stage.checks()) {
                if (since(begin) > seconds) {
                    return Optional.empty();
                }
                Optional<Found> found = check.run();
                if (found.isPresent()) {
                    return Optional.of(judged(mutant, found.get(), begin));
                }
            }
        }
        return Optional.of(judged(mutant, new Found(Fate.SURVIVES, "-", otherValues(mutant)), begin));
    }

    /** Where a survivor's expression has another value, which nothing notices. */
    private String otherValues(Mutant mutant) throws IOException, InterruptedException {
        if (!differences.compares(mutant)) {
            return "its values cannot be compared";
        }
        List<String> where = new ArrayList<>();
        for (Model model : index.models(mutant)) {
            if (index.mayDiffer(mutant, model)) {
                where.add(MODEL + model.name());
            }
        }
        for (MatrixCells some : cells) {
            if (evaluates(some, mutant) && some.mayDiffer(mutant, differences)) {
                where.add(some.toString());
            }
        }
        return where.isEmpty()
                ? "nowhere another value"
                : "another value in " + where.size() + ": " + String.join(", ", where);
    }

    private List<Check> lockstep(Mutant mutant, String text) throws IOException, InterruptedException {
        List<Check> checks = new ArrayList<>();
        for (Model model : suspected(mutant, index.lockstep(mutant), m -> MutantJvm.LOCKSTEP + m.name())) {
            checks.add(() -> found(replays.lockstep(model, mutant.module(), text)));
        }
        return checks;
    }

    private List<Model> others(Mutant mutant, List<Model> known, Predicate<Model> some) {
        return index.models(mutant).stream()
                .filter(some.and(model -> !known.contains(model)))
                .toList();
    }

    private List<Check> checks(
            Mutant mutant, List<Model> models, ImmutableMap<String, String> replaced, boolean onlyFirst) {
        return models.stream()
                .map(model -> (Check) () -> index.mayDiffer(mutant, model)
                        ? found(MODEL + model.name(), difference(model, replaced, onlyFirst))
                        : Optional.empty())
                .toList();
    }

    private boolean evaluates(MatrixCells of, Mutant mutant) {
        ImmutableSet<String> operators = ofCells.get(of.arch());
        return MutatedModule.named(mutant.module()).isOfRecipes(of.arch())
                && operators != null
                && operators.contains(mutant.operator());
    }

    private List<Check> cells(Mutant mutant, String text) {
        return suspected(mutant, cells, MatrixCells::toString).stream()
                .filter(of -> evaluates(of, mutant))
                .map(of -> (Check) () -> !differences.compares(mutant) || of.mayDiffer(mutant, differences)
                        ? found(of.toString(), of.difference(mutant, text, tlc))
                        : Optional.empty())
                .toList();
    }

    private List<Check> openings(Mutant mutant, ImmutableMap<String, String> replaced) {
        return suspected(mutant, openings, Opening::toString).stream()
                .filter(opening -> opening.shows(mutant))
                .map(opening -> (Check) () -> found(opening.toString(), opening.difference(tlc, replaced)))
                .toList();
    }

    /** (A model of few states takes a second: if it comes to no end in a minute, that is a difference.) */
    private Optional<String> difference(Model model, ImmutableMap<String, String> replaced, boolean onlyFirst)
            throws IOException, InterruptedException {
        try {
            return new ChangedSpecification(tlc, replaced).difference(model, onlyFirst);
        } catch (ChangedSpecification.NoEndException e) {
            return isLong(model) ? Optional.empty() : Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private Optional<Found> replay(Replays.Kind kind, Mutant mutant, String text, ImmutableSet<Arch> traces)
            throws InterruptedException {
        return found(replays.replay(kind, mutant.module(), text, traces));
    }

    private static Optional<Found> found(MutantJvms.Replayed replayed) {
        return switch (replayed.answer()) {
            case SURVIVES -> Optional.empty();
            case INVALID -> Optional.of(new Found(Fate.INVALID, "-", replayed.by()));
            case CAUGHT -> {
                int colon = replayed.by().indexOf(": ");
                yield Optional.of(new Found(
                        Fate.CAUGHT,
                        replayed.by().substring(0, colon),
                        replayed.by().substring(colon + 2)));
            }
        };
    }

    private static Optional<Found> found(String by, Optional<String> difference) {
        return difference.map(
                d -> d.contains(INVALID) ? new Found(Fate.INVALID, "-", d) : new Found(Fate.CAUGHT, by, d));
    }

    /** These checks, first those that caught another mutant of the operator. */
    private <T> List<T> suspected(Mutant mutant, List<T> checks, Function<T, String> name) {
        Set<String> names = catchers.getOrDefault(operator(mutant), Set.of());
        List<T> all = new ArrayList<>(checks);
        all.sort(Comparator.comparing(check -> !names.contains(name.apply(check))));
        return all;
    }

    /** Takes note of which check caught a mutant: others of its operator are judged by that check first. */
    public void note(Judged judged) {
        if (judged.fate() == Fate.CAUGHT) {
            catchers.computeIfAbsent(operator(judged.mutant()), o -> ConcurrentHashMap.newKeySet())
                    .add(judged.by());
        }
    }

    private static String operator(Mutant mutant) {
        return mutant.module() + " " + mutant.operator();
    }

    private ModuleText text(String module) throws IOException {
        ModuleText known = texts.get(module);
        if (known == null) {
            known = ModuleText.of(module);
            texts.put(module, known);
        }
        return known;
    }

    private static double since(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    private Judged judged(Mutant mutant, Found found, long begin) throws IOException {
        Judged judged = new Judged(
                mutant,
                found.fate,
                found.by,
                Ascii.truncate(Mutant.inOneLine(found.why), LONGEST, "..."),
                since(begin),
                hashes.of(found.by));
        note(judged);
        return judged;
    }

    @Override
    public void close() {
        replays.close();
        tlc.close();
        comparing.ifPresent(TlcJvms::close);
    }
}
