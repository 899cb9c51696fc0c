package dev.longitude.trace;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a trace line by line. It refuses an incomplete trace and names the place: a trace has a header, at least one
 * event, and an end line that counts the events.
 */
public final class TraceReader implements Closeable {
    private final LineSource source;
    private final TraceHeader header;
    private final StateInterner sharing = new StateInterner();
    private final EventLine line = new EventLine();

    /** Reads most lines; null if {@link JsonLine} must read each. */
    private final @Nullable EventScanner scanner;

    /** Null since version 2, in which an event of the host names no VM and appears once. */
    private final @Nullable HostEventsOfVms hostEvents;

    private int events;
    private boolean ended;

    /** The latest lower bound of an event's instant so far. */
    private long latest;

    /** Reads the header. */
    public TraceReader(LineSource source) throws TraceFormatException {
        this(source, true);
    }

    /** Reads the header; then reads each line with {@link JsonLine}: slowly, for tests. */
    static TraceReader strict(LineSource source) throws TraceFormatException {
        return new TraceReader(source, false);
    }

    private TraceReader(LineSource source, boolean scans) throws TraceFormatException {
        this.source = source;
        String first = source.next();
        if (first == null) {
            throw new TraceFormatException(source.name(), 1, 1, "the file is empty; a trace header was expected");
        }
        HeaderReader reader = new HeaderReader();
        JsonLine.read(source, first, reader::members);
        this.header = reader.header(source);
        this.hostEvents = reader.version() == 1 ? new HostEventsOfVms(header) : null;
        this.scanner = scans ? new EventScanner(header.arch(), sharing) : null;
    }

    /** The header. */
    public TraceHeader header() {
        return header;
    }

    /** The next event, or null after the last. */
    public @Nullable TraceEvent next() throws TraceFormatException {
        TraceEvent event = read();
        while (event != null && hostEvents != null && hostEvents.isRepeated(event)) {
            event = read();
        }
        return event;
    }

    private @Nullable TraceEvent read() throws TraceFormatException {
        if (ended) {
            return null;
        }
        if (!source.advance()) {
            throw new TraceFormatException(
                    source.name(),
                    source.line() + 1,
                    1,
                    "the trace ends after " + events + " events without an end line: it is truncated");
        }
        line.clear();
        if (scanner == null || !scanner.read(source.bytes(), source.from(), source.to(), line)) {
            EventReader reader = new EventReader(header.arch(), sharing, line);
            JsonLine.read(source, source.text(), reader::members);
            if (reader.end != null) {
                finish(reader.end);
                return null;
            }
        }
        events++;
        if (line.seq != events) {
            throw source.fault(
                    1,
                    "expected seq " + events + " and not " + line.seq
                            + ": an event is missing, doubled or out of order");
        }
        TraceEvent event = line.event(source, header, latest, hostEvents == null);
        latest = event.counter().lo();
        return event;
    }

