package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One path through an evaluation that branches on unknowns. Where a question can have both answers, the way takes one,
 * and another way takes the other. The evaluation runs once for each way; the ways' assumptions on the unknowns are
 * disjoint and together exhaustive.
 *
 * <p>The evaluation must be repeatable: with the same answers it asks the same questions and makes the same unknowns.
 */
public final class Way {
    private static final ThreadLocal<@Nullable Way> CURRENT = new ThreadLocal<>();

    /** The assumptions of this way have no solution. */
    public static final class DeadEnd extends RuntimeException {
        private static final long serialVersionUID = 1;

        public DeadEnd() {
            super("this way has no solution", null, false, false);
        }
    }

    /** The value of an evaluation on one way, and the constraints on the unknowns there. */
    public record Outcome<T extends @Nullable Object>(T value, Store store) {}

    /**
     * All ways.
     *
     * @param deadEnds stores without a solution: of ways that ended there, and of impossible answers
     * @param complete false if there were more ways than the limit
     */
    public record Exploration<T extends @Nullable Object>(
            ImmutableList<Outcome<T>> outcomes, ImmutableList<Store> deadEnds, boolean complete) {}

    private final Store store;
    private final boolean[] given;
    private boolean[] taken;
    private int decisions;
    private final Deque<boolean[]> others;
    private final ImmutableList.Builder<Store> deadEnds;

    private Way(Store store, boolean[] given, Deque<boolean[]> others, ImmutableList.Builder<Store> deadEnds) {
        this.store = store;
        this.given = given;
        this.taken = Arrays.copyOf(given, given.length + 8);
        this.others = others;
        this.deadEnds = deadEnds;
    }

    /**
     * Runs an evaluation on each way.
     *
     * @param from the constraints before; it is not changed
     * @param mostWays how often the evaluation may run, at least 1
     */
    public static <T extends @Nullable Object> Exploration<T> explore(
            Store from, int mostWays, Supplier<T> evaluation) {
        return explore(from, mostWays, evaluation, outcomes -> false);
    }

    /**
     * Runs an evaluation on each way until enough is known.
     *
     * @param from the constraints before; it is not changed
     * @param mostWays how often the evaluation may run, at least 1
     * @param enough whether these outcomes are enough
     */
    public static <T extends @Nullable Object> Exploration<T> explore(
            Store from, int mostWays, Supplier<T> evaluation, Predicate<List<Outcome<T>>> enough) {
        List<Outcome<T>> outcomes = new ArrayList<>();
        ImmutableList.Builder<Store> deadEnds = ImmutableList.builder();
        Deque<boolean[]> ways = new ArrayDeque<>();
        ways.push(new boolean[0]);
        Way outer = CURRENT.get();
        int run = 0;
        try {
            for (; !ways.isEmpty() && run < mostWays && !enough.test(outcomes); run++) {
                Way way = new Way(from.copy(), ways.pop(), ways, deadEnds);
                CURRENT.set(way);
                try {
                    T value = evaluation.get();
                    if (way.store.isInfeasible()) {
                        deadEnds.add(way.store);
                    } else {
                        outcomes.add(new Outcome<>(value, way.store));
                    }
                } catch (RuntimeException e) {
                    // (Evaluators wrap the exceptions of operators.)
                    if (!(e instanceof DeadEnd) && !way.store.isInfeasible()) {
                        throw e;
                    }
                    deadEnds.add(way.store);
                }
            }
        } finally {
            CURRENT.set(outer);
        }
        return new Exploration<>(ImmutableList.copyOf(outcomes), deadEnds.build(), ways.isEmpty());
    }

    /**
     * The current way of this thread.
     *
     * @throws IllegalStateException outside of an exploration
     */
    public static Way current() {
        Way way = CURRENT.get();
        if (way == null) {
            throw new IllegalStateException("a question about unknowns outside of an exploration");
        }
        return way;
    }

    /** The constraints on this way; more may be imposed. */
    public Store store() {
        return store;
    }

    /**
     * Whether a sum is at most a bound, on this way.
     *
     * @throws DeadEnd if this way has no solution
     */
    public boolean atMost(LinearSum sum, long bound) {
        if (store.isInfeasible()) {
            throw new DeadEnd();
        }
        long greatest = store.greatest(sum);
        if (greatest <= bound && greatest < Store.INFINITY) {
            return true;
        }
        long least = store.least(sum);
        if (least > bound && least > -Store.INFINITY) {
            return false;
        }
        boolean answer;
        if (decisions < given.length) {
            answer = given[decisions];
            if (!impose(store, sum, bound, answer)) {
                throw new DeadEnd();
            }
        } else {
            answer = decide(sum, bound);
        }
        if (decisions == taken.length) {
            taken = Arrays.copyOf(taken, decisions * 2);
        }
        taken[decisions++] = answer;
        return answer;
    }

    private boolean decide(LinearSum sum, long bound) {
        Store above = store.copy();
        boolean canBeAbove = impose(above, sum, bound, false);
        if (impose(store, sum, bound, true)) {
            if (canBeAbove) {
                boolean[] other = Arrays.copyOf(taken, decisions + 1);
                other[decisions] = false;
                others.push(other);
            } else {
                deadEnds.add(above);
            }
            return true;
        }
        deadEnds.add(store.copy());
        if (!canBeAbove) {
            store.become(above);
            throw new DeadEnd();
        }
        store.become(above);
        return false;
    }

    private static boolean impose(Store store, LinearSum sum, long bound, boolean atMost) {
        return atMost
                ? store.require(sum, -Store.INFINITY, bound)
                : store.require(sum, bound == Long.MAX_VALUE ? bound : bound + 1, Store.INFINITY);
    }

    /** Whether a sum has a value, on this way. */
    public boolean is(LinearSum sum, long value) {
        return atMost(sum, value) && !atMost(sum, Math.subtractExact(value, 1));
    }
}
