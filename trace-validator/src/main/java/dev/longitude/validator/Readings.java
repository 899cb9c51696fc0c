package dev.longitude.validator;

import com.google.common.collect.ContiguousSet;
import com.google.common.collect.DiscreteDomain;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Range;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What an event may have been whose arguments were not all seen. For a vCPU, a CPU or a flag all are tried. A word can
 * be any of 2^64: those are tried that were observed of the event, later ones that it led to, and their sums and
 * differences with the host's counter. Which of them agree with all that was observed is the specification's to say.
 */
final class Readings {
    /** More CPUs than these are not tried. */
    private static final int MOST_PCPUS = 64;

    /** More vCPUs than these are not tried for a creation. */
    private static final int MOST_VCPUS = 64;

    /** The flags of an ioctl: four bits, the lowest of which no kernel takes. */
    private static final int FLAGS = 16;

    private final Specification specification;
    private final TraceHeader header;
    private final String counter;

    Readings(Specification specification, TraceHeader header, String counter) {
        this.specification = specification;
        this.header = header;
        this.counter = counter;
    }

    /**
     * What an event may have been.
     *
     * @param all whether it cannot have been anything else
     */
    record Read(List<TraceEvent> events, boolean all) {}

    Read of(TraceEvent event, State state) {
        if (event.hasArgs()) {
            return new Read(List.of(event), true);
        }
        List<ImmutableMap<Field, Object>> partly = List.of(ImmutableMap.of());
        boolean all = true;
        for (Field arg : event.operation().args()) {
            Object seen = event.args().get(arg);
            Collection<?> values = seen == null ? values(event, arg, state) : List.of(seen);
            all &= seen != null || isFinite(event, arg);
            List<ImmutableMap<Field, Object>> more = new ArrayList<>();
            for (ImmutableMap<Field, Object> args : partly) {
                values.forEach(value -> more.add(ImmutableMap.<Field, Object>builder()
                        .putAll(args)
                        .put(arg, value)
                        .buildOrThrow()));
            }
            partly = more;
        }
        return new Read(partly.stream().map(event::with).toList(), all);
    }

    private boolean isFinite(TraceEvent event, Field arg) {
        return switch (arg.kind()) {
            case FLAG -> true;
            case VCPU -> !creates(event) || header.vcpus() < MOST_VCPUS;
            case PCPU -> header.arm64().pcpus() <= MOST_PCPUS;
            default -> arg.equals(Field.FLAGS);
        };
    }

    private Collection<?> values(TraceEvent event, Field arg, State state) {
        return switch (arg.kind()) {
            case VCPU -> vcpus(event, state);
            case PCPU -> upTo(Math.min(MOST_PCPUS, header.arm64().pcpus()));
            case FLAG -> List.of(false, true);
            case NUMBER -> arg.equals(Field.FLAGS) ? upTo(FLAGS) : numbers(event);
            default -> words(event, state);
        };
    }

    private static boolean creates(TraceEvent event) {
        return event.operation() == Operation.CREATE_VCPU || event.operation() == Operation.BEGIN_CREATE_VCPU;
    }

    /** The vCPUs that there are, or that are being created; for a creation those that there may be. */
    private Collection<Integer> vcpus(TraceEvent event, State state) {
        Set<Integer> vcpus = new TreeSet<>(creates(event) ? upTo(Math.min(MOST_VCPUS, header.vcpus() + 1)) : List.of());
        vcpus.addAll(all(StateVariable.ONLINE, event, state));
        if (header.arch() == Arch.ARM64) {
            vcpus.addAll(all(StateVariable.CREATING, event, state));
        }
        return vcpus;
    }

    private Collection<Integer> all(StateVariable set, TraceEvent event, State state) {
        TlaValues values = new TlaValues(header.arch(), event.vm());
        Set<?> all = (Set<?>) values.toTrace(set.kind(), specification.look(set.specName(), state));
        return all.stream().map(Integer.class::cast).toList();
    }

    private static ImmutableList<Integer> upTo(int count) {
        return ContiguousSet.create(Range.closedOpen(0, count), DiscreteDomain.integers())
                .asList();
    }

    /** The numbers that were observed of the event, and those of the host. */
    private Collection<Object> numbers(TraceEvent event) {
        Set<Object> numbers = new LinkedHashSet<>();
        numbers.add(0);
        numbers.add(header.x86().tscKhz());
        observed(event, Kind.NUMBER).forEach(numbers::add);
        return numbers;
    }

    private Collection<Object> words(TraceEvent event, State state) {
        Set<Object> words = new LinkedHashSet<>();
        List<Long> seen = new ArrayList<>(event.revealedOffsets());
        observed(event, Kind.WORD).forEach(word -> seen.add((Long) word));
        words.addAll(seen);
        for (long when :
                List.of(event.counter().lo(), event.counter().hi(), Words64.bits(specification.look(counter, state)))) {
            for (long word : seen) {
                words.add(word + when);
                words.add(when - word);
            }
        }
        return words;
    }

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
