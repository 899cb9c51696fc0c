package dev.longitude.trace;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.ByteCursor.Unusual;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads event lines from bytes, in the form that writers produce. It accepts no line that the strict reader ({@link
 * JsonLine}) refuses, and both read the same event from a line. The strict reader reads again what this one does not
 * accept.
 */
final class EventScanner {
    private enum Member {
        SEQ("seq"),
        VM("vm"),
        THREAD("thread"),
        COUNTER(""),
        NS("ns"),
        REALTIME("realtime"),
        NS_COUNTER("nsTsc"),
        ACTION("action"),
        ARGS("args"),
        REPLY("reply"),
        STATE("state");

        private final String text;

        Member(String text) {
            this.text = text;
        }
    }

    private static final ImmutableSet<Member> OF_KVMCLOCK =
            Sets.immutableEnumSet(Member.NS, Member.REALTIME, Member.NS_COUNTER);

    private final NameTable<Member> members;
    private final NameTable<Operation> operations;
    private final Map<Operation, Fields> args;
    private final Map<Operation, Fields> results;
    private final ByteCursor cursor = new ByteCursor();
    private final ValueScanner values = new ValueScanner(cursor);
    private final StateScanner states;

    /** The members of the current line so far. */
    private final Set<Member> seen = EnumSet.noneOf(Member.class);

    /** The arguments or the results of an operation. */
    private record Fields(
            ImmutableList<Field> all, @Nullable NameTable<Field> byName) {
        static Fields of(ImmutableList<Field> all) {
            return new Fields(all, all.isEmpty() ? null : new NameTable<>(all, Field::name));
        }
    }

    EventScanner(Arch arch, StateInterner sharing) {
        List<Member> there = Arrays.stream(Member.values())
                .filter(m -> arch.hasKvmclock() || !OF_KVMCLOCK.contains(m))
                .toList();
        members = new NameTable<>(there, m -> m == Member.COUNTER ? arch.counter() : m.text);
        ImmutableList<Operation> all = Operation.of(arch);
        operations = new NameTable<>(all, Operation::specName);
        args = all.stream().collect(ImmutableMap.toImmutableMap(o -> o, o -> Fields.of(o.args())));
        results = all.stream().collect(ImmutableMap.toImmutableMap(o -> o, o -> Fields.of(o.results())));
        states = new StateScanner(cursor, values, sharing);
    }

    /**
     * Reads the line in an array.
     *
     * @return whether it could; otherwise {@code into} is as it was before
     */
    boolean read(byte[] bytes, int from, int to, EventLine into) {
        cursor.begin(bytes, from, to);
        try {
            read(into);
            return true;
        } catch (Unusual e) {
            states.forget();
            into.clear();
            return false;
        }
    }

    private void read(EventLine into) throws Unusual {
        cursor.expect('{');
        seen.clear();
        do {
            Member member = cursor.name(members);
            cursor.expect(':');
            if (!seen.add(member)) {
                throw ByteCursor.unusual(); // a duplicate
            }
            read(member, into);
        } while (cursor.take(','));
        cursor.expect('}');
        if (cursor.peek() >= 0) {
            throw ByteCursor.unusual();
        }
    }

    private void read(Member member, EventLine into) throws Unusual {
        switch (member) {
            case SEQ -> into.seq = cursor.number(1, Integer.MAX_VALUE);
            case VM -> into.vm = cursor.number(0, 65535);
            case THREAD -> into.thread = cursor.number(0, Integer.MAX_VALUE);
            case COUNTER -> into.counter = values.interval();
            case NS -> into.ns = values.interval();
            case REALTIME -> into.realtime = values.interval();
            case NS_COUNTER -> into.nsCounter = values.interval();
            case ACTION -> into.operation = cursor.name(operations);
            case ARGS -> into.args = fields(of(args, into));
            case REPLY -> into.results = fields(of(results, into));
            case STATE -> into.state = states.state();
        }
    }

    private static Fields of(Map<Operation, Fields> all, EventLine line) throws Unusual {
        Fields fields = line.operation == null ? null : all.get(line.operation);
        if (fields == null) {
            throw ByteCursor.unusual();
        }
        return fields;
    }

    private ImmutableMap<Field, Object> fields(Fields known) throws Unusual {
        cursor.expect('{');
        if (cursor.take('}')) {
            return ImmutableMap.of();
        }
        if (known.byName == null) {
            throw ByteCursor.unusual();
        }
        Field first = cursor.name(known.byName);
        cursor.expect(':');
        Object value = values.value(first.kind());
        if (cursor.take('}')) {
            return ImmutableMap.of(first, value);
        }
        ImmutableMap.Builder<Field, Object> all = ImmutableMap.builderWithExpectedSize(known.all.size());
        all.put(first, value);
        int seen = 1 << known.all.indexOf(first);
        do {
            cursor.expect(',');
            Field field = cursor.name(known.byName);
            cursor.expect(':');
            int bit = 1 << known.all.indexOf(field);
            if ((seen & bit) != 0) {
                throw ByteCursor.unusual();
            }
            seen |= bit;
            all.put(field, values.value(field.kind()));
        } while (!cursor.take('}'));
        return all.buildOrThrow();
    }
}
