package dev.longitude.evaluator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Compares the operators on words of which some are unknown with those on known words: for all values of the unknowns
 * one way admits them, and with these values it has the result of {@link Words64}. {@code -Dsymbolic.cases=N} tries so
 * many cases of each operator, and {@code -Dsymbolic.seed=S} only one.
 */
class SymbolicWordsTest {
    private static final long CASES = Long.getLong("symbolic.cases", 400);
    private static final int MOST_WAYS = 1_000;
    private static final int MOST_ASSIGNMENTS = 40;
    private static final int[] RATES = {1, 24_000, 999_999, 1_000_000, 1_000_001, 2_596_124, 5_000_000};

    /** Where a word wraps, where an operator's answer changes, and places in between. */
    private static final long[] PLACES = {
        0,
        Long.MIN_VALUE,
        1L << 32,
        -(1L << 32),
        1L << 62,
        -(1L << 62),
        1L << 43,
        Words64.SAME_NS,
        -Words64.SAME_NS,
        5_000_000
    };

    /** An operator of two words; a conversion ignores the second. */
    private enum Operator {
        ADD,
        SUB,
        BEFORE,
        LESS,
        SAME_NS,
        SAME,
        CYCLES_TO_NS,
        NS_TO_CYCLES,
        PVCLOCK_NS,
        SCALE,
        KEEPS_PACE;

        boolean converts() {
            return this == CYCLES_TO_NS || this == NS_TO_CYCLES || this == PVCLOCK_NS || this == SCALE;
        }
    }

    private record Parameters(int khz, long mul, int shift, int fracBits, long ratio) {
        static Parameters random(Random random) {
            int fracBits = random.nextBoolean() ? 48 : 32;
            long one = 1L << fracBits;
            return new Parameters(
                    RATES[random.nextInt(RATES.length)],
                    random.nextInt(8) == 0 ? 0xffff_ffffL : 1L << 31 | random.nextLong(1L << 31),
                    random.nextInt(5) - 3,
                    fracBits,
                    random.nextInt(4) == 0 ? one >> random.nextInt(2) : one / 2 + random.nextLong(one * 2));
        }
    }

    private static Object known(Operator operator, Parameters with, long a, long b) {
        return switch (operator) {
            case ADD -> a + b;
            case SUB -> a - b;
            case BEFORE -> a - b < 0;
            case LESS -> Long.compareUnsigned(a, b) < 0;
            case SAME_NS -> Words64.sameNs(a, b);
            case SAME -> a == b;
            case CYCLES_TO_NS -> Words64.cyclesToNs(with.khz, a);
            case NS_TO_CYCLES -> Words64.nsToCycles(with.khz, a);
            case PVCLOCK_NS -> Words64.scaleDelta(a, with.mul, with.shift);
            case SCALE -> Words64.scale(with.fracBits, a, with.ratio);
            case KEEPS_PACE -> Words64.keepsPace(with.khz, a, b);
        };
    }

    private static Object symbolic(Operator operator, Parameters with, Value a, Value b) {
        return switch (operator) {
            case ADD -> SymbolicWords.add(a, b);
            case SUB -> SymbolicWords.sub(a, b);
            case BEFORE -> SymbolicWords.before(a, b);
            case LESS -> SymbolicWords.less(a, b);
            case SAME_NS -> SymbolicWords.sameNs(a, b);
            case SAME -> SymbolicWords.same(a, b);
            case CYCLES_TO_NS -> SymbolicWords.cyclesToNs(with.khz, a);
            case NS_TO_CYCLES -> SymbolicWords.nsToCycles(with.khz, a);
            case PVCLOCK_NS -> SymbolicWords.pvclockNs(Words64.word(with.mul), with.shift, a);
            case SCALE -> SymbolicWords.scale(with.fracBits, a, Words64.word(with.ratio));
            case KEEPS_PACE -> SymbolicWords.keepsPace(with.khz, a, b);
        };
    }

    /** Some unknowns in small or wide intervals, and words that are sums of them. */
    private static final class Case {
        final Random random;
        final Store store = new Store();
        private final List<long[]> ranges = new ArrayList<>();
        private final long apart;
        private final String repeat;

