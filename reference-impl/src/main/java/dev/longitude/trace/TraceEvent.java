package dev.longitude.trace;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import java.util.StringJoiner;

/**
 * One operation, with what was seen of it.
 *
 * @param line the line of the file that it stands in, from 1; 0 if it stands in none
 * @param vm which VM, not negative; {@link #HOST} for what {@linkplain Operation#isOfHost befalls the host}, unless it is
 *     taken {@linkplain #of for one VM}
 * @param when when the kernel read the host's clocks for it
 * @param operation what was done
 * @param args what was seen of the arguments, by {@link Operation#args()}; any may be missing
 * @param results what was seen of the results, by {@link Operation#results()}; any may be missing
 * @param state what was seen of the state after the operation; anything may be missing, and a map over vCPUs may have
 *     some of them
 * @param thread who did it: where a trace says so, only the events of one thread stand in order
 * @param optional whether it may not have happened at all: nothing shows whether it did
 */
public record TraceEvent(
        int line,
        int vm,
        HostTime when,
        Operation operation,
        ImmutableMap<Field, Object> args,
        ImmutableMap<Field, Object> results,
        ImmutableMap<StateVariable, Object> state,
        int thread,
        boolean optional) {
    /** Stands for the VM in an event of the host: it concerns all VMs. */
    public static final int HOST = -1;

    /** Checks that only an event of the host names no VM, and that it shows no VM's state then. */
    public TraceEvent {
        checkArgument(vm >= (operation.isOfHost() ? HOST : 0), "%s of VM %s", operation, vm);
        checkArgument(vm != HOST || state.isEmpty(), "%s shows the state of a VM and names none", operation);
    }

    /** An event that has happened, of a trace whose events all stand in order. */
    public TraceEvent(
            int line,
            int vm,
            HostTime when,
            Operation operation,
            ImmutableMap<Field, Object> args,
            ImmutableMap<Field, Object> results,
            ImmutableMap<StateVariable, Object> state) {
        this(line, vm, when, operation, args, results, state, 0, false);
    }

    /** The same event at another instant. */
    public TraceEvent at(HostTime instant) {
        return new TraceEvent(line, vm, instant, operation, args, results, state, thread, optional);
    }

    /** The same event with these arguments. */
    public TraceEvent with(ImmutableMap<Field, Object> arguments) {
        return new TraceEvent(line, vm, when, operation, arguments, results, state, thread, optional);
    }

    /** What an event of the host is for one VM. */
    public TraceEvent of(int which) {
        return new TraceEvent(line, which, when, operation, args, results, state, thread, optional);
    }

    /** The same event by a thread. */
    public TraceEvent by(int who) {
        return new TraceEvent(line, vm, when, operation, args, results, state, who, optional);
    }

    /** The same event, which may not have happened. */
    public TraceEvent maybe() {
        return new TraceEvent(line, vm, when, operation, args, results, state, thread, true);
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
        return kind == Kind.UINT64 ? Long.toUnsignedString((long) value) : String.valueOf(value);
    }
}
