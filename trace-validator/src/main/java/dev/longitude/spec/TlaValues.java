package dev.longitude.spec;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.evaluator.Words64;
import dev.longitude.trace.Kind;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.VcpuId;
import dev.longitude.unknowns.Store;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tlc2.value.IValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnLambdaValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.LazyValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * Converts between the values of a trace and those of TLC.
 *
 * @param vm the VM that the values are of
 */
public record TlaValues(Specification specification, int vm) {
    /** A scalar of a trace as a value of TLC. */
    public Value of(Kind kind, Object value) {
        return switch (kind) {
            case VCPU -> specification.vcpu(new VcpuId(vm, (int) value));
            case PCPU, UINT31, INT8 -> IntValue.gen((int) value);
            case UINT64, UINT64_OF_VM -> Words64.word((long) value);
            case FLAG, FLAG_OF_VM -> (boolean) value ? BoolValue.ValTrue : BoolValue.ValFalse;
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU, VCPU_SET ->
                throw new IllegalArgumentException(kind + " is not the kind of an argument");
        };
    }

    /** The index of a vCPU, or of a CPU; -1 for another VM's vCPU. */
    private int index(Value key) {
        if (key instanceof TupleValue pair) {
            return ((IntValue) pair.elems[0]).val == vm ? ((IntValue) pair.elems[1]).val : -1;
        }
        return ((IntValue) key).val;
    }

    /** A value of TLC as a value of a trace. */
    public Object toTrace(Kind kind, Value value) {
        return switch (kind) {
            case VCPU -> index(value);
            case PCPU, UINT31, INT8 -> ((IntValue) value).val;
            case UINT64 -> Words64.bits(value);
            case FLAG -> ((BoolValue) value).val;
            case UINT64_OF_VM -> Words64.bits(((FcnRcdValue) value.toFcnRcd()).select(IntValue.gen(vm)));
            case FLAG_OF_VM -> value.member(IntValue.gen(vm));
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU ->
                byIndex(kind.each(), value);
            case VCPU_SET ->
                Arrays.stream(((SetEnumValue) value.toSetEnum()).elems.toArray())
                        .map(this::index)
                        .filter(i -> i >= 0)
                        .collect(ImmutableSortedSet.toImmutableSortedSet(Integer::compare));
        };
    }

    private ImmutableSortedMap<Integer, Object> byIndex(Kind each, Value value) {
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
        Value[] domain = function.getDomainAsValues();
        for (int i = 0; i < domain.length; i++) {
            if (index(domain[i]) >= 0) {
                values.put(index(domain[i]), toTrace(each, function.values[i]));
            }
        }
        return values.buildOrThrow();
    }

    /** {@code base} overlaid with what was observed: the whole value, or some parts. */
    public Value overlay(Kind kind, Value base, Object observed) {
        return switch (kind) {
            case VCPU_SET -> {
                Stream<Value> others = Arrays.stream(((SetEnumValue) base.toSetEnum()).elems.toArray())
                        .filter(v -> index(v) < 0);
                Stream<Value> seen = ((Set<?>) observed).stream().map(v -> of(Kind.VCPU, v));
                yield new SetEnumValue(Stream.concat(others, seen).toArray(Value[]::new), false);
            }
            case FLAG_OF_VM -> {
                Stream<Value> others = Arrays.stream(((SetEnumValue) base.toSetEnum()).elems.toArray())
                        .filter(v -> index(v) != vm);
                Stream<Value> seen = (boolean) observed ? Stream.of(IntValue.gen(vm)) : Stream.of();
                yield new SetEnumValue(Stream.concat(others, seen).toArray(Value[]::new), false);
            }
            case UINT64_OF_VM -> overlayParts(kind.each(), base, Map.of(vm, observed));
            default ->
                observed instanceof Map<?, ?> parts ? overlayParts(kind.each(), base, parts) : of(kind, observed);
        };
    }

    private Value overlayParts(Kind each, Value base, Map<?, ?> parts) {
        FcnRcdValue function = (FcnRcdValue) base.toFcnRcd();
        Value[] domain = function.getDomainAsValues();
        Value[] values = function.values.clone();
        for (int i = 0; i < domain.length; i++) {
            Object part = parts.get(index(domain[i]));
            if (part != null) {
                values[i] = of(each, part);
            }
        }
        return new FcnRcdValue(domain.clone(), values, false);
    }

    /** Whether a value of the state agrees with what was observed; of a map only some parts may have been observed. */
    public boolean agrees(Kind kind, Value value, Object observed) {
        return switch (kind) {
            case UINT64 -> Words64.bits(value) == (long) observed;
            case UINT31, INT8, PCPU -> ((IntValue) value).val == (int) observed;
            case FLAG -> ((BoolValue) value).val == (boolean) observed;
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU ->
                agreesByIndex(value, (Map<?, ?>) observed, (part, seen) -> agrees(kind.each(), part, seen));
            case VCPU_SET -> agreesAsSet((SetEnumValue) value.toSetEnum(), (Set<?>) observed);
            default -> toTrace(kind, value).equals(observed);
        };
    }

