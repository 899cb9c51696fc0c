package dev.longitude.lockstep;

import dev.longitude.evaluator.State;

/**
 * A state of the specification and the machine that is in it.
 *
 * @param number of the pair, from 0 in the order in which they were found
 */
record Pair(int number, State state, Machine machine) {}
