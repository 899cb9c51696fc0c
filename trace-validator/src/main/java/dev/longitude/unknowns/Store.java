package dev.longitude.unknowns;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Multiset;
import com.google.common.primitives.ImmutableIntArray;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A store of constraints on unknown integers. Constraints are imposed one by one, and the store propagates each
 * immediately. It is sound but not complete: it may miss consequences.
 *
 * <p>All numbers are signed. A bound of {@link #INFINITY} or more, or of its negation or less, is no bound.
 */
public final class Store {
    /** Not bounded. */
    public static final long INFINITY = ExtendedBound.INFINITY;

    private static final Object NO_REASON = "";

    private Network network = new Network();
    /** The unknowns alive, ascending, and their places in the network; both arrays are replaced, never changed. */
    private int[] alive = {};

    private int[] places = {};
    private int next;
    private Object reason = NO_REASON;
    private @Nullable Imposed imposed;
    private @Nullable ForgottenUnknowns forgotten;

    private record Imposed(Constraint constraint, @Nullable Imposed earlier) {}

    public Store() {}

    /** An independent copy. */
    public Store copy() {
        Store copy = new Store();
        copy.become(this);
        copy.network = network.copy();
        return copy;
    }

    /** Takes over the content of another store, which must not be used any more. */
    void become(Store other) {
        network = other.network;
        alive = other.alive;
        places = other.places;
        next = other.next;
        reason = other.reason;
        imposed = other.imposed;
        forgotten = other.forgotten;
    }

    /**
     * A new unknown.
     *
     * @return its number: the next one that this store has not used
     * @throws IllegalArgumentException if least is greater than greatest, or one is beyond
     *     +-{@link MonotoneRelation#WIDEST}
     */
    public int unknown(long least, long greatest) {
        if (least > greatest || least < -MonotoneRelation.WIDEST || greatest > MonotoneRelation.WIDEST) {
            throw new IllegalArgumentException("an unknown from " + least + " to " + greatest);
        }
        int unknown = next++;
        int place = freePlace();
        network.bounds().add(place, least, greatest);
        alive = Arrays.copyOf(alive, alive.length + 1);
        alive[alive.length - 1] = unknown;
        places = Arrays.copyOf(places, alive.length);
        places[alive.length - 1] = place;
        impose(new Constraint.Bound(LinearSum.of(unknown), least, greatest, reason));
        return unknown;
    }

    private int freePlace() {
        int used = network.bounds().places();
        if (alive.length + 1 == used) {
            return used;
        }
        boolean[] taken = new boolean[used];
        for (int place : places) {
            taken[place] = true;
        }
        for (int place = 1; place < used; place++) {
            if (!taken[place]) {
                return place;
            }
        }
        return used;
    }

    /** Sets the reason of all constraints that are imposed from now on. */
    public Store because(Object why) {
        reason = why;
        return this;
    }

    /** A lower bound of a sum; -{@link #INFINITY} if nothing bounds it. */
    public long least(LinearSum sum) {
        return terms(sum).least(network.bounds());
    }

    /** An upper bound of a sum; {@link #INFINITY} if nothing bounds it. */
    public long greatest(LinearSum sum) {
        return terms(sum).greatest(network.bounds());
    }

    /** Whether the unknown exists and is not forgotten. */
    public boolean has(int unknown) {
        return Arrays.binarySearch(alive, unknown) >= 0;
    }

    /** Whether one value of the unknown is left. */
    public boolean isExact(int unknown) {
        LinearSum alone = LinearSum.of(unknown);
        return least(alone) == greatest(alone);
    }

    /** Imposes {@code least <= sum <= greatest}; false if no solution is left. */
    public boolean require(LinearSum sum, long least, long greatest) {
        if (isInfeasible()) {
            return false;
        }
        Constraint.Bound bound = new Constraint.Bound(sum, least, greatest, reason);
        impose(bound);
        long from = ExtendedBound.clamp(least);
        long to = ExtendedBound.clamp(greatest);
        if (least > greatest) {
            return network.refute();
        }
        Terms terms = terms(sum);
        if (terms.least(network.bounds()) >= from && terms.greatest(network.bounds()) <= to) {
            return true;
        }
        return terms.isDifference()
                ? network.limit(terms, from, to)
                : network.add(new Link.Sum(terms, from, to, bound));
    }

    /** Imposes a relation; false if no solution is left. */
    public boolean relate(LinearSum y, LinearSum x, MonotoneRelation relation) {
        if (isInfeasible()) {
            return false;
        }
        Constraint.Relation related = new Constraint.Relation(y, x, relation, reason);
        impose(related);
        return network.add(new Link.Relation(terms(y), terms(x), relation, related));
    }

    /** The y of an equal relation with this x, if the store still has one. */
    public Optional<LinearSum> related(LinearSum x, MonotoneRelation relation) {
        for (Link link : network.links()) {
            if (link instanceof Link.Relation related
                    && related.x().sum().equals(x)
                    && related.relation().equals(relation)) {
                return Optional.of(related.y().sum());
            }
        }
        return Optional.empty();
    }

    /** Whether it is known that no solution is left. */
    public boolean isInfeasible() {
        return network.isInfeasible();
    }

    private void impose(Constraint constraint) {
        imposed = new Imposed(constraint, imposed);
    }

    private Terms terms(LinearSum sum) {
        if (sum.size() > Terms.MOST) {
            throw new IllegalArgumentException("a sum of " + sum.size() + " unknowns: the most are " + Terms.MOST);
        }
        int[] at = new int[sum.size()];
        for (int i = 0; i < at.length; i++) {
            int index = Arrays.binarySearch(alive, sum.unknown(i));
            if (index < 0) {
                throw new IllegalArgumentException("unknown " + sum.unknown(i) + " is not in the store");
            }
            at[i] = places[index];
        }
        return new Terms(sum, at);
    }

    /**
     * Forgets unknowns that are not live. One stays if a relation or a sum that a live one depends on mentions it; if
     * too many stay, the oldest are forgotten. The bounds of the rest stay, but later constraints may narrow them less.
     * A search for a solution still uses all constraints. A forgotten unknown must not be mentioned any more.
     *
     * @param live whether an unknown will be mentioned again
     */
    public void forget(IntPredicate live) {
        if (isInfeasible()) {
            return;
        }
        UnknownElimination elimination = new UnknownElimination(network, alive, places, live);
        forgotten = elimination.forget(forgotten);
        alive = elimination.alive();
        places = elimination.places();
    }

    /**
     * Searches for values of all unknowns that the store ever had.
     *
     * @param budget how many values may be tried, at least 1
     */
    public Solution solve(int budget) {
        return new Solver(this).solve(budget);
    }

    /** All constraints that were imposed, in order, those on forgotten unknowns included. */
    public ImmutableList<Constraint> constraints() {
        List<Constraint> latestFirst = new ArrayList<>();
        for (Imposed at = imposed; at != null; at = at.earlier()) {
            latestFirst.add(at.constraint());
        }
        return ImmutableList.copyOf(latestFirst).reverse();
    }

    /**
     * Equal for stores with the same unknowns and equivalent constraints on them. Stores that have lost constraints by
     * forgetting are equal only if they are copies of a store that had already lost them: otherwise one may have
     * solutions that the other does not have.
     */
    public Object signature() {
        return List.of(ImmutableIntArray.copyOf(alive), signature(List.of()));
    }

    /**
     * The same, independent of the numbers of the unknowns.
     *
     * @param order unknowns by which the stores are compared; those that it leaves out follow, the earliest first
     */
    public Object signature(List<Integer> order) {
        DifferenceBounds bounds = network.bounds();
        int[] number = new int[next];
        int[] at = new int[places.length];
        int count = 0;
        for (int unknown : order) {
            int index = Arrays.binarySearch(alive, unknown);
            if (index >= 0) {
                at[count++] = places[index];
                number[unknown] = count;
            }
        }
        for (int i = 0; i < alive.length; i++) {
            if (number[alive[i]] == 0) {
                at[count++] = places[i];
                number[alive[i]] = count;
            }
        }
        ImmutableLongArray.Builder differences = ImmutableLongArray.builder();
        for (int i : at) {
            differences.add(bounds.greatest(0, i));
            differences.add(bounds.greatest(i, 0));
            for (int j : at) {
                differences.add(bounds.greatest(i, j));
            }
        }
        Multiset<Object> links = HashMultiset.create();
        for (Link link : network.links()) {
            links.add(link.known(unknown -> number[unknown]));
        }
        return new Signature(
                isInfeasible(),
                differences.build(),
                links,
                forgotten == null ? ForgottenUnknowns.NOTHING_LOST : forgotten.lost());
    }

    private record Signature(boolean infeasible, ImmutableLongArray differences, Multiset<Object> links, Object lost) {}

    /** The number of unknowns that are not forgotten. */
    public int size() {
        return alive.length;
    }

    Network network() {
        return network;
    }

    int[] alive() {
        return alive;
    }

    int[] places() {
        return places;
    }

    int made() {
        return next;
    }

    @Nullable
    ForgottenUnknowns forgotten() {
        return forgotten;
    }
}