    /**
     * Requires that a value of a state agrees with what was observed.
     *
     * @param known the constraints on the words of the state
     * @return whether that is possible
     */
    public boolean impose(Kind kind, Value value, Object observed, Store known) {
        return switch (kind) {
            case UINT64 -> imposeWord(value, (long) observed, known);
            case UINT64_OF_VM ->
                imposeWord(
                        requireNonNull(((FcnRcdValue) value.toFcnRcd()).select(IntValue.gen(vm))),
                        (long) observed,
                        known);
            case UINT64_BY_VCPU, UINT64_BY_PCPU ->
                agreesByIndex(value, (Map<?, ?>) observed, (part, seen) -> imposeWord(part, (long) seen, known));
            default -> agrees(kind, value, observed);
        };
    }

    private static boolean imposeWord(Value value, long observed, Store known) {
        if (!(value instanceof SymbolicWord word)) {
            return Words64.bits(value) == observed;
        }
        long rest = observed - word.constant();
        return known.require(word.sum(), rest, rest);
    }

    private interface Part {
        boolean agrees(Value value, Object observed);
    }

    /** Whether each observed part agrees. (Not every part need have been observed.) */
    private boolean agreesByIndex(Value value, Map<?, ?> observed, Part each) {
        FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
        Value[] domain = function.getDomainAsValues();
        int found = 0;
        for (int i = 0; i < domain.length; i++) {
            int index = index(domain[i]);
            Object part = index < 0 ? null : observed.get(index);
            if (part != null) {
                found++;
                if (!each.agrees(function.values[i], part)) {
                    return false;
                }
            }
        }
        return found == observed.size();
    }

    private boolean agreesAsSet(SetEnumValue set, Set<?> observed) {
        int found = 0;
        for (int i = 0; i < set.elems.size(); i++) {
            int index = index(set.elems.elementAt(i));
            if (index >= 0) {
                found++;
                if (!observed.contains(index)) {
                    return false;
                }
            }
        }
        return found == observed.size();
    }

    /**
     * The same value with no lazy part. TLC's own normalisation does not evaluate lazy functions, and each would retain
     * the state before it, and so the whole trace.
     */
    static Value plain(Value value) {
        if (value instanceof IntValue
                || value instanceof BoolValue
                || value instanceof StringValue
                || value instanceof SymbolicWord) {
            return value;
        }
        if (value instanceof LazyValue lazy && lazy.getValue() != null) {
            return plain(lazy.getValue());
        }
        if (value instanceof TupleValue tuple) {
            return new TupleValue(plain(tuple.elems));
        }
        if (value instanceof RecordValue record) {
            return new RecordValue(record.names.clone(), plain(record.values), record.isNormalized());
        }
        if (value instanceof FcnRcdValue || value instanceof FcnLambdaValue) {
            FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
            if (function.values.length == 0) {
                return TupleValue.EmptyTuple;
            }
            Value plain = new FcnRcdValue(function.getDomainAsValues().clone(), plain(function.values), false);
            return plain.normalize();
        }
        return new SetEnumValue(plain(((SetEnumValue) value.toSetEnum()).elems.toArray()), false).normalize();
    }

    private static Value[] plain(Value[] values) {
        // (No stream: this runs for every value of every state.)
        Value[] plain = new Value[values.length];
        for (int i = 0; i < values.length; i++) {
            plain[i] = plain(values[i]);
        }
        return plain;
    }

    /** A plain value as text; empty for another one. Pairs of integers are words; words print unsigned. */
    public static String show(IValue value) {
        if (value instanceof TupleValue tuple && tuple.elems.length == 2) {
            return Long.toUnsignedString(Words64.bits(tuple));
        }
        return value instanceof BoolValue || value instanceof IntValue ? value.toString() : "";
    }

    /** Any value that a trace can have, as text: also sets, and functions of vCPUs; empty for others. */
    public static String showAny(IValue value) {
        if (value instanceof SetEnumValue set) {
            return showAll(Arrays.stream(set.elems.toArray()).map(TlaValues::showVcpu));
        }
        if (value instanceof FcnRcdValue function) {
            Value[] domain = function.getDomainAsValues();
            return showAll(IntStream.range(0, domain.length)
                    .mapToObj(i -> showVcpu(domain[i]) + ": " + show(function.values[i])));
        }
        return show(value);
    }

    private static String showAll(Stream<String> all) {
        return all.collect(Collectors.joining(", ", "{", "}"));
    }

    /** A vCPU: its index, or on arm64 its VM and its index. */
    private static String showVcpu(Value value) {
        return value instanceof TupleValue pair && pair.elems.length == 2
                ? pair.elems[0] + "/" + pair.elems[1]
                : value.toString();
    }

    /** A value of a trace as text. */
    public static String show(Kind kind, Object value) {
        if (value instanceof Map<?, ?> parts) {
            Kind each = kind.each();
            return parts.entrySet().stream()
                    .map(e -> e.getKey() + ": " + TraceEvent.show(each, e.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        return TraceEvent.show(kind, value);
    }
}
