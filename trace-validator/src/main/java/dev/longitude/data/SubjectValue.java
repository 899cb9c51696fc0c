package dev.longitude.data;

import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Posting;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A subject as the record that {@code spec/Replay.tla} describes. Words are those of {@code Words64}. */
final class SubjectValue {
    private final Subject subject;
    private final boolean pairs;

    SubjectValue(Subject subject) {
        this.subject = subject;
        this.pairs = subject.header().host() instanceof TraceHeader.Arm64;
    }

    Value value() {
        return record(
                "kernel", kernel(subject.header().kernel()),
                "host", host(subject.header().host()),
                "events", tuple(subject.events().stream().map(this::event)));
    }

    private static Value kernel(KernelProfile kernel) {
        Posting posting = kernel.posting();
        return record(
                "release",
                tuple(Stream.of(
                                kernel.release().major(),
                                kernel.release().minor(),
                                kernel.release().patch())
                        .map(IntValue::gen)),
                "posting",
                new StringValue(posting == null ? "" : posting.specName()),
                "flipped",
                tuple(kernel.flipped().stream().map(Switch::specName).map(StringValue::new)));
    }

    private static Value host(TraceHeader.Host host) {
        if (host instanceof TraceHeader.X86 x86) {
            return record(
                    "tscKhz", IntValue.gen(x86.tscKhz()),
                    "clocksourceKhz", IntValue.gen(x86.clocksourceKhz()),
                    "tscFracBits", IntValue.gen(x86.tscFracBits()),
                    "tscClocksource", flag(x86.tscClocksource()),
                    "tscUnstable", flag(x86.tscUnstable()));
        }
        TraceHeader.Arm64 arm64 = (TraceHeader.Arm64) host;
        return record("vhe", flag(arm64.vhe()), "ecv", flag(arm64.ecv()), "pcpus", IntValue.gen(arm64.pcpus()));
    }

    private Value event(TraceEvent event) {
        if (!event.hasArgs()) {
            throw new IllegalArgumentException("line " + event.line() + ": " + event.call() + " lacks an argument");
        }
        Seen seen = new Seen(event.vm());
        event.state().forEach(seen::add);
        RecordValue args = fields(event.operation().args(), event);
        return record(
                "op", new StringValue(event.operation().specName()),
                "at", at(event),
                "args", args,
                "reply",
                        set(event.results().entrySet().stream()
                                .map(e -> pair(
                                        new StringValue(e.getKey().name()),
                                        scalar(event.vm(), e.getKey().kind(), e.getValue())))),
                "whole", set(seen.whole.stream()),
                "parts", set(seen.parts.stream()),
                "ofVm", set(seen.ofVm.stream()),
                "members", set(seen.members.stream()));
    }

    /** The arguments of an action, and the VM. */
    private RecordValue fields(Collection<Field> fields, TraceEvent event) {
        List<UniqueString> names = new ArrayList<>(List.of(UniqueString.uniqueStringOf("vm")));
        List<Value> values = new ArrayList<>(List.of(IntValue.gen(event.vm())));
        for (Field field : fields) {
            names.add(UniqueString.uniqueStringOf(field.name()));
            values.add(scalar(event.vm(), field.kind(), event.arg(field)));
        }
        return new RecordValue(names.toArray(UniqueString[]::new), values.toArray(Value[]::new), false);
    }

    /** The host's clocks: of x86 the TSC, the TSC when KVM read the base clock if it differs, the base clock, real time. */
    private Value at(TraceEvent event) {
        HostTime when = event.when();
        Stream<@Nullable Interval> clocks = pairs
                ? Stream.of(when.counter())
                : when.nsCounter() == null
                        ? Stream.of(when.counter(), when.ns(), when.realtime())
                        : Stream.of(when.counter(), when.nsCounter(), when.ns(), when.realtime());
        return tuple(clocks.map(clock -> {
            if (clock == null || !clock.isExact()) {
                throw new IllegalArgumentException("line " + event.line() + ": " + event.call()
                        + " happened at an instant that is not known exactly");
            }
            return Words64.word(clock.lo());
        }));
    }

    /** What an event shows of the state after it. */
    private final class Seen {
        private final int vm;
        private final List<Value> whole = new ArrayList<>();
        private final List<Value> parts = new ArrayList<>();
        private final List<Value> ofVm = new ArrayList<>();
        private final List<Value> members = new ArrayList<>();

        Seen(int vm) {
            this.vm = vm;
        }

        void add(StateVariable variable, Object value) {
            Value name = new StringValue(variable.specName());
            Kind kind = variable.kind();
            Kind each = kind.each();
            switch (kind) {
                case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU -> addParts(name, Kind.VCPU, each, (Map<?, ?>) value);
                case UINT64_BY_PCPU, UINT31_BY_PCPU -> addParts(name, Kind.PCPU, each, (Map<?, ?>) value);
                case UINT64_OF_VM -> parts.add(triple(name, IntValue.gen(vm), scalar(vm, each, value)));
                case FLAG_OF_VM -> members.add(triple(name, IntValue.gen(vm), scalar(vm, each, value)));
                case VCPU_SET -> {
                    Value set = set(((Collection<?>) value).stream().map(v -> scalar(vm, Kind.VCPU, v)));
                    if (pairs) {
                        ofVm.add(triple(name, IntValue.gen(vm), set));
                    } else {
                        whole.add(pair(name, set));
                    }
                }
                default -> whole.add(pair(name, scalar(vm, kind, value)));
            }
        }

        private void addParts(Value name, Kind key, Kind each, Map<?, ?> values) {
            values.forEach((index, part) -> parts.add(triple(name, scalar(vm, key, index), scalar(vm, each, part))));
        }
    }

    private Value scalar(int vm, Kind kind, Object value) {
        return switch (kind) {
            case VCPU -> pairs ? pair(IntValue.gen(vm), IntValue.gen((int) value)) : IntValue.gen((int) value);
            case UINT64 -> Words64.word((long) value);
            case FLAG -> flag((boolean) value);
            default -> IntValue.gen((int) value);
        };
    }

    private static Value flag(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }

    private static Value pair(Value one, Value other) {
        return new TupleValue(new Value[] {one, other});
    }

    private static Value triple(Value one, Value two, Value three) {
        return new TupleValue(new Value[] {one, two, three});
    }

    private static Value tuple(Stream<? extends Value> values) {
        return new TupleValue(values.toArray(Value[]::new));
    }

    private static Value set(Stream<? extends Value> values) {
        return new SetEnumValue(values.toArray(Value[]::new), false);
    }

    /** A record, from names and values in turn. */
    private static RecordValue record(Object... namesAndValues) {
        int size = namesAndValues.length / 2;
        UniqueString[] names = new UniqueString[size];
        Value[] values = new Value[size];
        for (int i = 0; i < size; i++) {
            names[i] = UniqueString.uniqueStringOf((String) namesAndValues[2 * i]);
            values[i] = (Value) namesAndValues[2 * i + 1];
        }
        return new RecordValue(names, values, false);
    }
}
