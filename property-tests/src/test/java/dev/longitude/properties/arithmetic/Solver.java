package dev.longitude.properties.arithmetic;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;

/** Finds values for which a fact holds, or shows that there are none. */
interface Solver {
    /** What a solver knows of a fact. */
    enum Answer {
        /** There are values for which it holds. */
        SATISFIABLE,
        /** There are none. */
        UNSATISFIABLE,
        /** It gave up. */
        UNKNOWN
    }

    /**
     * Whether there are values for which the fact holds.
     *
     * @param values the values, if there are some
     */
    record Result(Answer answer, Map<String, BigInteger> values) {}

    Result solve(Fact fact);

    /** Values for which the claim fails, if it is false. */
    default Optional<Map<String, BigInteger>> counterexample(Fact claim) {
        Result result = solve(claim.not());
        return switch (result.answer()) {
            case SATISFIABLE -> Optional.of(result.values());
            case UNSATISFIABLE -> Optional.empty();
            case UNKNOWN -> throw new AssertionError("the solver gave up");
        };
    }
}
