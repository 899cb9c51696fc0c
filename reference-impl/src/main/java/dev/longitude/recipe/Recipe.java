package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.migration.Policy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a VMM does to save a guest and to restore it.
 *
 * @param name short, for the command line; a file's name without {@code .yaml}
 * @param about a description in one line
 * @param sources where the VMM's code is
 * @param policy what the guest's counters do over the blackout
 * @param worlds the circumstances in which it is judged
 * @param moves whether the VMM restores into a new VM on another host; otherwise the VM continues where it was
 * @param blocks all of it, from boot until the guest runs again
 * @param claims the published claims about it
 */
public record Recipe(
        String name,
        String about,
        ImmutableList<String> sources,
        Arch arch,
        Policy policy,
        ImmutableList<World> worlds,
        boolean moves,
        ImmutableList<Block> blocks,
        ImmutableList<Claim> claims) {

    /** All steps. */
    public Stream<Step> steps() {
        return blocks.stream().flatMap(block -> block.steps().stream());
    }

    /** Whether it has such a step after the blackout. */
    public boolean restores(Predicate<StepKind> such) {
        return steps().dropWhile(s -> s.kind() != StepKind.BLACKOUT).anyMatch(s -> such.test(s.kind()));
    }

    /** Whether it depends on the CLOCK_REALTIME of two hosts. */
    public boolean goesByWallClocks() {
        return moves
                && steps().anyMatch(s -> s.kind() == StepKind.READ_REALTIME
                        || s.kind() == StepKind.READ_INSTANT
                        || (s.args().get("flags") instanceof Expression.Literal n
                                && (n.value() & KvmAbi.CLOCK_REALTIME) != 0)
                        || (s.args().get("flags") != null && !(s.args().get("flags") instanceof Expression.Literal)));
    }

    /**
     * The fields saved by a step that later steps use.
     *
     * @param as the step's name for what it saves
     */
    public ImmutableSet<String> fieldsUsedOf(String as) {
        Set<String> used = new HashSet<>();
        steps().forEach(step -> step.args().forEach((arg, value) -> {
            // Where the VMM passes flags back unchanged, it passes realtime back too.
            if (!(arg.equals("realtime") && !(step.arg("flags") instanceof Expression.Literal))) {
                value.forEachSaved(s -> {
                    if (s.name().startsWith(as + ".")) {
                        used.add(s.name().substring(as.length() + 1));
                    }
                });
            }
        }));
        return ImmutableSet.copyOf(used);
    }

    /** Why a kernel cannot run the recipe, if it cannot. */
    public Optional<String> unfitFor(KernelProfile kernel) {
        return steps().filter(s -> isDoneOn(s, kernel))
                .flatMap(s -> lacks(s, kernel).stream())
                .findFirst()
                .or(() -> unsavedOn(kernel));
    }

    /** A value that is used although the VMM leaves out the step that saves it. */
    private Optional<String> unsavedOn(KernelProfile kernel) {
        Set<String> saved = new HashSet<>();
        List<String> unsaved = new ArrayList<>();
        steps().filter(s -> isDoneOn(s, kernel)).forEach(step -> {
            step.args()
                    .values()
                    .forEach(e -> e.forEachSaved(s -> {
                        if (!saved.contains(s.name())) {
                            unsaved.add(step.kind() + " uses '" + s.name() + "', which is not saved on " + kernel);
                        }
                    }));
            String as = step.as();
            if (as != null) {
                step.kind().results().forEach(field -> saved.add(field.isEmpty() ? as : as + "." + field));
            }
        });
        return unsaved.stream().findFirst();
    }

    /** The recipe as the VMM runs it on a kernel: without the steps that it leaves out. */
    public Recipe in(World world, KernelProfile kernel) {
        return new Recipe(
                name,
                about,
                sources,
                arch,
                policy,
                worlds,
                moves,
                blocks.stream()
                        .map(b -> new Block(
                                b.how(),
                                b.steps().stream()
                                        .filter(s ->
                                                isDoneOn(s, kernel) && (world == World.OTHER_RATE || !s.unlessNear()))
                                        .collect(ImmutableList.toImmutableList())))
                        .filter(b -> !b.steps().isEmpty())
                        .collect(ImmutableList.toImmutableList()),
                claims);
    }

    private static boolean isDoneOn(Step step, KernelProfile kernel) {
        StepKind with = step.ifHas();
        StepKind without = step.unlessHas();
        return (with == null || with.isOn(kernel)) && (without == null || !without.isOn(kernel));
    }

    private Optional<String> lacks(Step step, KernelProfile kernel) {
        if (!step.kind().isOn(kernel)) {
            return Optional.of(kernel + " does not have " + step.kind());
        }
        if (kernel.has(Switch.CLOCK_REALTIME) || arch != Arch.X86) {
            return Optional.empty();
        }
        String as = step.as();
        if (step.kind() == StepKind.GET_CLOCK && as != null) {
            ImmutableSet<String> used = fieldsUsedOf(as);
            if (used.contains("hostTsc") || (used.contains("realtime") && !step.fills())) {
                return Optional.of("GetClock of " + kernel + " returns neither realtime nor hostTsc");
            }
        }
        if (step.args().get("flags") instanceof Expression.Literal flags && flags.value() != 0) {
            return Optional.of("SetClock of " + kernel + " takes no flags");
        }
        return Optional.empty();
    }
}
