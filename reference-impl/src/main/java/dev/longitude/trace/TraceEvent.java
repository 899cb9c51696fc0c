package dev.longitude.trace;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.StringJoiner;

/**
 * One operation, with what was seen of it.
 *
 * @param line the line of the file that it stands in, from 1; 0 if it stands in none
 * @param vm which VM
 * @param when when the kernel read the host's clocks for it
 * @param operation what was done
 * @param args what was seen of the arguments, by {@link Operation#args()}; any may be missing
 * @param results what was seen of the results, by {@link Operation#results()}; any may be missing
 * @param state what was seen of the state after the operation; anything may be missing, and a map over vCPUs may have
 *     some of them
 * @param revealedOffsets offsets that later lines show the vCPU to have had since this event; the instant of a write
 *     by value can be computed from them
 * @param revealedClocks what later lines show of kvmclock; the instant of a clock update can be computed from it
 * @param thread who did it: where a trace says so, only the events of one thread stand in order
 */
public record TraceEvent(
        int line,
        int vm,
        HostTime when,
        Operation operation,
        ImmutableMap<Field, Object> args,
        ImmutableMap<Field, Object> results,
        ImmutableMap<StateVariable, Object> state,
        ImmutableSet<Long> revealedOffsets,
        ImmutableList<ClockSeen> revealedClocks,
        int thread) {

    /** An event of which nothing later is known. */
    public TraceEvent(
            int line,
            int vm,
            HostTime when,
            Operation operation,
            ImmutableMap<Field, Object> args,
            ImmutableMap<Field, Object> results,
            ImmutableMap<StateVariable, Object> state) {
        this(line, vm, when, operation, args, results, state, ImmutableSet.of(), ImmutableList.of(), 0);
    }

    /** The same event with what later lines reveal: offsets, and what they say of the state after the event. */
    public TraceEvent revealing(ImmutableSet<Long> offsets, ImmutableMap<StateVariable, Object> seen) {
        return new TraceEvent(line, vm, when, operation, args, results, seen, offsets, revealedClocks, thread);
    }

    /** The same event with what later lines reveal of kvmclock. */
    public TraceEvent revealing(ImmutableList<ClockSeen> clocks) {
        return new TraceEvent(line, vm, when, operation, args, results, state, revealedOffsets, clocks, thread);
    }

    /** The same event at another instant. */
    public TraceEvent at(HostTime instant) {
        return new TraceEvent(
                line, vm, instant, operation, args, results, state, revealedOffsets, revealedClocks, thread);
    }

    /** The same event with these arguments. */
    public TraceEvent with(ImmutableMap<Field, Object> arguments) {
        return new TraceEvent(
                line, vm, when, operation, arguments, results, state, revealedOffsets, revealedClocks, thread);
    }

    /** The same event by a thread. */
    public TraceEvent by(int who) {
        return new TraceEvent(line, vm, when, operation, args, results, state, revealedOffsets, revealedClocks, who);
    }

    /** Whether every argument was seen. */
    public boolean hasArgs() {
        return args.size() == operation.args().size();
    }

    /** The host's counter at the event. */
    public Interval counter() {
        return when.counter();
    }

    /** The vCPU that the operation is for, or -1: it is for none, or nobody saw for which. */
    public int vcpu() {
        return (int) args.getOrDefault(Field.VCPU, -1);
    }

    /**
     * An argument of the operation.
     *
     * @throws NullPointerException if the operation has no such argument, or it was not seen
     */
    public Object arg(Field field) {
        return requireNonNull(args.get(field), field.name());
    }

    /** The operation as one would write it: {@code WriteTsc(vcpu 0, value 5)}; {@code ?} for what was not seen. */
    public String call() {
        StringJoiner text = new StringJoiner(", ", operation.specName() + "(", ")");
        for (Field arg : operation.args()) {
            Object value = args.get(arg);
            text.add(arg.name() + " " + (value == null ? "?" : show(arg.kind(), value)));
        }
        return text.toString();
    }

    /** A value as a person reads it: words unsigned. */
    public static String show(Kind kind, Object value) {
        return kind == Kind.WORD ? Long.toUnsignedString((long) value) : String.valueOf(value);
    }
}
