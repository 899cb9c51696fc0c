package dev.longitude.evaluator;

/**
 * What an action does from some place of its text on. It is run with the primed variables that are known there, tells the
 * frame of each state that it leads to, and leaves the primed variables as they were.
 */
@FunctionalInterface
interface Step {
    void run(Frame frame);
}
