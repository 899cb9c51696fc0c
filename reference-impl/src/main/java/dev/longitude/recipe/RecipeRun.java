package dev.longitude.recipe;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.migration.Policy;
import dev.longitude.trace.Trace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs a recipe between two simulated hosts, with the numbers of real ones, and checks the guest's clocks throughout. A
 * seed decides everything: the hosts' counters, rates and clocks, how long steps take, where the VMM is preempted, how
 * the threads of a parallel block interleave, and whether the VMM restores twice. The same seed gives the same run.
 */
final class RecipeRun {
    private static final long SECOND = 1_000_000_000L;

    /** kvmclock's page and the host's clock drift apart by a few parts in 10^10; no run lasts more than an hour. */
    private static final long TOLERANCE_NS = 10_000;

    private static final ImmutableSet<StepKind> ONLY_ONCE =
            ImmutableSet.of(StepKind.CREATE_VCPU, StepKind.SET_VM_TSC_KHZ, StepKind.WAIT, StepKind.WRITE_SYSTEM_TIME);

    /** The guest's clocks when it left a vCPU. */
    private record Stopped(long now, long counter, @Nullable Long clock) {}

    private final Recipe recipe;
    private final World world;
    private final KernelProfile kernel;
    private final Preemption preemption;
    private final int preemptions;
    private final long seed;
    private final boolean showsState;
    private final SplittableRandom random;
    private final WorldSample sample;
    private final int vcpus;
    private final ImmutableList<ImmutableSet<Integer>> vcpusOfBlocks;
    private final int workAt;
    private final int blackoutAt;
    private final int runAt;

    /** The rate of the source's counter and of the guest's, kHz. */
    private final int guestKhz;

    private final List<Trace> traces = new ArrayList<>();
    private final SavedValues saved;
    private final Map<Integer, Stopped> stopped = new HashMap<>();
    private final Set<Property> fails = EnumSet.noneOf(Property.class);
    private final Set<Property> failsBeyondSteps = EnumSet.noneOf(Property.class);
    private SimulatedHost machine;
    private long now;
    private long blackout;

    /** The time that passed between the VMM's steps, ns. */
    private long lost;

    private @Nullable Long resumed;
    private @Nullable Long seenCounter;
    private @Nullable Long seenClock;
    private @Nullable ImmutableMap<String, Long> madeBefore;
    private boolean restored;

    /** Whether the run ended at a step that is not modelled. */
    private boolean unmodelled;

    private long shortLeft = 950_000_000;

    /** How many more preemption points the VMM passes before its next preemption. */
    private final List<Integer> preemptAt = new ArrayList<>();

    private int places;

    /** A run of a recipe as its kernel carries it out. */
    RecipeRun(
            Recipe recipe,
            World world,
            KernelProfile kernel,
            boolean showsState,
            Preemption preemption,
            int preemptions,
            long seed) {
        this.recipe = recipe;
        this.world = world;
        this.kernel = kernel;
        this.preemption = preemption;
        this.preemptions = preemptions;
        this.seed = seed;
        this.showsState = showsState;
        this.random = new SplittableRandom(seed);
        this.sample = new WorldSample(this.recipe, world, random);
        this.vcpus = this.recipe.vcpus(random.nextInt(2, 5));
        this.vcpusOfBlocks = this.recipe.vcpusOfBlocks(vcpus);
        this.workAt = indexOf(StepKind.WORK, 0);
        this.blackoutAt = indexOf(StepKind.BLACKOUT, 0);
        this.runAt = indexOf(StepKind.ENTER_GUEST, blackoutAt);
        this.guestKhz = recipe.arch() == Arch.X86
                ? random.nextInt(1_000_000, 4_000_000)
                : new int[] {24_000, 62_500, 1_000_000}[random.nextInt(3)];
        this.saved = new SavedValues(guestKhz);
        if (preemption == Preemption.SHORT || preemption == Preemption.LONG) {
            int most = placesFrom(timedFrom());
            for (int i = 0; i < preemptions; i++) {
                preemptAt.add(random.nextInt(most));
            }
        }
        this.machine = machine(guestKhz, 0, null);
    }

    /** The block from which on the VMM's steps take time. */
    private int timedFrom() {
        return recipe.bootsItself() ? 0 : workAt + 1;
    }

    /** How many steps the VMM may be preempted before, if it restores twice. */
    private int placesFrom(int block) {
        int places = 0;
        for (int i = block; i < recipe.blocks().size(); i++) {
            Block one = recipe.blocks().get(i);
            places += one.steps().size() * vcpusOfBlocks.get(i).size() * (i > blackoutAt && i < runAt ? 2 : 1);
        }
        return places;
    }

    private int indexOf(StepKind kind, int from) {
        for (int i = from; i < recipe.blocks().size(); i++) {
            if (recipe.blocks().get(i).steps().stream().anyMatch(s -> s.kind() == kind)) {
                return i;
            }
        }
        throw new IllegalArgumentException(recipe.name() + " has no " + kind);
    }

