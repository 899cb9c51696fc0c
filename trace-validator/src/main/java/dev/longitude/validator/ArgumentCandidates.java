package dev.longitude.validator;

import com.google.common.collect.ContiguousSet;
import com.google.common.collect.DiscreteDomain;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Range;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.spec.TlaValues;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * The possible arguments of an event of which some were not seen. A vCPU, a CPU, a flag and the flags of an ioctl are
 * enumerated; a word is an unknown; for a rate those that were observed in the event are tried, and the host's.
 */
final class ArgumentCandidates {
    /** More CPUs than these are not tried. */
    private static final int MOST_PCPUS = 64;

    /** More vCPUs than these are not tried for a creation. */
    private static final int MOST_VCPUS = 64;

    /** The flags of an ioctl: four bits, the lowest of which no kernel takes. */
    private static final int FLAGS = 16;

    /**
     * The range of words is cut into parts of this size, since no unknown spans more; an unknown word lies in one of
     * them.
     */
    private static final int PART_BITS = 61;

    private static final String VM = "vm";

    private final Specification specification;
    private final Platform platform;
    private final TraceHeader header;

    /** The formal parameters of each operation's action; null for the VM. */
    private final Map<Operation, @Nullable Field[]> formals = new EnumMap<>(Operation.class);

    ArgumentCandidates(Specification specification, Platform platform, TraceHeader header) {
        this.specification = specification;
        this.platform = platform;
        this.header = header;
    }

    /**
     * One possible completion of an event.
     *
     * @param event with all arguments but unknown words
     * @param unknownFrom for each unknown word, by its argument, where its part of the range begins, unsigned
     */
    record Completion(TraceEvent event, ImmutableMap<Field, Long> unknownFrom) {}

    /**
     * The possible completions of an event.
     *
     * @param all whether there are no others
     */
    record Completions(List<Completion> completions, boolean all) {}

    Completions of(TraceEvent event, State state) {
        if (event.hasArgs()) {
            return new Completions(List.of(new Completion(event, ImmutableMap.of())), true);
        }
        List<ImmutableMap<Field, Object>> partly = List.of(ImmutableMap.of());
        List<ImmutableMap<Field, Long>> unknown = List.of(ImmutableMap.of());
        boolean all = true;
        for (Field arg : event.operation().args()) {
            Object seen = event.args().get(arg);
            if (seen == null && arg.kind() == Kind.UINT64) {
                unknown = product(unknown, arg, parts());
                continue;
            }
            all &= seen != null || isFinite(event, arg);
            partly = product(partly, arg, seen == null ? values(event, arg, state) : List.of(seen));
        }
        List<Completion> completions = new ArrayList<>();
        for (ImmutableMap<Field, Object> args : partly) {
            for (ImmutableMap<Field, Long> words : unknown) {
                completions.add(new Completion(event.with(args), words));
            }
        }
        return new Completions(completions, all);
    }

    private static <T> List<ImmutableMap<Field, T>> product(
            List<ImmutableMap<Field, T>> partly, Field arg, Collection<? extends T> values) {
        List<ImmutableMap<Field, T>> more = new ArrayList<>();
        for (ImmutableMap<Field, T> args : partly) {
            for (T value : values) {
                more.add(ImmutableMap.<Field, T>builder()
                        .putAll(args)
                        .put(arg, value)
                        .buildOrThrow());
            }
        }
        return more;
    }

    private static List<Long> parts() {
        List<Long> parts = new ArrayList<>();
        for (long part = 0; part < 1L << (Long.SIZE - PART_BITS); part++) {
            parts.add(part << PART_BITS);
        }
        return parts;
    }

    /**
     * The arguments of the event's action.
     *
     * @param store gets the unknown words
     */
    ImmutableMap<String, Value> args(Completion completion, Store store) {
        ImmutableMap.Builder<String, Value> args = known(completion.event);
        completion.unknownFrom.forEach((field, from) -> args.put(
                field.name(), SymbolicWords.word(from, LinearSum.of(store.unknown(0, (1L << PART_BITS) - 1)))));
        return args.buildOrThrow();
    }

    /** The arguments of the action of an event that shows them all. */
    ImmutableMap<String, Value> args(TraceEvent event) {
        return known(event).buildOrThrow();
    }

