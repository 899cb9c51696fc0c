package dev.longitude.properties;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * Operations in real threads, so many times each: their results must be those of some order of them, which Lincheck
 * looks for. {@code -Dlongitude.schedules=N} runs each scenario N times.
 */
public final class Schedules {
    private static final int EACH = Integer.getInteger("longitude.schedules", 100);

    /** Long enough for another thread to be scheduled. */
    private static final long PAUSE_NS = 20_000;

    private Schedules() {}

    /** Lets other threads run at a place where a lock matters, so that a lock that is missing shows soon. */
    public static void pause() {
        LockSupport.parkNanos(PAUSE_NS);
    }

    /** A step of a thread: an operation, by the name of its method, with arguments. */
    public record Step(String operation, List<Object> args) {
        /** A step. */
        public static Step of(String operation, Object... args) {
            return new Step(operation, List.of(args));
        }
    }

    /**
     * Runs the scenarios.
     *
     * @param tested its methods with {@code @Operation} are the operations, that with {@code @Validate} checks the end
     * @param scenarios each: for each thread its steps
     * @throws org.jetbrains.lincheck.LincheckAssertionError if a result is that of no order, or the check fails
     */
    @SafeVarargs
    public static void check(Class<?> tested, List<List<Step>>... scenarios) {
        StressOptions options = new StressOptions().iterations(0).invocationsPerIteration(EACH);
        for (List<List<Step>> threads : scenarios) {
            options.addCustomScenario(new ExecutionScenario(
                    List.of(),
                    threads.stream()
                            .map(steps ->
                                    steps.stream().map(s -> actor(tested, s)).toList())
                            .toList(),
                    List.of(),
                    null));
        }
        options.check(tested);
    }

    private static Actor actor(Class<?> tested, Step step) {
        Method method = Arrays.stream(tested.getMethods())
                .filter(m -> m.getName().equals(step.operation))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(tested + " has no " + step.operation));
        return new Actor(method, step.args, false, false, false, false, false);
    }

    /** A lock that locks nothing: what a test that needs a lock must notice. */
    public static final class NoLock implements Lock {
        @Override
        public void lock() {}

        @Override
        public void unlock() {}

        @Override
        public void lockInterruptibly() {}

        @Override
        public boolean tryLock() {
            return true;
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) {
            return true;
        }

        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException("nobody waits for it");
        }
    }
}
