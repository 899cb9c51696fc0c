package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Trace;

/**
 * What a recipe's run between two simulated hosts came to.
 *
 * @param fails the properties that failed on the way
 * @param ended whether the recipe came to its end
 * @param traces what happened on the source and, if the VM moved, on the destination
 */
public record Simulation(ImmutableSet<Property> fails, boolean ended, ImmutableList<Trace> traces) {}