        Case(long seed) {
            random = new Random(seed);
            repeat = "seed " + seed + "\nrepeat: mvn test -pl reference-impl,trace-validator -Dtest=SymbolicWordsTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dsymbolic.seed=" + seed + "\n";
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                long least = random.nextBoolean() ? -random.nextInt(4) : -random.nextLong(1L << 41);
                long width = random.nextBoolean() ? random.nextInt(5) : random.nextLong(1L << random.nextInt(1, 42));
                ranges.add(new long[] {least, least + width});
                store.unknown(least, least + width);
            }
            apart = count > 1 && random.nextBoolean()
                    ? ranges.get(0)[0] - ranges.get(1)[0] + random.nextInt(3)
                    : Store.INFINITY;
            if (apart < Store.INFINITY) {
                store.require(LinearSum.of(0).minus(LinearSum.of(1)), -Store.INFINITY, apart);
            }
        }

        LinearSum sum() {
            LinearSum sum = LinearSum.ZERO;
            for (int i = random.nextInt(4); i > 0; i--) {
                LinearSum one = LinearSum.of(random.nextInt(ranges.size())).times(random.nextInt(8) == 0 ? 2 : 1);
                sum = random.nextInt(3) == 0 ? sum.minus(one) : sum.plus(one);
            }
            return sum;
        }

        /** Near one of the places where an answer changes, for some value of the sum. */
        long constant(LinearSum sum) {
            long place = random.nextInt(6) == 0 ? random.nextLong() : PLACES[random.nextInt(PLACES.length)];
            return place + random.nextInt(7) - 3 - at(sum, assignment());
        }

        private static long at(LinearSum sum, long[] values) {
            return sum.at(unknown -> values[unknown]);
        }

        long[] assignment() {
            long[] values = new long[ranges.size()];
            for (int i = 0; i < values.length; i++) {
                long least = ranges.get(i)[0];
                long greatest = ranges.get(i)[1];
                values[i] = switch (random.nextInt(4)) {
                    case 0 -> least;
                    case 1 -> greatest;
                    default -> random.nextLong(least, greatest + 1);
                };
            }
            return values;
        }

        boolean allows(long[] values) {
            return apart >= Store.INFINITY || values[0] - values[1] <= apart;
        }

