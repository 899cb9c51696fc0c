package dev.longitude.gallery;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the gallery: a known fault, and what finds it.
 *
 * @param id {@code G} with the number of a fault of a kernel, a series or a VMM; {@code F} for a report from the field
 * @param happened what happened, in our own words
 * @param versions what has the fault
 * @param commit the commit or patch that ended it
 * @param fix how to end it, or what a VMM can do
 * @param kernel a kernel that has it
 * @param switches the switches in which that kernel has the fault: with them flipped it has not
 * @param outOfReach for each place in which nothing finds it: why
 */
public record Fault(
        @JsonProperty(required = true) String id,
        @JsonProperty(required = true) String title,
        @JsonProperty(required = true) String arch,
        @JsonProperty(required = true) String happened,
        @JsonProperty(required = true) String versions,
        @JsonProperty(required = true) String commit,
        @JsonProperty(required = true) String fix,
        @JsonProperty(required = true) String kernel,
        @JsonProperty(required = true) List<String> switches,
        @Nullable List<FailingModel> models,
        @Nullable List<PlayedScenario> scenarios,
        @Nullable List<RefusedTrace> traces,
        @Nullable List<FailingCell> cells,
        @Nullable Map<Leg, String> outOfReach) {
    /** As a reason: that of the place before. */
    private static final String LIKEWISE = "likewise";

    /** Checks the names, and takes a list that is left out for an empty one. */
    public Fault {
        Preconditions.checkArgument(Arch.named(arch).isPresent(), "%s: unknown architecture %s", id, arch);
        Preconditions.checkArgument(KernelProfile.named(kernel).isPresent(), "%s: unknown kernel %s", id, kernel);
        for (String name : switches) {
            Preconditions.checkArgument(
                    Arrays.stream(Switch.values()).anyMatch(s -> s.specName().equals(name)),
                    "%s: unknown switch %s",
                    id,
                    name);
        }
        switches = ImmutableList.copyOf(switches);
        models = models == null ? ImmutableList.of() : ImmutableList.copyOf(models);
        scenarios = scenarios == null ? ImmutableList.of() : ImmutableList.copyOf(scenarios);
        traces = traces == null ? ImmutableList.of() : ImmutableList.copyOf(traces);
        cells = cells == null ? ImmutableList.of() : ImmutableList.copyOf(cells);
        outOfReach = outOfReach == null ? ImmutableMap.of() : ImmutableMap.copyOf(outOfReach);
    }

    /**
     * A model that must fail.
     *
     * @param holds the model that shows that the fault is gone
     * @param noCure why there is none
     * @param other the switch by which the two models' kernels differ, if it is none of the fault's
     */
    public record FailingModel(
            @JsonProperty(required = true) String fails,
            @Nullable String holds,
            @Nullable String noCure,
            @Nullable String other) {}

    /**
     * A scenario of the reference implementation.
     *
     * @param loses the property that it does not keep; null: only its traces with and without the fault differ
     * @param keptOn the kernel on which it keeps the property; null: the one with the switches flipped
     * @param keptBy the scenario that keeps it, on the same kernel; null: the same scenario
     * @param noCure why nothing keeps it
     */
    public record PlayedScenario(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) long seed,
            @JsonProperty(required = true) int vcpus,
            @Nullable String loses,
            @Nullable String keptOn,
            @Nullable String keptBy,
            @Nullable String noCure) {}

    /**
     * A trace that a kernel without the fault refuses: that of a scenario, or a bundled recording.
     *
     * @param refusedUnder that kernel; null: the one with the switches flipped, or the one that the recordings' index names
     */
    public record RefusedTrace(
            @Nullable String scenario,
            @Nullable Long seed,
            @Nullable Integer vcpus,
            @Nullable String recording,
            @Nullable String refusedUnder) {}

    /**
     * A cell of the matrix that is a failure on the kernel that has the fault.
     *
     * @param holdsOn the kernel on which the same cell holds
     * @param holdsFor the recipe for which it holds, on the same kernel
     * @param noCure why neither does
     */
    public record FailingCell(
            @JsonProperty(required = true) String recipe,
            @JsonProperty(required = true) String world,
            @JsonProperty(required = true) String property,
            @Nullable String holdsOn,
            @Nullable String holdsFor,
            @Nullable String noCure) {}

    /** Whether anything finds it. */
    public boolean isInReach() {
        return Stream.of(Leg.values()).anyMatch(this::isCaughtIn);
    }

    /** Whether something finds it there. */
    public boolean isCaughtIn(Leg leg) {
        List<?> those = switch (leg) {
            case SPECIFICATION -> models();
            case IMPLEMENTATION -> scenarios();
            case TRACE -> traces();
            case RECIPE -> cells();
        };
        return !those.isEmpty();
    }

    /** Why nothing finds it there; empty if something does. */
    public String reason(Leg leg) {
        String reason = "";
        for (Leg one : Leg.values()) {
            String given = outOfReach().getOrDefault(one, "");
            reason = given.equals(LIKEWISE) ? reason : given;
            if (one == leg) {
                return reason;
            }
        }
        return reason;
    }

    @Override
    public List<FailingModel> models() {
        return models == null ? ImmutableList.of() : models;
    }

    @Override
    public List<PlayedScenario> scenarios() {
        return scenarios == null ? ImmutableList.of() : scenarios;
    }

    @Override
    public List<RefusedTrace> traces() {
        return traces == null ? ImmutableList.of() : traces;
    }

    @Override
    public List<FailingCell> cells() {
        return cells == null ? ImmutableList.of() : cells;
    }

    @Override
    public Map<Leg, String> outOfReach() {
        return outOfReach == null ? ImmutableMap.of() : outOfReach;
    }

    /** The kernel that has it. */
    public KernelProfile profile() {
        return KernelProfile.of(kernel);
    }

    /** The switches, as the reference implementation has them. */
    public ImmutableList<Switch> kernelSwitches() {
        return Arrays.stream(Switch.values())
                .filter(s -> switches.contains(s.specName()))
                .collect(ImmutableList.toImmutableList());
    }

    /** The same kernel without the fault: with the switches flipped. */
    public KernelProfile healed() {
        KernelProfile healed = profile();
        for (Switch one : kernelSwitches()) {
            healed = healed.flipped(one);
        }
        return healed;
    }

    /** Since when, or where, it is gone: from the switches' own table; empty if it is no matter of a kernel's switches. */
    public ImmutableList<String> gone() {
        return kernelSwitches().stream()
                .map(s -> s.specName() + ": " + s.versions())
                .collect(ImmutableList.toImmutableList());
    }
}
