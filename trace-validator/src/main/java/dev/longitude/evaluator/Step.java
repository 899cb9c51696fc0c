package dev.longitude.evaluator;

/**
 * The continuation of an action from some place in its text. It runs with the primed variables that are assigned there,
 * adds each state that it leads to to the frame, and assigns more of them: a step that continues in several ways restores
 * them before each.
 */
@FunctionalInterface
interface Step {
    void run(Frame frame);
}
