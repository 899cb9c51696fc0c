package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Iterables;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The search for the smallest change of one recipe under which one property holds in one case: all single changes, then
 * pairs. Simulated runs refute most candidates; TLC judges the rest. A change that breaks nothing is preferred to a
 * smaller one that does.
 */
final class Search {
    /** How many candidates are judged together; of those that are equally small, the one that fixes most is taken. */
    private static final int BATCH = 8;

    /** How many candidates a chunk of simulated runs has. */
    private static final int CHUNK = 512;

    /** Of the single changes that fix the property and break another, how many are tried with a second one first. */
    private static final int BASES = 60;

    /** Of each other property that fails, how many changes that fix it are combined with those of the others. */
    private static final int PARTS = 5;

    private final Candidates candidates;
    private final ImmutableList<Judgement> before;
    private final CandidateJudge judge;
    private final Simulations simulations;
    private final Bounds bounds;
    private final Consumer<String> progress;

    private final Property property;
    private final Case target;
    private final ImmutableSet<Property> held;
    private final ImmutableSet<Property> failing;
    private final @Nullable Remedy known;
    private final List<Remedy> harmful = new ArrayList<>();
    private int pairs;
    private int judged;
    private boolean bounded;

    /**
     * A search.
     *
     * @param candidates the changed recipes
     * @param before the judgements of the recipe in all cases that were asked
     * @param target a case in which the property fails
     * @param known a change that fixes the property and breaks nothing, found for another property: only smaller ones
     *     are of interest
     */
    Search(
            Candidates candidates,
            ImmutableList<Judgement> before,
            CandidateJudge judge,
            Simulations simulations,
            Bounds bounds,
            Consumer<String> progress,
            Property property,
            Case target,
            @Nullable Remedy known) {
        this.candidates = candidates;
        this.before = before;
        this.judge = judge;
        this.simulations = simulations;
        this.bounds = bounds;
        this.progress = progress;
        this.property = property;
        this.target = target;
        this.known = known;
        this.held = properties(v -> v.says().isHolding());
        this.failing = properties(Verdict::isFailure);
    }

    private ImmutableSet<Property> properties(Predicate<Verdict> such) {
        return before.stream()
                .filter(j -> j.of().equals(target))
                .flatMap(j -> j.verdicts().entrySet().stream())
                .filter(e -> such.test(e.getValue()))
                .map(Map.Entry::getKey)
                .collect(ImmutableSet.toImmutableSet());
    }

    Tried tried() {
        return new Tried(candidates.singles().size(), pairs, judged, bounded);
    }

    /** The smallest change that was found. */
    Optional<Remedy> find() throws IOException, InterruptedException {
        List<Survivor> survivors = survivors(candidates.singles(), false);
        Optional<Remedy> clean = cleanOf(survivors);
        if (clean.isEmpty() && known == null) {
            clean = pairs(survivors);
        }
        if (clean.isPresent()) {
            return clean;
        }
        if (known != null) {
            return Optional.of(known);
        }
        return leastHarm(survivors);
    }

    /** A candidate of which no run shows that the property fails; {@code harm}: what runs show it to break. */
    private record Survivor(Candidate candidate, ImmutableSet<Property> harm) {
        Property worst() {
            return harm.stream().min(Importance.ORDER).orElseThrow();
        }
    }

    private boolean isOfInterest(Candidate candidate) {
        return (known == null
                        || Remedy.SIZE.compare(
                                        candidate.change(), known.candidate().change())
                                < 0)
                && candidate.recipe().unfitFor(target.kernel()).isEmpty()
                && property.emptyFor(candidate.recipe().on(target.kernel()), target.world())
                        .isEmpty();
    }

    private List<Survivor> survivors(List<Candidate> those, boolean clean) {
        return those.parallelStream()
                .filter(this::isOfInterest)
                .flatMap(c -> simulations.harm(property, c, target, held, clean).stream()
                        .map(harm -> new Survivor(c, harm)))
                .toList();
    }

    /** The first one under which the property holds and nothing breaks, by TLC. */
    private Optional<Remedy> cleanOf(List<Survivor> survivors) throws IOException, InterruptedException {
        List<Survivor> clean = survivors.stream().filter(s -> s.harm.isEmpty()).toList();
        for (List<Survivor> batch : Iterables.partition(clean, BATCH)) {
            List<Remedy> found = judged(batch);
            Optional<Remedy> best = found.stream()
                    .filter(r -> r.effects().areClean())
                    .min(Comparator.comparing((Remedy r) -> r.candidate().change(), Remedy.SIZE)
                            .thenComparing(r -> -r.effects().fixed().size()));
            if (best.isPresent()) {
                return best;
            }
            harmful.addAll(found);
        }
        return Optional.empty();
    }

