package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Trace;

/**
 * The result of a recipe's run between two simulated hosts.
 *
 * @param fails the properties that failed on the way
 * @param failsBeyondSteps those of them that failed by more than the time that passed between the VMM's steps
 * @param ended whether the recipe ran to its end
 * @param traces the trace of the source and, if the VM moved, that of the destination
 */
public record Simulation(
        ImmutableSet<Property> fails,
        ImmutableSet<Property> failsBeyondSteps,
        boolean ended,
        ImmutableList<Trace> traces) {}