    /** The action of an event that shows all its arguments, with their values. */
    ActionCall action(TraceEvent event) {
        @Nullable Field[] fields = formals.computeIfAbsent(event.operation(), this::formals);
        TlaValues values = new TlaValues(specification, event.vm());
        Value[] args = new Value[fields.length];
        for (int i = 0; i < args.length; i++) {
            Field field = fields[i];
            args[i] = field == null ? IntValue.gen(event.vm()) : values.of(field.kind(), event.arg(field));
        }
        return specification.action(event.operation(), args);
    }

    private @Nullable Field[] formals(Operation operation) {
        return specification.formals(operation).stream()
                .map(name -> name.equals(VM) ? null : field(operation, name))
                .toArray(Field[]::new);
    }

    private static Field field(Operation operation, String name) {
        return operation.args().stream()
                .filter(field -> field.name().equals(name))
                .findAny()
                .orElseThrow(() -> new IllegalStateException(operation + " has no argument " + name));
    }

    private ImmutableMap.Builder<String, Value> known(TraceEvent event) {
        TlaValues values = new TlaValues(specification, event.vm());
        ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
        event.args().forEach((field, value) -> args.put(field.name(), values.of(field.kind(), value)));
        return args.put(VM, IntValue.gen(event.vm()));
    }

    private boolean isFinite(TraceEvent event, Field arg) {
        return switch (arg.kind()) {
            case FLAG -> true;
            case VCPU -> !creates(event) || event.state().containsKey(StateVariable.ONLINE);
            case PCPU -> header.arm64().pcpus() <= MOST_PCPUS;
            default -> arg.equals(Field.FLAGS);
        };
    }

    private Collection<?> values(TraceEvent event, Field arg, State state) {
        return switch (arg.kind()) {
            case VCPU -> vcpus(event, state);
            case PCPU -> upTo(Math.min(MOST_PCPUS, header.arm64().pcpus()));
            case FLAG -> List.of(false, true);
            case INT8 ->
                Stream.concat(Stream.of(0), observed(event, Kind.INT8))
                        .distinct()
                        .toList();
            default -> arg.equals(Field.FLAGS) ? upTo(FLAGS) : numbers(event);
        };
    }

    private static boolean creates(TraceEvent event) {
        return switch (event.operation()) {
            case CREATE_VCPU, BEGIN_CREATE_VCPU -> true;
            default -> false;
        };
    }

    /**
     * The vCPUs that exist or are being created. For a creation those that were seen after it, otherwise some: a VMM
     * may give a vCPU any number.
     */
    private Collection<Integer> vcpus(TraceEvent event, State state) {
        Set<Integer> vcpus = new TreeSet<>();
        if (creates(event)) {
            vcpus.addAll(upTo(Math.min(MOST_VCPUS, header.vcpus() + 1)));
            if (event.state().get(StateVariable.ONLINE) instanceof Set<?> online) {
                online.forEach(vcpu -> vcpus.add((Integer) vcpu));
            }
        }
        platform.vcpuSets().forEach(set -> vcpus.addAll(all(set, event, state)));
        return vcpus;
    }

    private Collection<Integer> all(StateVariable set, TraceEvent event, State state) {
        TlaValues values = new TlaValues(specification, event.vm());
        Set<?> all = (Set<?>) values.toTrace(set.kind(), specification.look(set, state));
        return all.stream().map(Integer.class::cast).toList();
    }

    private static ImmutableList<Integer> upTo(int count) {
        return ContiguousSet.create(Range.closedOpen(0, count), DiscreteDomain.integers())
                .asList();
    }

    /** The numbers that were observed in the event, and those of the host. */
    private Collection<Object> numbers(TraceEvent event) {
        Set<Object> numbers = new LinkedHashSet<>();
        numbers.add(0);
        numbers.add(header.x86().tscKhz());
        observed(event, Kind.UINT31).forEach(numbers::add);
        return numbers;
    }

    /** The values of one kind that were observed in the event. */
    private static Stream<Object> observed(TraceEvent event, Kind kind) {
        Stream<Object> results = event.results().entrySet().stream()
                .filter(e -> e.getKey().kind() == kind)
                .map(Map.Entry::getValue);
        Stream<Object> state = event.state().entrySet().stream()
                .filter(e -> e.getKey().kind().each() == kind)
                .flatMap(e -> e.getValue() instanceof Map<?, ?> parts
                        ? parts.values().stream().map(Object.class::cast)
                        : Stream.of(e.getValue()));
        return Stream.concat(results, state);
    }
}