    /** Runs it. */
    Simulation play() {
        boolean ended = true;
        int at = 0;
        while (at < recipe.blocks().size()) {
            if (at == runAt) {
                ImmutableMap<String, Long> made = machine.made();
                ImmutableMap<String, Long> before = madeBefore;
                if (before != null) {
                    fail(e -> same(before, made, e), Property.IDEMPOTENT_RESTORE);
                } else if (random.nextBoolean()) {
                    madeBefore = made;
                    at = blackoutAt + 1;
                    continue;
                }
            }
            if (!carryOut(recipe.blocks().get(at), at)) {
                ended = false;
                break;
            }
            at++;
        }
        if (ended) {
            look(true);
        } else if (!unmodelled) {
            fail(Property.COMPLETES);
        }
        traces.add(machine.trace());
        return new Simulation(
                ImmutableSet.copyOf(fails), ImmutableSet.copyOf(failsBeyondSteps), ended, ImmutableList.copyOf(traces));
    }

    /** Whether two restores had the same result, up to rounding and an error in ns. */
    private boolean same(Map<String, Long> before, Map<String, Long> after, long error) {
        long by = SimulatedHost.cycles(tolerance() + error, guestKhz);
        return before.keySet().equals(after.keySet())
                && before.entrySet().stream()
                        .allMatch(e -> near(e.getValue(), requireNonNull(after.get(e.getKey())), by));
    }

    /**
     * KVM gives the guest a rate in whole kHz. Where it differs from the host's, the guest's clocks drift apart by a
     * millionth.
     */
    private long tolerance() {
        return TOLERANCE_NS + (world.changesRate() ? now / 1_000_000 : 0);
    }

    private static boolean near(long a, long b, long by) {
        return a - b <= by && b - a <= by;
    }

    private boolean carryOut(Block block, int at) {
        ImmutableList<Integer> actors = vcpusOfBlocks.get(at).asList();
        int[] done = new int[actors.size()];
        int left = actors.size() * block.steps().size();
        int turn = 0;
        while (left > 0) {
            if (block.how() == Block.How.IN_PARALLEL) {
                turn = random.nextInt(actors.size());
            }
            if (done[turn] == block.steps().size()) {
                turn = (turn + 1) % actors.size();
                continue;
            }
            if (!carryOut(block.steps().get(done[turn]), actors.get(turn), at)) {
                return false;
            }
            done[turn]++;
            left--;
        }
        return true;
    }

    private boolean carryOut(Step step, int vcpu, int at) {
        if (madeBefore != null && at < runAt && ONLY_ONCE.contains(step.kind())) {
            return true;
        }
        if (step.unlessNear() && machine.isNearEnough(guestKhz)) {
            return true;
        }
        if (at >= timedFrom()) {
            preempt();
        }
        return done(step, vcpu);
    }

    private boolean done(Step step, int vcpu) {
        switch (step.kind()) {
            case WORK -> pass(sample.uptime());
            case WAIT -> {
                long ns = sample.waiting();
                blackout += ns;
                pass(ns);
            }
            case BLACKOUT -> {
                long ns = sample.blackout();
                blackout += ns;
                restored = true;
                if (recipe.moves()) {
                    now += ns;
                    traces.add(machine.trace());
                    long counter = machine.hostCounter();
                    machine = machine(
                            sample.destinationKhz(guestKhz),
                            sample.skew(ns),
                            world == World.SAME_HOST ? counter + SimulatedHost.cycles(ns, guestKhz) : null);
                } else {
                    machine.stepRealtime(sample.skew(ns));
                    pass(ns);
                }
            }
            case COMPUTE -> saved.put(requireNonNull(step.as()), vcpu, eval(step.arg("value"), vcpu));
            case READ_REALTIME -> saved.put(requireNonNull(step.as()), vcpu, machine.hostRealtime());
            case READ_HOST_COUNTER -> saved.put(requireNonNull(step.as()), vcpu, machine.hostCounter());
            case READ_INSTANT -> {
                saved.put(step.as() + ".counter", vcpu, machine.hostCounter());
                saved.put(step.as() + ".realtime", vcpu, machine.hostRealtime());
            }
            default -> {
                return byKvm(step, vcpu);
            }
        }
        look(false);
        return true;
    }

    private boolean byKvm(Step step, int vcpu) {
        if (step.kind() == StepKind.EXIT_GUEST) {
            stopped.put(vcpu, new Stopped(now, machine.counter(vcpu), machine.clock(vcpu)));
        }
        if (step.kind() == StepKind.CREATE_VCPU && !machine.canCreateVcpu()) {
            unmodelled = true;
            return false;
        }
        SimulatedHost.Reply reply = machine.carryOut(step, vcpu, e -> eval(e, vcpu));
        if (step.kind() == StepKind.ENTER_GUEST && restored && resumed == null) {
            resumed = now;
        }
        String as = step.as();
        if (as != null) {
            reply.results().forEach((field, value) -> saved.put(field.isEmpty() ? as : as + "." + field, vcpu, value));
        }
        look(false);
        return (reply.errno() == 0 || step.mayFail()) && isGiven(step);
    }

