package dev.longitude.validator;

import com.google.common.collect.ImmutableList;

/**
 * How much of a trace's behaviour is known: what was observed, and what follows from it.
 *
 * @param instants that the trace left open and that what was observed made exact
 * @param instantsOpen that stayed open and matter: both ends of the interval were tried
 * @param args arguments that the trace left out and that follow from what was observed
 * @param argsOpen that may still be several things, or that were guessed
 * @param silentSteps steps that no line tells of, in the behaviour that has the fewest
 * @param variables variables of the states after the last events
 * @param variablesOpen those of them that are not the same in all states that are possible there
 */
public record Determined(
        long instants,
        long instantsOpen,
        long args,
        long argsOpen,
        long silentSteps,
        int variables,
        ImmutableList<String> variablesOpen) {}