    private void finish(int count) throws TraceFormatException {
        ended = true;
        if (events == 0) {
            throw source.fault(1, "the trace has no events; at least one was expected");
        }
        if (count != events) {
            throw source.fault(1, "the end line counts " + count + " events, but " + events + " stand before it");
        }
        if (source.next() != null) {
            throw source.fault(1, "expected nothing after the end line");
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /** The first line. */
    private static final class HeaderReader {
        private @Nullable String format;
        private @Nullable Integer version;
        private @Nullable Arch arch;
        private @Nullable KernelProfile kernel;
        private @Nullable Integer tscKhz;
        private @Nullable Integer clocksourceKhz;
        private @Nullable Integer tscFracBits;
        private @Nullable String clocksource;
        private @Nullable Boolean tscUnstable;
        private @Nullable Boolean vhe;
        private @Nullable Boolean ecv;
        private @Nullable Integer pcpus;
        private @Nullable Integer vcpus;
        private @Nullable String origin;
        private final ImmutableSet.Builder<String> silent = ImmutableSet.builder();
        private boolean threads;

        void members(JsonLine json) throws IOException, TraceFormatException {
            json.members(name -> {
                switch (name) {
                    case "format" -> format = exactly(json, TraceHeader.FORMAT);
                    case "version" -> version = json.number(TraceHeader.EARLIEST_VERSION, TraceHeader.VERSION);
                    case "arch" -> {
                        String machine = json.string();
                        arch = Arch.named(machine)
                                .orElseThrow(() -> json.fault("unknown architecture \"" + machine + "\"; expected "
                                        + Arch.X86 + " or " + Arch.ARM64));
                    }
                    case "kernel" -> {
                        String profile = json.string();
                        kernel = KernelProfile.named(profile)
                                .filter(k -> k.specName().equals(profile))
                                .orElseThrow(() -> json.fault("unknown kernel \"" + profile + "\"; expected v and "
                                        + KernelProfile.expected()));
                    }
                    case "host" ->
                        json.members(part -> {
                            switch (part) {
                                case "tscKhz" -> tscKhz = json.number(1, TraceHeader.MOST_TSC_KHZ);
                                case "clocksourceKhz" -> clocksourceKhz = json.number(1, TraceHeader.MOST_TSC_KHZ);
                                case "tscFracBits" -> {
                                    int bits = json.number(0, 48);
                                    if (bits != 0 && bits != 32 && bits != 48) {
                                        throw json.expected("0, 32 or 48");
                                    }
                                    tscFracBits = bits;
                                }
                                case "clocksource" -> clocksource = json.string();
                                case "tscUnstable" -> tscUnstable = json.flag();
                                case "vhe" -> vhe = json.flag();
                                case "ecv" -> ecv = json.flag();
                                case "pcpus" -> pcpus = json.number(1, TraceHeader.MOST_PCPUS);
                                default ->
                                    throw json.fault("unknown field \"" + part
                                            + "\" of the host; expected tscKhz, clocksourceKhz, tscFracBits, clocksource,"
                                            + " tscUnstable; or vhe, ecv, pcpus");
                            }
                        });
                    case "vcpus" -> vcpus = json.number(0, 65536);
                    case "origin" -> origin = json.string();
                    case "silent" ->
                        json.strings(action -> {
                            ImmutableCollection<Operation> named = Operation.named(action);
                            if (named.isEmpty()) {
                                throw json.fault("unknown action \"" + action + "\"");
                            }
                            if (!named.stream().allMatch(Operation::canBeSilent)) {
                                throw json.fault(action + " cannot be silent: it has arguments that could be anything");
                            }
                            silent.add(action);
                        });
                    case "threads" -> threads = json.flag();
                    default ->
                        throw json.fault("unknown field \"" + name + "\" in the header; expected format, version, "
                                + "arch, kernel, host, vcpus, origin, silent, threads");
                }
            });
        }

        private static String exactly(JsonLine json, String wanted) throws IOException, TraceFormatException {
            String actual = json.string();
            if (!actual.equals(wanted)) {
                throw json.expected("\"" + wanted + "\" and not \"" + actual + "\"");
            }
            return actual;
        }

        int version() {
            return version == null ? 0 : version;
        }

        TraceHeader header(LineSource source) throws TraceFormatException {
            given(source, "format", format);
            given(source, "version", version);
            boolean ofX86 = tscKhz != null
                    || clocksourceKhz != null
                    || clocksource != null
                    || tscUnstable != null
                    || tscFracBits != null;
            boolean ofArm64 = vhe != null || ecv != null || pcpus != null;
            TraceHeader.Host host = switch (given(source, "arch", arch)) {
                case X86 -> x86(source, ofArm64);
                case ARM64 -> arm64(source, ofX86);
            };
            ImmutableSet.Builder<Operation> unseen = ImmutableSet.builder();
            for (String action : silent.build()) {
                unseen.add(Operation.named(host.arch(), action)
                        .orElseThrow(() -> source.fault(1, "there is no " + action + " on " + host.arch())));
            }
            return new TraceHeader(
                    given(source, "kernel", kernel),
                    host,
                    given(source, "vcpus", vcpus),
                    given(source, "origin", origin),
                    unseen.build(),
                    threads);
        }

        private TraceHeader.X86 x86(LineSource source, boolean ofAnother) throws TraceFormatException {
            checkHost(source, ofAnother);
            int khz = given(source, "host.tscKhz", tscKhz);
            return new TraceHeader.X86(
                    khz,
                    clocksourceKhz == null ? khz : clocksourceKhz,
                    tscFracBits == null ? 0 : tscFracBits,
                    given(source, "host.clocksource", clocksource).equals("tsc"),
                    tscUnstable != null && tscUnstable);
        }

        private TraceHeader.Arm64 arm64(LineSource source, boolean ofAnother) throws TraceFormatException {
            checkHost(source, ofAnother);
            return new TraceHeader.Arm64(
                    given(source, "host.vhe", vhe), given(source, "host.ecv", ecv), given(source, "host.pcpus", pcpus));
        }

        private void checkHost(LineSource source, boolean ofAnother) throws TraceFormatException {
            if (ofAnother) {
                throw source.fault(1, "the host has fields of the other architecture than " + arch);
            }
        }

        private static <T> T given(LineSource source, String name, @Nullable T value) throws TraceFormatException {
            if (value == null) {
                throw source.fault(1, "expected " + name + " in the trace header");
            }
            return value;
        }
    }

    /** One line, read strictly: an event, or the end. */
    private static final class EventReader {
        private static final ImmutableSet<String> OF_KVMCLOCK = ImmutableSet.of("ns", "realtime", "nsTsc");

        private final Arch arch;
        private final String counter;
        private final StateInterner sharing;
        private final EventLine line;
        private final ImmutableMap.Builder<Field, Object> args = ImmutableMap.builder();
        private final ImmutableMap.Builder<Field, Object> results = ImmutableMap.builder();
        private final ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builder();
        private @Nullable Integer end;

        EventReader(Arch arch, StateInterner sharing, EventLine line) {
            this.arch = arch;
            this.counter = arch.counter();
            this.sharing = sharing;
            this.line = line;
        }

        void members(JsonLine json) throws IOException, TraceFormatException {
            int[] members = {0};
            json.members(name -> {
                members[0]++;
                member(json, name);
            });
            if (end != null && members[0] > 1) {
                throw json.fault("the end line has other members than end: an event and the end stand in one line");
            }
            line.args = args.buildOrThrow();
            line.results = results.buildOrThrow();
            line.state = state.buildOrThrow();
        }

        private void member(JsonLine json, String name) throws IOException, TraceFormatException {
            if (name.equals(counter)) {
                line.counter = json.interval();
                return;
            }
            if (!arch.hasKvmclock() && OF_KVMCLOCK.contains(name)) {
                throw json.fault(
                        "unknown field \"" + name + "\": an arm64 host's clocks besides its counter do not matter");
            }
            switch (name) {
                case "seq" -> line.seq = json.number(1, Integer.MAX_VALUE);
                case "vm" -> line.vm = json.number(0, 65535);
                case "thread" -> line.thread = json.number(0, Integer.MAX_VALUE);
                case "ns" -> line.ns = json.interval();
                case "realtime" -> line.realtime = json.interval();
                case "nsTsc" -> line.nsCounter = json.interval();
                case "action" -> {
                    String action = json.string();
                    line.operation = Operation.named(arch, action)
                            .orElseThrow(() -> json.fault("unknown action \"" + action + "\""));
                }
                case "args" -> fields(json, args, action(json).args(), "argument");
                case "reply" -> fields(json, results, action(json).results(), "result");
                case "state" ->
                    json.members(variable -> {
                        StateVariable known = StateVariable.named(variable)
                                .orElseThrow(() -> json.fault("unknown variable \"" + variable + "\""));
                        state.put(known, sharing.of(known, json.value(known.kind())));
                    });
                case "end" -> end = json.number(0, Integer.MAX_VALUE);
                default ->
                    throw json.fault("unknown field \"" + name + "\"; expected seq, vm, thread, " + counter
                            + ", ns, realtime, nsTsc, action, args, reply, state or end");
            }
        }

        private Operation action(JsonLine json) throws TraceFormatException {
            if (line.operation == null) {
                throw json.expected("action before args, reply and state");
            }
            return line.operation;
        }

        private static void fields(
                JsonLine json, ImmutableMap.Builder<Field, Object> into, ImmutableList<Field> known, String what)
                throws IOException, TraceFormatException {
            json.members(name -> {
                for (Field field : known) {
                    if (field.name().equals(name)) {
                        into.put(field, json.value(field.kind()));
                        return;
                    }
                }
                throw json.fault("unknown " + what + " \"" + name + "\"");
            });
        }
    }
}
