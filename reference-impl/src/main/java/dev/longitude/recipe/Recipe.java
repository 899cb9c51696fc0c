package dev.longitude.recipe;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.SetMultimap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.migration.Policy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a VMM does to save a guest and to restore it.
 *
 * @param name short, for the command line; a file's name without {@code .yaml}
 * @param about a description in one line
 * @param sources where the VMM's code is
 * @param policy what the guest's counters do over the blackout
 * @param excludes the worlds in which it is not to be judged, each with the author's reason
 * @param moves whether the VMM restores into a new VM on another host; otherwise the VM continues where it was
 * @param bootsItself whether its file describes the boot; otherwise the VMM only creates the vCPUs
 * @param blocks all of it, from boot until the guest runs again
 * @param claims the published claims about it
 * @param unknown what the VMM does besides and the file cannot say; no verdict is certain if there is anything
 */
public record Recipe(
        String name,
        String about,
        ImmutableList<String> sources,
        Arch arch,
        Policy policy,
        ImmutableMap<World, String> excludes,
        boolean moves,
        boolean bootsItself,
        ImmutableList<Block> blocks,
        ImmutableList<Claim> claims,
        ImmutableList<String> unknown) {
    /** With how many vCPUs a recipe is judged that creates all at once; more are saved and restored like the second. */
    private static final int FEWEST_VCPUS = 2;

    /** All steps. */
    public Stream<Step> steps() {
        return blocks.stream().flatMap(block -> block.steps().stream());
    }

    /** Whether it has such a step after the blackout. */
    public boolean restores(Predicate<StepKind> such) {
        return steps().dropWhile(s -> s.kind() != StepKind.BLACKOUT).anyMatch(s -> such.test(s.kind()));
    }

    /** The worlds in which it is judged: all that can show something of their own and are not excluded. */
    public ImmutableList<World> worlds() {
        ImmutableMap<World, String> not = notJudged();
        return Arrays.stream(World.values()).filter(w -> !not.containsKey(w)).collect(ImmutableList.toImmutableList());
    }

    /** The worlds in which it is not judged, each with the reason. */
    public ImmutableMap<World, String> notJudged() {
        ImmutableMap.Builder<World, String> not = ImmutableMap.builder();
        for (World world : World.values()) {
            String excluded = excludes.get(world);
            if (excluded != null) {
                not.put(world, "the recipe excludes it: " + excluded);
            } else {
                world.sameAsUsualFor(this).ifPresent(why -> not.put(world, why));
            }
        }
        return not.buildOrThrow();
    }

    /** Whether it depends on the CLOCK_REALTIME of two hosts. */
    public boolean goesByWallClocks() {
        return moves && usesRealtime();
    }

    /** Whether the VMM, or KVM on its behalf, uses CLOCK_REALTIME. */
    boolean usesRealtime() {
        return steps().anyMatch(s -> s.kind() == StepKind.READ_REALTIME
                || s.kind() == StepKind.READ_INSTANT
                || usesOf(s, "realtime")
                || (s.args().get("flags") instanceof Expression.Literal n && (n.value() & KvmAbi.CLOCK_REALTIME) != 0)
                || (s.args().get("flags") != null && !(s.args().get("flags") instanceof Expression.Literal)));
    }

    /** Whether the VMM uses a value of a host's counter, or an offset from it. */
    boolean usesHostCounter() {
        return steps().anyMatch(s -> s.kind().usesHostCounter() || usesOf(s, "hostTsc"));
    }

    /** Whether later steps use a field that a step saves. */
    private boolean usesOf(Step step, String field) {
        String as = step.as();
        return as != null
                && step.kind().results().contains(field)
                && fieldsUsedOf(as).contains(field);
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
                .or(() -> on(kernel).unsaved().map(u -> u + " on " + kernel));
    }

    /** A value that is used for a vCPU for which no step has saved it before; empty if there is none. */
    Optional<String> unsaved() {
        List<ImmutableSet<Integer>> vcpusOfBlocks = vcpusOfBlocks(vcpus(FEWEST_VCPUS));
        SetMultimap<String, Integer> saved = HashMultimap.create();
        List<String> unsaved = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            ImmutableSet<Integer> vcpus = vcpusOfBlocks.get(i);
            ImmutableSetMultimap<String, Integer> before = ImmutableSetMultimap.copyOf(saved);
            for (Step step : block.steps()) {
                for (int vcpu : vcpus) {
                    step.args()
                            .values()
                            .forEach(e -> e.forEachSaved(s -> {
                                int of = Objects.requireNonNullElse(s.vcpu(), vcpu);
                                // In parallel a vCPU's step does not wait for another vCPU's.
                                boolean waits = block.how() != Block.How.IN_PARALLEL || of == vcpu;
                                if (!(waits ? saved : before).containsEntry(s.name(), of)) {
                                    unsaved.add(step.kind() + " uses '" + s.name() + "', which is not saved"
                                            + (of == 0 ? "" : " for vCPU " + of));
                                }
                            }));
                }
                String as = step.as();
                if (as != null) {
                    step.kind()
                            .results()
                            .forEach(field -> saved.putAll(field.isEmpty() ? as : as + "." + field, vcpus));
                }
            }
        }
        return unsaved.stream().findFirst();
    }

    /** The recipe as the VMM runs it on a kernel: without the steps that it leaves out. */
    public Recipe on(KernelProfile kernel) {
        return new Recipe(
                name,
                about,
                sources,
                arch,
                policy,
                excludes,
                moves,
                bootsItself,
                blocks.stream()
                        .map(b -> new Block(
                                b.how(),
                                b.steps().stream()
                                        .filter(s -> isDoneOn(s, kernel))
                                        .collect(ImmutableList.toImmutableList())))
                        .filter(b -> !b.steps().isEmpty())
                        .collect(ImmutableList.toImmutableList()),
                claims,
                unknown);
    }

    /**
     * The number of vCPUs: as many as the boot creates.
     *
     * @param all the number where it creates all of them
     */
    public int vcpus(int all) {
        int single = 0;
        for (Block block : blocks) {
            if (block.creates()) {
                if (block.how() != Block.How.ONCE) {
                    return Math.max(all, single + 1);
                }
                single++;
            } else if (block.steps().get(0).kind() == StepKind.BLACKOUT) {
                break;
            }
        }
        return single;
    }

    /**
     * Of each block the vCPUs whose steps it holds; for an operation on the VM, and for a step of a single vCPU, 0.
     *
     * @param vcpus the number of vCPUs
     */
    public ImmutableList<ImmutableSet<Integer>> vcpusOfBlocks(int vcpus) {
        ImmutableList.Builder<ImmutableSet<Integer>> all = ImmutableList.builder();
        int created = 0;
        Set<Integer> running = new TreeSet<>();
        for (Block block : blocks) {
            StepKind first = block.steps().get(0).kind();
            Set<Integer> idle = range(0, created);
            idle.removeAll(running);
            Set<Integer> these;
            if (block.creates()) {
                int until = block.how() == Block.How.ONCE ? created + 1 : vcpus;
                these = range(created, until);
                created = until;
            } else if (first == StepKind.EXIT_GUEST) {
                these = new TreeSet<>(running);
                running.clear();
            } else if (block.how() == Block.How.ONCE) {
                these = range(0, 1);
                created = first == StepKind.BLACKOUT && moves ? 0 : created;
            } else {
                these = idle;
                if (first == StepKind.ENTER_GUEST) {
                    running.addAll(idle);
                }
            }
            all.add(ImmutableSet.copyOf(these));
        }
        return all.build();
    }

    private static Set<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().collect(Collectors.toCollection(TreeSet::new));
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
