package dev.longitude.spec;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Words64;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Replaces known words by {@code constant + sum of unknowns}, and remembers the values of the unknowns for which the
 * sum is the original word.
 */
final class WordReplacer {
    /** Pairs of numbers that are vCPUs of arm64, and words that the specification never computes from a clock. */
    private static final Set<String> NO_CLOCK_IN = Set.of(
            "kernel",
            "creating",
            "inRun",
            "inGuest",
            "tscScalingRatio",
            "ratio",
            "todo",
            "vcpu",
            "page",
            "mul",
            "pvclockMul");

    private static final int MOST_UNKNOWNS = 5;

    private final SplittableRandom random;
    private final Store store;
    private final Map<Integer, Long> truth;
    private final List<Integer> unknowns;
    private final double share;

    /**
     * @param store receives the new unknowns
     * @param truth the value of each unknown in the store; receives those of the new ones
     */
    WordReplacer(SplittableRandom random, Store store, Map<Integer, Long> truth) {
        this.random = random;
        this.store = store;
        this.truth = truth;
        this.unknowns = new ArrayList<>(truth.keySet());
        this.share = random.nextDouble();
    }

    State in(State state) {
        State other = state;
        for (UniqueString variable : State.variables()) {
            Value value = state.lookup(variable);
            if (value != null && !NO_CLOCK_IN.contains(variable.toString())) {
                other = other.with(variable, in(value));
            }
        }
        return other;
    }

    Map<String, Value> in(Map<String, Value> args) {
        ImmutableMap.Builder<String, Value> others = ImmutableMap.builder();
        args.forEach((name, value) -> others.put(name, NO_CLOCK_IN.contains(name) ? value : in(value)));
        return others.buildOrThrow();
    }

    private Value in(Value value) {
        if (value instanceof SymbolicWord) {
            return value;
        }
        if (value instanceof TupleValue tuple) {
            return isWord(tuple)
                    ? (random.nextDouble() < share ? unknown(Words64.bits(value)) : value)
                    : new TupleValue(all(tuple.elems));
        }
        if (value instanceof RecordValue record) {
            Value[] parts = record.values.clone();
            for (int i = 0; i < parts.length; i++) {
                parts[i] = NO_CLOCK_IN.contains(record.names[i].toString()) ? parts[i] : in(parts[i]);
            }
            return new RecordValue(record.names, parts, true);
        }
        if (value instanceof FcnRcdValue function) {
            return new FcnRcdValue(function.getDomainAsValues(), all(function.values), true);
        }
        if (value instanceof SetEnumValue set) {
            return new SetEnumValue(all(set.elems.toArray()), true);
        }
        return value;
    }

    private Value[] all(Value[] values) {
        Value[] others = new Value[values.length];
        for (int i = 0; i < others.length; i++) {
            others[i] = in(values[i]);
        }
        return others;
    }

    private static boolean isWord(TupleValue tuple) {
        return tuple.elems.length == 2 && tuple.elems[0] instanceof IntValue && tuple.elems[1] instanceof IntValue;
    }

    private Value unknown(long bits) {
        LinearSum sum = signed(anUnknown());
        if (random.nextInt(4) == 0) {
            sum = sum.plus(signed(anUnknown()));
        }
        long constant = bits - sum.at(unknown -> requireNonNull(truth.get(unknown)));
        return SymbolicWords.word(constant, sum);
    }

    private LinearSum signed(int unknown) {
        return LinearSum.of(unknown).times(random.nextInt(3) == 0 ? -1 : 1);
    }

    private int anUnknown() {
        if (!unknowns.isEmpty() && (unknowns.size() >= MOST_UNKNOWNS || random.nextInt(3) > 0)) {
            return unknowns.get(random.nextInt(unknowns.size()));
        }
        long width = random.nextInt(8) == 0 ? 0 : random.nextLong(1L << (1 + random.nextInt(40)));
        long value = random.nextBoolean() ? 0 : random.nextLong(-(1L << 40), 1L << 40);
        // An answer that is off by one shows at the ends of an interval.
        long below = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> width;
            default -> random.nextLong(width + 1);
        };
        int unknown = store.unknown(value - below, value - below + width);
        truth.put(unknown, value);
        unknowns.add(unknown);
        return unknown;
    }
}