    /** Whether KVM_GET_CLOCK returned what the recipe needs. */
    private boolean isGiven(Step step) {
        if (step.kind() != StepKind.GET_CLOCK) {
            return true;
        }
        String as = requireNonNull(step.as());
        long flags = saved.get(as + ".flags", 0);
        Set<String> needs = recipe.fieldsUsedOf(as);
        return (!needs.contains("hostTsc") || (flags & 8) != 0)
                && (!needs.contains("realtime") || step.fills() || (flags & 4) != 0);
    }

    private long eval(Expression e, int vcpu) {
        return saved.eval(e, vcpu, machine::scaled);
    }

    // Time.

    private long between(long least, long most) {
        return random.nextLong(least, most);
    }

    private void pass(long ns) {
        now += ns;
        machine.advance(ns);
    }

    /** Here time may pass between two steps: short preemptions last less than a second together. */
    private void preempt() {
        int place = places++;
        long ns = 0;
        if (preemption == Preemption.STEPS) {
            ns = between(TOLERANCE_NS, 200 * TOLERANCE_NS);
        } else if (preemptAt.contains(place)) {
            if (preemption == Preemption.LONG) {
                ns = between(SECOND * 11 / 10, 60 * SECOND);
            } else {
                ns = Math.min(between(SECOND / 1_000_000, 1L << random.nextInt(11, 31)), shortLeft);
                shortLeft -= ns;
            }
        }
        if (ns > 0) {
            lost += ns;
            pass(ns);
            look(false);
        }
    }

    /** The time between two steps. */
    private void preemptInKvm() {
        if (now > 0) {
            preempt();
        }
    }

    private SimulatedHost machine(int khz, long skew, @Nullable Long counter) {
        String origin = "reference implementation, recipe " + recipe.name() + " in the world " + world
                + ", VMM preempted: " + preemption + ", at most " + preemptions + " times, seed " + seed
                + (restored ? ", destination" : ", source");
        return recipe.arch() == Arch.X86
                ? new SimulatedX86Host(
                        kernel,
                        khz,
                        guestKhz,
                        world == World.OTHER_RATE,
                        now,
                        skew,
                        counter,
                        vcpus,
                        seenClock,
                        this::preemptInKvm,
                        origin,
                        random,
                        showsState)
                : new SimulatedArm64Host(kernel, khz, now, skew, counter, vcpus, origin, random, showsState);
    }

    // What the guest sees, and whether it may.

    private void fail(Property property) {
        fail(e -> false, property);
    }

    /** Notes a failure. holds: whether the property holds up to an error, ns. */
    private void fail(LongPredicate holds, Property property) {
        if (Property.of(recipe.arch()).contains(property) && !holds.test(0)) {
            fails.add(property);
            if (!property.isDistance() || !holds.test(lost)) {
                failsBeyondSteps.add(property);
            }
        }
    }

    private void look(boolean over) {
        Set<Integer> executing = machine.executing();
        boolean x86 = recipe.arch() == Arch.X86;
        Long latestCounter = seenCounter;
        Long latestClock = seenClock;
        for (int vcpu : executing) {
            long counter = machine.counter(vcpu);
            Long clock = machine.clock(vcpu);
            if (restored) {
                if (latestCounter != null
                        && SimulatedHost.ns(counter - latestCounter, guestKhz)
                                < (world.changesRate() ? -tolerance() : 0)) {
                    fail(Property.MONOTONIC_ACROSS);
                }
                if (clock != null && latestClock != null && clock - latestClock < -tolerance()) {
                    fail(Property.MONOTONIC_ACROSS);
                }
                Stopped left = stopped.get(vcpu);
                if (left != null) {
                    long moved = SimulatedHost.ns(counter - left.counter, guestKhz);
                    fail(
                            e -> keepsPolicy(moved, left.now, e),
                            x86 ? Property.TSC_CONTINUOUS : Property.VIRTUAL_CONTINUOUS);
                    Long before = left.clock;
                    if (clock != null && before != null) {
                        fail(
                                e -> keepsPolicy(clock - before, left.now, e),
                                x86 ? Property.CLOCK_CONTINUOUS : Property.PHYSICAL_CONTINUOUS);
                        fail(e -> near(moved, clock - before, tolerance() + e), Property.CLOCKS_STAY_TOGETHER);
                    }
                }
            }
            if (seenCounter == null || counter - seenCounter > 0) {
                seenCounter = counter;
            }
            if (clock != null && (seenClock == null || clock - seenClock > 0)) {
                seenClock = clock;
            }
        }
        if (executing.stream().map(machine::line).distinct().count() > 1) {
            fail(Property.SAME_LINE);
        }
        machine.falseNow(restored, over).forEach(this::fail);
    }

    private boolean keepsPolicy(long moved, long stop, long error) {
        long elapsed = now - stop;
        long by = tolerance() + error;
        if (recipe.policy() == Policy.ADVANCE) {
            return near(moved, elapsed, by + (recipe.goesByWallClocks() ? WorldSample.WALL_CLOCK_BOUND_NS : 0));
        }
        long ran = resumed == null ? 0 : now - resumed;
        return moved >= ran - by && moved <= elapsed - blackout + by;
    }
}
