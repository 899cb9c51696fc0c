package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import dev.longitude.trace.TraceFormatException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The recipe that a recording carries out, or a recording of the source and one of the destination.
 *
 * @param text the recipe's file
 * @param unknown what of it could not be found out; the recipe lacks it
 * @param others the other restores of the recording, each as one line
 */
public record RecordedRecipe(String text, ImmutableList<String> unknown, ImmutableList<String> others) {
    /** A restore: where the numbers were saved, and where they were set back. */
    private record Pair(Stop save, Stop restore, int matches) {
        boolean isOneStop() {
            return save.equals(restore);
        }
    }

    /**
     * Finds it.
     *
     * @param source the recording with the save
     * @param destination the recording with the restore; the same if it has both
     * @param line a line of the restore that is meant; null: the last one
     * @throws TraceFormatException if the recordings have no restore
     */
    public static RecordedRecipe of(VmmLog source, VmmLog destination, @Nullable Integer line)
            throws TraceFormatException {
        ImmutableList<Stop> saves = Stops.of(source.operations());
        boolean same = source.equals(destination);
        ImmutableList<Stop> restores = same ? saves : Stops.of(destination.operations());
        List<Pair> pairs = new ArrayList<>();
        for (Stop restore : restores) {
            if ((restore.resumes() && restore.isOfAll()) || Restore.isWhileRunning(restore)) {
                pair(same ? before(saves, restore) : saves, restore).ifPresent(pairs::add);
            }
        }
        List<Pair> meant = pairs.stream()
                .filter(p -> line == null || p.restore.hasLine(line))
                .collect(Collectors.toList());
        if (meant.isEmpty()) {
            throw new TraceFormatException(
                    destination.file().toString(),
                    line == null
                            ? "no restore: nothing is set, or read and resumed, before a vCPU runs"
                            : "no restore has line " + line + "; there are " + describe(pairs));
        }
        Pair chosen = meant.stream()
                .filter(p -> p.matches > 0)
                .reduce((one, next) -> next)
                .orElseGet(() -> meant.get(meant.size() - 1));
        boolean stays = same && chosen.save.vm() == chosen.restore.vm();
        Restore restore = Restore.of(restores, chosen.save, chosen.restore, stays);
        ImmutableList<String> others = pairs.stream()
                .filter(p -> !p.equals(chosen) && !restore.stops().contains(p.restore))
                .map(RecordedRecipe::describe)
                .collect(ImmutableList.toImmutableList());
        return new RecipeText(source, destination, others).of(chosen.save, restore, boot(saves, chosen, stays));
    }

    private static String describe(List<Pair> pairs) {
        return pairs.stream().map(RecordedRecipe::describe).collect(Collectors.joining(", "));
    }

    private static String describe(Pair pair) {
        return Restore.lines(pair.restore) + (pair.isOneStop() ? "" : " (saved from line " + first(pair.save) + " on)");
    }

    private static VmmOperation last(List<VmmOperation> runs) {
        return runs.get(runs.size() - 1);
    }

    private static int first(Stop stop) {
        return stop.operations().findFirst().orElseGet(() -> stop.runs().get(0)).line();
    }

    /** In the order of time: of another VM those that began before. */
    private static List<Stop> before(List<Stop> stops, Stop restore) {
        long begins = restore.operations().findFirst().map(VmmOperation::before).orElse(0L);
        return stops.stream()
                .filter(s -> s.equals(restore)
                        || s.operations().findFirst().map(VmmOperation::before).orElse(Long.MAX_VALUE) < begins)
                .collect(Collectors.toList());
    }

    /** The boot of a VM that stays, as far as KVM remembers what its VMM wrote then. */
    private static Optional<Stop> boot(List<Stop> stops, Pair pair, boolean stays) {
        return stays && pair.restore.has(o -> o.is(Kind.WRITE_TSC))
                ? stops.stream()
                        .filter(s -> s.vm() == pair.save.vm() && s.isFirst())
                        .filter(s -> s.has(o -> o.is(Kind.WRITE_TSC)))
                        .findFirst()
                : Optional.empty();
    }

    private static Optional<Pair> pair(List<Stop> saves, Stop restore) {
        Set<Long> written = restore.operations()
                .filter(o -> o.kind().writes() && !o.failed())
                .flatMap(RecordedRecipe::numbers)
                .collect(Collectors.toCollection(HashSet::new));
        Pair best = null;
        for (Stop save : saves) {
            if (save.has(o -> o.kind().saves()) && !(save.equals(restore) && restore.isFirst())) {
                int matches = (int) save.operations()
                        .filter(o -> o.kind().saves())
                        .flatMap(RecordedRecipe::numbers)
                        .distinct()
                        .filter(written::contains)
                        .count();
                if (best == null || matches >= best.matches) {
                    best = new Pair(save, restore, matches);
                }
            }
        }
        if (best != null && best.matches == 0) {
            // Nothing that was saved comes back as it is: it may, with something added, or nothing is set at all.
            boolean sets = restore.restoresCounter() || restore.has(o -> o.is(Kind.SET_CLOCK));
            boolean pauses = !restore.isFirst() && restore.has(o -> o.kind().saves() || o.is(Kind.KVMCLOCK_CTRL));
            return sets && (restore.isFirst() || best.save.equals(restore))
                    ? Optional.of(best)
                    : pauses ? Optional.of(new Pair(restore, restore, 0)) : Optional.empty();
        }
        return Optional.ofNullable(best);
    }

    private static Stream<Long> numbers(VmmOperation operation) {
        return Stream.of("value", "offset", "clock")
                .map(operation::value)
                .filter(Objects::nonNull)
                .filter(n -> n < 0 || n > 15);
    }

    /** The vCPUs that a VM has until the end of a stop. */
    static Set<Integer> vcpus(List<VmmOperation> operations, Stop stop) {
        long end = stop.runs().isEmpty()
                ? stop.operations()
                        .reduce((a, b) -> b)
                        .map(VmmOperation::before)
                        .orElse(Long.MAX_VALUE)
                : last(stop.runs()).before();
        return operations.stream()
                .filter(o -> o.vm() == stop.vm() && o.vcpu() >= 0 && o.before() <= end)
                .filter(o -> !(o.is(Kind.CREATE_VCPU) && o.failed()))
                .map(VmmOperation::vcpu)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
