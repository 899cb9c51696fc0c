package dev.longitude.replay;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.spec.Specification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Traces as a root module over {@code TraceKvmX86} or {@code TraceKvmArm64}: a step for the time that passes before an
 * event, and one for the event, with all that was observed as conjuncts. TLC prints each event that it takes. One
 * module has several traces, each with its own initial state.
 */
abstract sealed class TraceModule permits X86TraceModule, Arm64TraceModule {
    static final String MODULE = "TraceReplay";

    private final Specification specification;
    private final List<String> begins = new ArrayList<>();

    /** The step of each event by its number, from 1; null between two traces. */
    private final List<@Nullable String> steps = new ArrayList<>();

    TraceModule(Specification specification) {
        this.specification = specification;
        steps.add(null);
    }

    /** An empty module. */
    static TraceModule of(Arch arch) {
        return switch (arch) {
            case X86 -> new X86TraceModule();
            case ARM64 -> new Arm64TraceModule();
        };
    }

    /** The modules that it builds on. */
    abstract String base();

    /** The part after {@code Witness} in the name of a module of one subject's behaviour. */
    abstract String suffix(TraceEvent first);

    /** Whether the architecture has a constant of the configuration. */
    abstract boolean has(String constant);

    /** Whether an event creates its subject's state, and is no step from one. */
    abstract boolean begins(TraceEvent event);

    /** The initial state of a trace with this first event; null if there is none. */
    abstract @Nullable String beginning(TraceHeader header, TraceEvent first);

    /** The host's clocks at an event, which must be known, as arguments of {@code TimePasses}. */
    abstract String times(TraceEvent event);

    /** The action that advances the time to an event. */
    String timePasses(TraceEvent event) {
        return "TimePasses(" + times(event) + ")";
    }

    abstract String vcpu(VcpuId vcpu);

    /** The vCPUs of an event's VM in a set of vCPUs. */
    abstract String ofVm(String set, int vm);

    /**
     * Adds a trace of one subject: on x86 of one VM, on arm64 of a host.
     *
     * @return the number of its first event
     */
    int add(TraceHeader header, List<TraceEvent> events) {
        int first = steps.size();
        TraceEvent one = events.get(0);
        String beginning = beginning(header, one);
        if (beginning != null) {
            begins.add(
                    begins(one)
                            ? "event = " + (first + 1) + " /\\ " + beginning + observed(one, "") + " /\\ " + took(first)
                            : "event = " + first + " /\\ " + beginning);
        }
        for (TraceEvent event : events) {
            steps.add(begins(event) ? null : step(event, steps.size()));
        }
        steps.add(null);
        return first;
    }

    private static String took(int number) {
        return "PrintT(<<\"took\", " + number + ">>)";
    }

    private String step(TraceEvent event, int number) {
        String action = event.operation().specName();
        List<String> formals = specification.formals(event.operation());
        String args = formals.isEmpty()
                ? ""
                : formals.stream().map(f -> argument(event, f)).collect(Collectors.joining(", ", "(", ")"));
        return "\\/ ~timed /\\ timed' = TRUE /\\ UNCHANGED event /\\ " + timePasses(event) + "\n"
                + "    \\/ timed /\\ timed' = FALSE /\\ event' = event + 1 /\\ " + action + args + observed(event, "'")
                + " /\\ " + took(number);
    }

    /** The instant, which must be known. */
    static long exact(@Nullable Interval within) {
        if (within == null || !within.isExact()) {
            throw new IllegalArgumentException("an instant that is not known exactly");
        }
        return within.lo();
    }

    private String argument(TraceEvent event, String formal) {
        if (formal.equals("vm")) {
            return Integer.toString(event.vm());
        }
        for (Map.Entry<Field, Object> arg : event.args().entrySet()) {
            if (arg.getKey().name().equals(formal)) {
                return value(event, arg.getKey().kind(), arg.getValue());
            }
        }
        throw new IllegalArgumentException(event.operation() + " without " + formal);
    }

    private String observed(TraceEvent event, String prime) {
        List<String> all = new ArrayList<>();
        event.results()
                .forEach((field, value) ->
                        all.add("reply" + prime + "." + field.name() + " = " + value(event, field.kind(), value)));
        event.state().forEach((variable, value) -> all.addAll(seen(event, variable, value, prime)));
        return all.stream().map(c -> "\n       /\\ " + c).collect(Collectors.joining());
    }