    /** Those under which the property holds, by TLC, with their effects. */
    private List<Remedy> judged(List<Survivor> batch) throws IOException, InterruptedException {
        List<Case> cases = batch.stream()
                .map(s -> new Case(s.candidate.recipe(), target.world(), target.kernel()))
                .toList();
        progress.accept(property + ": TLC judges " + cases.size() + " candidates");
        List<Optional<Judgement>> judgements = judge.judge(cases);
        judged += cases.size();
        List<Remedy> found = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            boolean holds = judgements
                    .get(i)
                    .map(j -> j.verdicts().get(property))
                    .filter(v -> v.says().isHolding())
                    .isPresent();
            if (holds) {
                Candidate candidate = batch.get(i).candidate;
                Effects effects = Effects.of(
                        candidate.recipe(),
                        before,
                        judge.judge(before.stream()
                                .map(j -> new Case(candidate.recipe(), j.of().world(), j.of().kernel()))
                                .toList()));
                if (!effects.breakMoreThan(property)) {
                    found.add(new Remedy(candidate, effects));
                }
            }
        }
        return found;
    }

    /**
     * Two changes, the smallest: each of which fixes another property, or of which the second mends what the first
     * breaks, or others, the cheapest first.
     */
    private Optional<Remedy> pairs(List<Survivor> survivors) throws IOException, InterruptedException {
        long end = bounds.seconds() == 0 ? Long.MAX_VALUE : System.nanoTime() + bounds.seconds() * 1_000_000_000L;
        List<Candidate> bases = survivors.stream()
                .filter(s -> !s.harm.isEmpty())
                .sorted(Comparator.comparing((Survivor s) -> s.harm.size()))
                .map(Survivor::candidate)
                .toList();
        bounded = bases.size() > BASES || !candidates.areAllPairs();
        Optional<Remedy> best = cleanOf(survivors(candidates.combined(parts()), true));
        best = smaller(best, candidates.after(bases.subList(0, Math.min(BASES, bases.size()))), end);
        return smaller(best, candidates.pairs(), end);
    }

    /** The smallest changes of which no run shows that another property fails, or that they break anything. */
    private ImmutableList<Candidate> parts() {
        return failing.stream()
                .filter(p -> p != property)
                .flatMap(p -> candidates.singles().stream()
                        .filter(c -> c.recipe().unfitFor(target.kernel()).isEmpty())
                        .filter(c -> simulations.harm(p, c, target, held, true).isPresent())
                        .limit(PARTS))
                .distinct()
                .collect(ImmutableList.toImmutableList());
    }

    /** A remedy, or a smaller one from among others. */
    private Optional<Remedy> smaller(Optional<Remedy> known, ImmutableList<Candidate> others, long end)
            throws IOException, InterruptedException {
        Optional<Remedy> found = pairs(
                others.stream()
                        .filter(c -> known.filter(k -> Remedy.SIZE.compare(
                                                c.change(), k.candidate().change())
                                        >= 0)
                                .isEmpty())
                        .collect(ImmutableList.toImmutableList()),
                end);
        return found.isPresent() ? found : known;
    }

    private Optional<Remedy> pairs(ImmutableList<Candidate> all, long end) throws IOException, InterruptedException {
        for (List<Candidate> part : Iterables.partition(all, CHUNK)) {
            if (System.nanoTime() > end) {
                bounded = true;
                return Optional.empty();
            }
            pairs += part.size();
            progress.accept(property + ": " + pairs + " candidates with two changes");
            Optional<Remedy> found = cleanOf(survivors(part, true));
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** Of the single changes that break something, the one with the least harm. */
    private Optional<Remedy> leastHarm(List<Survivor> survivors) throws IOException, InterruptedException {
        List<Survivor> acceptable = survivors.stream()
                .filter(s -> !s.harm.isEmpty() && !Importance.isMore(s.worst(), property))
                .sorted(Comparator.comparing(Survivor::worst, Importance.ORDER.reversed())
                        .thenComparing(s -> s.harm.size())
                        .thenComparing(s -> s.candidate.change(), Change.CHEAPEST))
                .toList();
        for (List<Survivor> batch : Iterables.partition(acceptable, BATCH)) {
            List<Remedy> found = judged(batch);
            harmful.addAll(found);
            if (!found.isEmpty()) {
                break;
            }
        }
        return harmful.stream()
                .min(Comparator.comparing(Remedy::effects, Effects.LEAST_HARM)
                        .thenComparing(r -> r.candidate().change(), Change.CHEAPEST));
    }
}
