package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The properties of a migration, as {@code spec/MigrationX86.tla} and {@code spec/MigrationArm64.tla} define them. */
public enum Property {
    /** Every step can be carried out. */
    COMPLETES("Completes", "a step fails, or returns too little; the guest does not come back"),
    /** No vCPU reads less than what any vCPU has read before. */
    MONOTONIC_ACROSS("MonotonicAcross", "time goes backwards for the guest"),
    /** The vCPUs' counters agree. */
    SAME_LINE("SameLine", "the vCPUs' counters differ"),
    /** The counter's rate is the guest's. */
    SAME_RATE("SameRate", "the guest's time drifts", Arch.X86),
    /** The TSC keeps to the policy. */
    TSC_CONTINUOUS("TscContinuous", "the TSC is not where the policy puts it", Arch.X86),
    /** kvmclock keeps to the policy. */
    CLOCK_CONTINUOUS("ClockContinuous", "kvmclock is not where the policy puts it", Arch.X86),
    /** The virtual counter keeps to the policy. */
    VIRTUAL_CONTINUOUS("VirtualContinuous", "the virtual counter is not where the policy puts it", Arch.ARM64),
    /** The physical counter keeps to the policy. */
    PHYSICAL_CONTINUOUS("PhysicalContinuous", "the physical counter is not where the policy puts it", Arch.ARM64),
    /** Both of the guest's clocks advance by the same amount. */
    CLOCKS_STAY_TOGETHER("ClocksStayTogether", "the guest's two clocks come apart"),
    /** Restoring once more changes nothing. */
    IDEMPOTENT_RESTORE("IdempotentRestore", "the result depends on how often the restore was tried"),
    /** A broadcast that has returned has reached every vCPU. */
    BROADCAST_COMPLETE("BroadcastComplete", "an offset has not reached every vCPU", Arch.ARM64),
    /** What the VMM saved and wrote is what the guest has. */
    RESTORE_TAKES_EFFECT("RestoreTakesEffect", "KVM reports success for a write that has no effect"),
    /** The masterclock is on once all vCPUs run. */
    MASTER_CLOCK_IS_ON("MasterClockIsOn", "the masterclock stays off: clocks are slow to read", Arch.X86),
    /** The guest sees that it was stopped. */
    STOPPED_IS_SHOWN("StoppedIsShown", "the guest does not see that it was stopped: watchdogs fire", Arch.X86),
    /** A timer that was restored fires when the guest's counter gets there. */
    TIMER_ON_TIME("TimerOnTime", "a timer of the guest comes too early, too late or never");

    private final String specName;
    private final String symptom;
    private final ImmutableSet<Arch> archs;

    Property(String specName, String symptom) {
        this(specName, symptom, Arch.X86, Arch.ARM64);
    }

    Property(String specName, String symptom, Arch... archs) {
        this.specName = specName;
        this.symptom = symptom;
        this.archs = ImmutableSet.copyOf(archs);
    }

    /** The name in the specification, recipes and reports. */
    public String specName() {
        return specName;
    }

    /** What a user sees if it fails. */
    public String symptom() {
        return symptom;
    }

    /** The properties of an architecture, in order. */
    public static ImmutableList<Property> of(Arch arch) {
        return Arrays.stream(values()).filter(p -> p.archs.contains(arch)).collect(ImmutableList.toImmutableList());
    }

    /** The property of that name, if there is one. */
    public static Optional<Property> named(String specName) {
        return Arrays.stream(values()).filter(p -> p.specName.equals(specName)).findFirst();
    }

    /** All names, for messages. */
    public static String names(Arch arch) {
        return of(arch).stream().map(Property::specName).collect(Collectors.joining(", "));
    }

    /**
     * Why the property means nothing there, if so: it would hold whatever the VMM did.
     *
     * @param recipe as the VMM runs it
     */
    public Optional<String> emptyFor(Recipe recipe, World world) {
        return switch (this) {
            case SAME_RATE ->
                unless(recipe.moves() && world.changesRate(), "the counter has the same rate all the time");
            case IDEMPOTENT_RESTORE, RESTORE_TAKES_EFFECT, BROADCAST_COMPLETE ->
                unless(recipe.restores(StepKind::writesClock), "the restore writes no clock");
            case TIMER_ON_TIME ->
                unless(
                        recipe.restores(v -> v == StepKind.WRITE_TSC_DEADLINE
                                || v == StepKind.SET_VTIMER_CVAL
                                || v == StepKind.SET_PTIMER_CVAL),
                        "the restore arms no timer");
            default -> Optional.empty();
        };
    }

    /**
     * Whether it says how far a clock is off. The specification then also judges whether it is off by no more than the
     * time that passed between two steps. The others are false whatever the distance.
     */
    public boolean isDistance() {
        return switch (this) {
            case TSC_CONTINUOUS,
                    CLOCK_CONTINUOUS,
                    VIRTUAL_CONTINUOUS,
                    PHYSICAL_CONTINUOUS,
                    CLOCKS_STAY_TOGETHER,
                    IDEMPOTENT_RESTORE -> true;
            default -> false;
        };
    }

    private static Optional<String> unless(boolean applies, String why) {
        return applies ? Optional.empty() : Optional.of(why);
    }

    @Override
    public String toString() {
        return specName;
    }
}