    private List<String> seen(TraceEvent event, StateVariable variable, Object value, String prime) {
        String name = variable.specName() + prime;
        Kind kind = variable.kind();
        return switch (kind) {
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU -> parts(event, name, kind, value, Kind.VCPU);
            case UINT64_BY_PCPU, UINT31_BY_PCPU -> parts(event, name, kind, value, Kind.PCPU);
            case VCPU_SET ->
                ImmutableList.of(ofVm(name, event.vm())
                        + " = {"
                        + ((Set<?>) value)
                                .stream().map(v -> value(event, Kind.VCPU, v)).collect(Collectors.joining(", "))
                        + "}");
            case UINT64_OF_VM -> ImmutableList.of(name + "[" + event.vm() + "] = " + word((long) value));
            case FLAG_OF_VM -> ImmutableList.of("(" + event.vm() + " \\in " + name + ") = " + flag((boolean) value));
            default -> ImmutableList.of(name + " = " + value(event, kind, value));
        };
    }

    private List<String> parts(TraceEvent event, String name, Kind kind, Object value, Kind key) {
        List<String> all = new ArrayList<>();
        ((Map<?, ?>) value).forEach((index, part) -> {
            String at = value(event, key, requireIndex(index));
            all.add(at + " \\in DOMAIN " + name + " /\\ " + name + "[" + at + "] = "
                    + value(event, kind.each(), requireIndex(part)));
        });
        return all;
    }

    private static Object requireIndex(@Nullable Object value) {
        if (value == null) {
            throw new IllegalArgumentException("a part without a value");
        }
        return value;
    }

    private String value(TraceEvent event, Kind kind, Object value) {
        return switch (kind) {
            case VCPU -> vcpu(new VcpuId(event.vm(), (int) value));
            case UINT64 -> word((long) value);
            case FLAG -> flag((boolean) value);
            default -> integer((int) value);
        };
    }

    static String flag(boolean value) {
        return value ? "TRUE" : "FALSE";
    }

    /** The 64 bits as a pair of 32-bit halves, as Words64 has them. */
    static String word(long bits) {
        return "<<" + integer((int) (bits >>> 32)) + ", " + integer((int) bits) + ">>";
    }

    /** TLA+ has no negative literals, and TLC no 2^31. */
    private static String integer(int value) {
        return value == Integer.MIN_VALUE ? "(-2147483647 - 1)" : value < 0 ? "(" + value + ")" : "" + value;
    }

    /**
     * The module's text.
     *
     * @param all the number after that of the last event, if TLC must show a behaviour; otherwise 0
     */
    String module(String name, int all) {
        StringBuilder text = new StringBuilder(
                "---- MODULE " + name + " ----\nEXTENDS TraceKvm" + base() + "\n\nVARIABLES event, timed\n\n");
        for (int i = 1; i < steps.size(); i++) {
            String step = steps.get(i);
            if (step != null) {
                text.append("Event").append(i).append(" ==\n    ").append(step).append("\n\n");
            }
        }
        text.append("Init == timed = FALSE /\\ (\n     ")
                .append(begins.stream().map(b -> "(" + b + ")").collect(Collectors.joining("\n  \\/ ")))
                .append(begins.isEmpty() ? "FALSE" : "")
                .append(")\n\nNext ==\n");
        dispatch(text, 0, steps.size());
        if (all > 0) {
            text.append(
                            "\n\n\\* All events are taken when TLC says that this is violated; it shows the behaviour then.\n")
                    .append("NotAllTaken == event # " + all);
        }
        return text.append("\n====\n").toString();
    }

    /** A binary search for the next event: TLC would try a disjunction from its beginning. */
    private void dispatch(StringBuilder text, int from, int to) {
        if (to - from == 1) {
            text.append(steps.get(from) == null ? "FALSE" : "Event" + from);
            return;
        }
        int middle = (from + to) / 2;
        text.append("(IF event < ").append(middle).append(" THEN ");
        dispatch(text, from, middle);
        text.append(" ELSE ");
        dispatch(text, middle, to);
        text.append(")");
    }
}
