package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One way through an evaluation that asks about unknowns. Where a question has both answers, the way takes one, and another
 * way will take the other; so the evaluation runs once a way, and what the ways assume of the unknowns neither overlaps nor
 * leaves anything out.
 *
 * <p>The evaluation must be repeatable: with the same answers it asks the same questions and makes the same unknowns.
 */
public final class Way {
    private static final ThreadLocal<@Nullable Way> CURRENT = new ThreadLocal<>();

    /** Nothing is left on this way. */
    public static final class DeadEnd extends RuntimeException {
        private static final long serialVersionUID = 1;

        public DeadEnd() {
            super("nothing is left on this way", null, false, false);
        }
    }

    /** What came out on one way, and what is known of the unknowns on it. */
    public record Outcome<T extends @Nullable Object>(T value, Store store) {}

    /**
     * All ways.
     *
     * @param deadEnds stores without a solution: of ways that ended so, and of answers that were not possible
     * @param complete false if there were more ways than were to be tried
     */
    public record Explored<T extends @Nullable Object>(
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
     * @param from what is known before; stays as it is
     * @param mostWays how often the evaluation may run, at least 1
     */
    public static <T extends @Nullable Object> Explored<T> explore(Store from, int mostWays, Supplier<T> evaluation) {
        ImmutableList.Builder<Outcome<T>> outcomes = ImmutableList.builder();
        ImmutableList.Builder<Store> deadEnds = ImmutableList.builder();
        Deque<boolean[]> ways = new ArrayDeque<>();
        ways.push(new boolean[0]);
        Way outer = CURRENT.get();
        int run = 0;
        try {
            for (; !ways.isEmpty() && run < mostWays; run++) {
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
                    // (Evaluators wrap what the operators in them throw.)
                    if (!(e instanceof DeadEnd) && !way.store.isInfeasible()) {
                        throw e;
                    }
                    deadEnds.add(way.store);
                }
            }
        } finally {
            CURRENT.set(outer);
        }
        return new Explored<>(outcomes.build(), deadEnds.build(), ways.isEmpty());
    }

    /**
     * The way that this thread is on.
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

    /** What is known on this way, and the place to add to it. */
    public Store store() {
        return store;
    }

    /**
     * Whether a sum is at most a bound, on this way.
     *
     * @throws DeadEnd if nothing is left on this way
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
