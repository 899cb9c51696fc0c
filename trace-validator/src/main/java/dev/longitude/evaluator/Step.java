package dev.longitude.evaluator;

/**
 * The continuation of an action from some place in its text. It runs with the primed variables that are assigned there,
 * adds each state that it leads to to the frame, and leaves the primed variables as they were.
 */
@FunctionalInterface
interface Step {
    void run(Frame frame);
}
