package dev.longitude.trace;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import java.util.StringJoiner;

/**
 * One operation, with what was observed.
 *
 * @param line its line in the file, from 1; 0 if it has none
 * @param vm which VM, not negative; {@link #HOST} for {@linkplain Operation#isOfHost an event of the host}, unless it
 *     is {@linkplain #of restricted to one VM}
 * @param when when the kernel read the host's clocks for it
 * @param operation what was done
 * @param args the observed arguments, by {@link Operation#args()}; any may be missing
 * @param results the observed results, by {@link Operation#results()}; any may be missing
 * @param state the observed state after the operation; any variable may be missing, and a map over vCPUs may have only
 *     some of them
 * @param thread the thread that did it: where the header says threads, only the events of one thread are in order
 * @param optional whether it may not have happened: nothing shows whether it did
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

    /** Checks that only an event of the host names no VM, and that such an event shows no VM's state. */
    public TraceEvent {
        checkArgument(vm >= (operation.isOfHost() ? HOST : 0), "%s of VM %s", operation, vm);
        checkArgument(vm != HOST || state.isEmpty(), "%s shows the state of a VM but names no VM", operation);
    }

    /** An event that has happened, in a trace whose events are all in order. */
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

    /** The part of a host event for one VM. */
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

    /** Whether every argument was observed. */
    public boolean hasArgs() {
        return args.size() == operation.args().size();
    }

    /** The host's counter at the event. */
    public Interval counter() {
        return when.counter();
    }

    /** The vCPU that the operation acts on; -1 if there is none or it was not observed. */
    public int vcpu() {
        return (int) args.getOrDefault(Field.VCPU, -1);
    }

    /**
     * An argument of the operation.
     *
     * @throws NullPointerException if the operation has no such argument, or it was not observed
     */
    public Object arg(Field field) {
        return requireNonNull(args.get(field), field.name());
    }

    /** The operation as text: {@code WriteTsc(vcpu 0, value 5)}; {@code ?} for what was not observed. */
    public String call() {
        StringJoiner text = new StringJoiner(", ", operation.specName() + "(", ")");
        for (Field arg : operation.args()) {
            Object value = args.get(arg);
            text.add(arg.name() + " " + (value == null ? "?" : show(arg, value)));
        }
        return text.toString();
    }

    /** What a field has, for people: an offset signed, as KVM prints it. */
    public static String show(Field field, Object value) {
        return field.equals(Field.OFFSET) ? Long.toString((long) value) : show(field.kind(), value);
    }

    /** A value for people: words unsigned. */
    public static String show(Kind kind, Object value) {
        return kind == Kind.UINT64 ? Long.toUnsignedString((long) value) : String.valueOf(value);
    }
}