        /** Assignments that the store allows, mostly with the ends of the intervals. */
        List<long[]> assignments() {
            List<long[]> all = new ArrayList<>();
            for (int i = 0; i < MOST_ASSIGNMENTS; i++) {
                long[] values = assignment();
                if (allows(values)) {
                    all.add(values);
                }
            }
            return all;
        }
    }

    private static LongStream seeds() {
        Long one = Long.getLong("symbolic.seed");
        return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, CASES);
    }

    /** The store in which the earlier unknowns have these values; null if it does not admit them. */
    private static Store at(Store store, long[] values) {
        Store fixed = store.copy();
        for (int i = 0; i < values.length; i++) {
            fixed.require(LinearSum.of(i), values[i], values[i]);
        }
        return fixed;
    }

    private static Object solved(Object result, Store fixed) {
        return result instanceof Value word
                ? Unknowns.solved(word, unknown -> {
                    assertThat(fixed.isExact(unknown)).isTrue();
                    return fixed.least(LinearSum.of(unknown));
                })
                : result;
    }

    @ParameterizedTest
    @EnumSource
    void eachAssignmentIsOnOneWayWithTheResultForKnownWords(Operator operator) {
        int[] counts = new int[3];
        seeds().forEach(seed -> {
            Case of = new Case(seed);
            Parameters with = Parameters.random(of.random);
            LinearSum sumA = of.sum();
            LinearSum sumB = of.random.nextInt(3) == 0 ? LinearSum.ZERO : of.sum();
            long a = of.constant(sumA);
            long b = of.random.nextBoolean() ? of.constant(sumB) : a + PLACES[of.random.nextInt(PLACES.length)];
            if (operator == Operator.KEEPS_PACE) {
                // No span of time is negative, or longer than the 9 years in cycles between two instants.
                a = of.random.nextLong(1L << 41, 1L << 59);
                // At the ends of the allowed range, for some values of the unknowns.
                long[] values = of.assignment();
                long nominal = Words64.cyclesToNs(with.khz, a + Case.at(sumA, values));
                b = nominal
                        + (of.random.nextInt(3) - 1) * Words64.paceSlack(nominal)
                        + of.random.nextInt(5)
                        - 2
                        - Case.at(sumB, values);
                if (with.khz < 1_000_000) {
                    return;
                }
            }
            check(operator, with, of, SymbolicWords.word(a, sumA), SymbolicWords.word(b, sumB), counts);
        });
        // Otherwise the test proved nothing: assignments, cases with several ways, and cases without an answer.
        if (Long.getLong("symbolic.seed") == null) {
            assertThat(counts[0]).isGreaterThan((int) CASES * 5);
            if (operator != Operator.ADD && operator != Operator.SUB && operator != Operator.KEEPS_PACE) {
                assertThat(counts[1]).isGreaterThan((int) CASES / (operator.converts() ? 100 : 20));
            }
            assertThat(counts[2]).isLessThan(operator.converts() ? (int) CASES / 5 : 1);
        }
    }

    private static void check(Operator operator, Parameters with, Case of, Value a, Value b, int[] counts) {
        String call =
                of.repeat + operator + " of " + a + " and " + b + " with " + with + " where " + of.store.constraints();
        Object before = of.store.signature();
        Way.Exploration<Object> explored;
        try {
            explored = Way.explore(of.store, MOST_WAYS, () -> symbolic(operator, with, a, b));
        } catch (TooLittleKnownException e) {
            counts[2]++;
            return;
        }
        assertThat(explored.complete()).as(call).isTrue();
        assertThat(of.store.signature()).as(call).isEqualTo(before);
        assertThat(explored.outcomes())
                .as(call)
                .noneMatch(outcome -> outcome.store().isInfeasible());
        counts[1] += explored.outcomes().size() > 1 ? 1 : 0;
        for (long[] values : of.assignments()) {
            counts[0]++;
            long valueA = Unknowns.solved(a, unknown -> values[unknown]);
            long valueB = Unknowns.solved(b, unknown -> values[unknown]);
            Object expected = known(operator, with, valueA, valueB);
            List<Object> results = new ArrayList<>();
            for (Way.Outcome<Object> outcome : explored.outcomes()) {
                Store fixed = at(outcome.store(), values);
                if (!fixed.isInfeasible()) {
                    results.add(solved(outcome.value(), fixed));
                }
            }
            String at = call + "\nat " + LongStream.of(values).boxed().toList();
            if (operator == Operator.KEEPS_PACE && expected.equals(false)) {
                // (Known words are compared, and unknown ones narrowed to those that keep the pace.)
                assertThat(results).as(at).doesNotContain(true);
            } else {
                assertThat(results).as(at).containsExactly(expected);
            }
        }
    }

    /** Values of several parts are compared part by part, sets in any order. */
    @Test
    void valuesWithUnknownWordsAreTheSameWhereTheirPartsAre() {
        seeds().forEach(seed -> {
            Case of = new Case(seed);
            LinearSum sum = of.sum();
            Value a = SymbolicWords.word(of.constant(sum), sum);
            Value b = SymbolicWords.word(SymbolicWords.constant(a) + of.random.nextInt(3) - 1, of.sum());
            Value c = Words64.word(7);
            int shape = of.random.nextInt(5);
            Value one = whole(shape, a, c, of.random.nextInt(6) > 0 ? 1 : 2);
            Value other = of.random.nextBoolean() ? whole(shape, b, c, 1) : whole(shape, c, b, 1);
            Way.Exploration<Boolean> explored = Way.explore(of.store, MOST_WAYS, () -> SymbolicWords.same(one, other));
            for (long[] values : of.assignments()) {
                String at = of.repeat + one + " and " + other + " at "
                        + LongStream.of(values).boxed().toList();
                boolean expected = new ValueKey(normal(one, values)).equals(new ValueKey(normal(other, values)));
                List<Boolean> results = explored.outcomes().stream()
                        .filter(outcome -> !at(outcome.store(), values).isInfeasible())
                        .map(Way.Outcome::value)
                        .toList();
                assertThat(results).as(at).containsExactly(expected);
            }
        });
    }

    private static Value normal(Value value, long[] values) {
        return value instanceof SetEnumValue set
                ? Values.setOf(((TupleValue) normal(new TupleValue(set.elems.toArray()), values)).elems)
                : ((TupleValue) substituted(new TupleValue(new Value[] {value}), values)).elems[0];
    }

    private static Value substituted(Value value, long[] values) {
        if (value instanceof SymbolicWord) {
            return Words64.word(Unknowns.solved(value, unknown -> values[unknown]));
        }
        if (value instanceof TupleValue tuple) {
            return new TupleValue(all(tuple.elems, values));
        }
        if (value instanceof RecordValue record) {
            return new RecordValue(record.names, all(record.values, values), true);
        }
        return value instanceof FcnRcdValue function
                ? new FcnRcdValue(function.getDomainAsValues(), all(function.values, values), true)
                : value;
    }

    private static Value[] all(Value[] parts, long[] values) {
        Value[] others = new Value[parts.length];
        for (int i = 0; i < others.length; i++) {
            others[i] = substituted(parts[i], values);
        }
        return others;
    }

    private static Value whole(int shape, Value a, Value b, int number) {
        Value[] parts = {a, b};
        return switch (shape) {
            case 0 -> new TupleValue(new Value[] {a, b, IntValue.gen(number)});
            case 1 -> new TupleValue(number == 1 ? parts : new Value[] {a, b, b});
            case 2 ->
                new RecordValue(
                        new UniqueString[] {
                            UniqueString.uniqueStringOf("clock"),
                            UniqueString.uniqueStringOf(number == 1 ? "ns" : "tsc")
                        },
                        parts,
                        true);
            case 3 -> new FcnRcdValue(new Value[] {IntValue.gen(0), IntValue.gen(number)}, parts, true);
            default -> new SetEnumValue(number == 1 ? parts : new Value[] {a}, true);
        };
    }

    @Test
    void aWordIsKnownOnceItsSumIsThoughItsUnknownsAreNot() {
        Store store = new Store();
        LinearSum difference = LinearSum.of(store.unknown(0, 100)).minus(LinearSum.of(store.unknown(0, 100)));
        store.require(difference, 3, 3);
        BitSet mentioned = new BitSet();
        State known =
                Unknowns.simplified(new State(new Value[] {SymbolicWords.word(40, difference)}), store, mentioned);
        assertThat(known.at(0)).isEqualTo(Words64.word(43));
        assertThat(mentioned.isEmpty()).isTrue();
    }

    @Test
    void aSetIsNotTheSameAsOneWithMoreElements() {
        Store store = new Store();
        Value word = SymbolicWords.word(9, LinearSum.of(store.unknown(0, 2)));
        Value less = new SetEnumValue(new Value[] {word}, true);
        Value more = new SetEnumValue(new Value[] {word, Words64.word(20)}, true);
        Way.Exploration<List<Boolean>> explored = Way.explore(
                store, MOST_WAYS, () -> List.of(SymbolicWords.same(less, more), SymbolicWords.same(more, less)));
        assertThat(explored.outcomes()).extracting(Way.Outcome::value).containsExactly(List.of(false, false));
    }

    @Test
    void aConversionThatWasMadeIsNotMadeAgain() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 1_000));
        Value word = SymbolicWords.word(5, x);
        Way.Exploration<Boolean> explored = Way.explore(store, MOST_WAYS, () -> {
            Value ns = SymbolicWords.cyclesToNs(2_000_000, word);
            int size = Way.current().store().size();
            return SymbolicWords.cyclesToNs(2_000_000, word).equals(ns)
                    && Way.current().store().size() == size
                    && !SymbolicWords.cyclesToNs(2_000_001, word).equals(ns);
        });
        assertThat(explored.outcomes()).extracting(Way.Outcome::value).containsExactly(true);
    }

    @Test
    void aWordThatMayBeNearlyAnythingIsNotConverted() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(-(1L << 61), 1L << 61));
        assertThatThrownBy(() -> Way.explore(
                        store,
                        MOST_WAYS,
                        () -> SymbolicWords.pvclockNs(Words64.word(0xffff_ffffL), 1, SymbolicWords.word(1L << 61, x))))
                .isInstanceOf(TooLittleKnownException.class);
    }

    @Test
    void aSumOfWhichNothingIsKnownIsNotTakenForASpanOfTime() {
        Store store = new Store();
        LinearSum sum = LinearSum.of(store.unknown(-(1L << 61), 1L << 61))
                .minus(LinearSum.of(store.unknown(-(1L << 61), 1L << 61)));
        assertThatThrownBy(() -> Way.explore(
                        store, MOST_WAYS, () -> SymbolicWords.cyclesToNs(1_000_000, SymbolicWords.word(1L << 62, sum))))
                .isInstanceOf(TooLittleKnownException.class);
    }

    @Test
    void aSetOfWordsThatMayBeTheSameHasOneElementWhereTheyAre() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 2));
        Way.Exploration<Integer> explored = Way.explore(
                store,
                MOST_WAYS,
                () -> Values.setOf(new Value[] {SymbolicWords.word(9, x), Words64.word(10), Words64.word(12)})
                        .elems
                        .size());
        assertThat(explored.outcomes()).extracting(Way.Outcome::value).containsExactlyInAnyOrder(2, 3, 3);
    }
}
