package dev.longitude.trace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.X86ClockScenario;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceReaderTest {
    private static final String HEADER = "{\"format\":\"longitude-trace\",\"version\":2,\"arch\":\"x86_64\","
            + "\"kernel\":\"v6.12\",\"host\":{\"tscKhz\":1000000,\"clocksource\":\"tsc\"},\"vcpus\":1,\"origin\":\"t\"}\n";
    private static final String EVENT =
            "{\"seq\":1,\"vm\":0,\"tsc\":\"5\",\"action\":\"CreateVm\",\"args\":{},\"reply\":{},\"state\":{}}\n";

    private static List<TraceEvent> read(String text) throws TraceFormatException, IOException {
        List<TraceEvent> events = new ArrayList<>();
        try (TraceReader reader =
                new TraceReader(new LineSource("t", new ByteArrayInputStream(text.getBytes(UTF_8))))) {
            for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                events.add(event);
            }
        }
        return events;
    }

    @Test
    void readsWhatTheWriterWrote() throws Exception {
        Trace recording = X86ClockScenario.RANDOM.play(KernelProfile.of("v6.12"), 3, 7);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
        try (TraceReader reader = new TraceReader(new LineSource("t", new ByteArrayInputStream(out.toByteArray())))) {
            assertThat(reader.header()).isEqualTo(recording.header());
            for (TraceEvent written : recording.events()) {
                TraceEvent event = reader.next();
                assertThat(event)
                        .isEqualTo(new TraceEvent(
                                requireNonNull(event).line(),
                                written.vm(),
                                written.when(),
                                written.operation(),
                                written.args(),
                                written.results(),
                                written.state()));
            }
            assertThat(reader.next()).isNull();
        }
    }

    /** Where KVM reads two clocks one after the other, an event has both instants. */
    @Test
    void theInstantOfTheBaseClockIsKept() throws Exception {
        Trace recording = X86ClockScenario.RANDOM.play(KernelProfile.of("v6.12"), 1, 7);
        TraceEvent event = recording.events().get(0);
        HostTime when =
                new HostTime(event.counter(), event.when().ns(), event.when().realtime(), new Interval(7, 9));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, recording.header())) {
            writer.write(event.at(when));
        }
        byte[] bytes = out.toByteArray();
        try (TraceReader reader = new TraceReader(new LineSource("t", new ByteArrayInputStream(bytes)));
                TraceReader strict = TraceReader.strict(new LineSource("t", new ByteArrayInputStream(bytes)))) {
            assertThat(requireNonNull(reader.next()).when()).isEqualTo(when);
            assertThat(requireNonNull(strict.next()).when()).isEqualTo(when);
        }
    }

    /** Each row: the text after the header, and the message; every message has the place. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                                             | t:2:1: the trace ends after 0 events without an end line: it is truncated
            {"end":0}                                                      | t:2:1: the trace has no events; at least one was expected
            {"seq":1,"vm":0,"tsc":"5","act                                 | t:2:31: the line ends inside a JSON object: the file is truncated here
            {"seq":1,"vm":0,"tsc":"5","action":"Fly"}                      | t:2:36: unknown action "Fly"
            {"seq":1,"vm":0,"tsc":"5","action":"GetClock","colour":1}      | t:2:56: unknown field "colour"; expected seq, vm, thread, tsc, ns, realtime, nsTsc, action, args, reply, state or end
            {"seq":1,"vm":0,"tsc":"18446744073709551616","action":"GetClock"} | t:2:23: expected an unsigned 64-bit number as a string of decimal digits
            {"seq":1,"vm":0,"tsc":5,"action":"GetClock"}                   | t:2:23: expected an unsigned 64-bit number as a string of decimal digits
            {"seq":1,"vm":0,"tsc":["9","5"],"action":"GetClock"}           | t:2:28: expected the second word not behind the first
            {"seq":1,"vm":70000,"tsc":"5","action":"GetClock"}             | t:2:15: expected a number from 0 to 65535
            {"seq":2,"vm":0,"tsc":"5","action":"GetClock"}                 | t:2:1: expected seq 1 and not 2: an event is missing, doubled or out of order
            {"seq":1,"vm":0,"thread":1,"action":"GetClock"}                | t:2:1: expected no thread in the event, because the header does not say threads
            {"seq":1,"vm":0,"tsc":"5","action":"GetClock","args":{"vcpu":0}} | t:2:62: unknown argument "vcpu"
            {"seq":1,"vm":0,"tsc":"5","action":"GetClock","state":{"mood":1}} | t:2:63: unknown variable "mood"
            {"seq":1,"seq":1,"vm":0,"tsc":"5","action":"GetClock"}         | t:2:15: not JSON: Duplicate field 'seq'
            {"seq":1,"vm":0,"tsc":"5","action":"GetClock"}x                | t:2:47: not JSON: Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
            [1]                                                            | t:2:1: expected a JSON object
            {"seq":1,"vm":0,"tsc":"5","action":"GetClock","end":1}         | t:2:54: the end line has other members than end: an event and the end stand in one line
            {"end":1,"seq":1,"vm":0,"tsc":"5","action":"GetClock"}         | t:2:54: the end line has other members than end: an event and the end stand in one line
            {"end":0,"vm":0}                                               | t:2:16: the end line has other members than end: an event and the end stand in one line
            """)
    void saysWhereAndWhatWasExpected(String line, String message) {
        assertThatThrownBy(() -> read(HEADER + line + (line.isEmpty() ? "" : "\n")))
                .isInstanceOf(TraceFormatException.class)
                .hasMessage(message);
    }

    @Test
    void anEmptyFileIsNoTrace() {
        assertThatThrownBy(() -> read("")).hasMessage("t:1:1: the file is empty; a trace header was expected");
    }

    @Test
    void theEndLineCounts() {
        assertThatThrownBy(() -> read(HEADER + EVENT + "{\"end\":2}\n"))
                .hasMessage("t:3:1: the end line counts 2 events, but 1 stand before it");
        assertThatThrownBy(() -> read(HEADER + EVENT)).hasMessageContaining("truncated");
        assertThatThrownBy(() -> read(HEADER + EVENT + "{\"end\":1}\n" + EVENT))
                .hasMessage("t:4:1: expected nothing after the end line");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            v6.12           | v9.9        | unknown kernel "v9.9"; expected v and a release from 5.10 to 7.4, such as 6.12 or v6.12.95, v3.16, or one of series-v1, series-v2, corrected
            x86_64          | riscv       | unknown architecture "riscv"; expected x86_64 or aarch64
            longitude-trace | other       | expected "longitude-trace" and not "other"
            1000000         | 0           | expected a number from 1 to 8000000
            clocksource     | clocksaucer | unknown field "clocksaucer" of the host; expected tscKhz, tscFracBits, clocksource, tscUnstable; or vhe, ecv, pcpus
            """)
    void theHeaderIsChecked(String part, String instead, String message) {
        String header = HEADER.replace(part, instead);
        // The column of the value in the text: a string starts with its quote; the value of a name is two further on.
        int at = header.indexOf(instead);
        int column = switch (instead) {
            case "0" -> at + 1;
            case "clocksaucer" -> at + instead.length() + 3;
            default -> at;
        };
        assertThatThrownBy(() -> read(header + EVENT)).hasMessage("t:1:" + column + ": " + message);
    }

    /** The text after the origin, and the message. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "silent":["Fly"]      | unknown action "Fly"
            "silent":["WriteTsc"] | WriteTsc cannot be silent: it has arguments that could be anything
            "silent":["CreateVm"] | CreateVm cannot be silent: it has arguments that could be anything
            "silent":["VcpuPut"]  | there is no VcpuPut on x86_64
            "silent":"EnterGuest" | expected an array of strings
            "silent":[1]          | expected a string
            "threads":true        | t:2:1: expected thread in the event, because the header says threads
            """)
    void whatATraceLeavesOutIsCheckedToo(String more, String message) {
        assertThatThrownBy(() -> read(HEADER.replace("}\n", "," + more + "}\n") + EVENT + "{\"end\":1}\n"))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining(message);
    }

    @Test
    void anEventMayLeaveOutItsInstantAndItsArguments() throws Exception {
        String header = HEADER.replace("}\n", ",\"silent\":[\"EnterGuest\"],\"threads\":true}\n");
        String first = EVENT.replace("\"vm\":0", "\"vm\":0,\"thread\":7");
        String second = "{\"seq\":2,\"vm\":0,\"thread\":8,\"action\":\"WriteTsc\",\"args\":{\"vcpu\":1}}\n";
        List<TraceEvent> events = read(header + first + second + "{\"end\":2}\n");
        assertThat(events).extracting(TraceEvent::thread).containsExactly(7, 8);
        TraceEvent open = events.get(1);
        assertThat(open.counter())
                .isEqualTo(Interval.from(events.get(0).counter().lo()));
        assertThat(open.hasArgs()).isFalse();
        assertThat(open.call()).isEqualTo("WriteTsc(vcpu 1, value ?)");
    }

    /** The two architectures have one name for it, and not the same arguments; x86 had another name before. */
    @Test
    void theLoadOfAVcpuIsTheArchitectures() throws Exception {
        String header = HEADER.replace("}\n", ",\"silent\":[\"LoadVcpu\"]}\n");
        String now = "{\"seq\":2,\"vm\":0,\"action\":\"VcpuLoad\",\"args\":{\"vcpu\":1}}\n";
        String before = now.replace("VcpuLoad", "LoadVcpu").replace(":2", ":3");
        assertThat(read(header + EVENT + now + before + "{\"end\":3}\n").subList(1, 3))
                .extracting(TraceEvent::operation)
                .containsOnly(Operation.X86_VCPU_LOAD);
        assertThatThrownBy(() -> read(HEADER + EVENT + now.replace("}}", ",\"pcpu\":0}}") + "{\"end\":2}\n"))
                .hasMessageContaining("unknown argument \"pcpu\"");
        String arm64 = HEADER.replace("x86_64", "aarch64")
                .replace("\"tscKhz\":1000000,\"clocksource\":\"tsc\"", "\"vhe\":true,\"ecv\":false,\"pcpus\":1");
        String first = now.replace(":2", ":1").replace("}}", ",\"pcpu\":0}}");
        assertThat(read(arm64 + first + "{\"end\":1}\n"))
                .extracting(TraceEvent::operation)
                .containsOnly(Operation.ARM64_VCPU_LOAD);
        assertThatThrownBy(() -> read(arm64 + first.replace("VcpuLoad", "LoadVcpu") + "{\"end\":1}\n"))
                .hasMessageContaining("unknown action \"LoadVcpu\"");
    }

    /** A line of version 1: for one VM, with its state. */
    private static String ofOneVm(int seq, int vm, String action, String args) {
        return "{\"seq\":" + seq + ",\"vm\":" + vm + ",\"tsc\":\"5\",\"ns\":\"0\",\"action\":\"" + action
                + "\",\"args\":{" + args + "},\"reply\":{},\"state\":{\"useMasterClock\":false}}\n";
    }

    /** Version 1 repeats an event of the host for each VM: the first line is the event. */
    @Test
    void anEventOfTheHostIsOneForAllVms() throws Exception {
        String first = HEADER.replace("\"version\":2", "\"version\":1");
        List<TraceEvent> events = read(first
                + EVENT
                + ofOneVm(2, 0, "HostClocksource", "\"isTsc\":false")
                + ofOneVm(3, 1, "HostClocksource", "\"isTsc\":false")
                + ofOneVm(4, 1, "HostClocksource", "\"isTsc\":true")
                + ofOneVm(5, 0, "HostResumes", "\"missing\":\"4\",\"ns\":\"9\"")
                + ofOneVm(6, 1, "HostResumes", "\"missing\":\"4\",\"ns\":\"9\"")
                + ofOneVm(7, 0, "HostTscUnstable", "")
                + ofOneVm(8, 1, "HostTscUnstable", "")
                + "{\"end\":8}\n");
        assertThat(events).extracting(TraceEvent::line).containsExactly(2, 3, 5, 6, 8);
        assertThat(events.subList(1, 5))
                .allMatch(e -> e.vm() == TraceEvent.HOST && e.state().isEmpty());
    }

    /** Since version 2 it names no VM and shows no VM's state. */
    @Test
    void anEventOfTheHostNamesNoVm() throws Exception {
        String event = ofOneVm(2, 0, "HostTscUnstable", "");
        String bare = event.replace("\"vm\":0,", "").replace(",\"state\":{\"useMasterClock\":false}", "");
        assertThat(read(HEADER + EVENT + bare + "{\"end\":2}\n")).hasSize(2);
        for (String wrong : List.of(event, bare.replace("\"tsc\"", "\"vm\":0,\"tsc\""))) {
            assertThatThrownBy(() -> read(HEADER + EVENT + wrong + "{\"end\":2}\n"))
                    .hasMessage(
                            "t:3:1: expected neither vm nor state: HostTscUnstable happens to the host, and so to all its VMs");
        }
    }

    @Test
    void aLineThatIsTooLongIsRefusedWithoutBeingKept() {
        assertThatThrownBy(() -> read(HEADER + "x".repeat(LineSource.LONGEST + 1)))
                .hasMessage("t:2:1048576: line longer than 1048576 bytes");
    }

    @Test
    void anArm64TraceHasItsOwnFields() throws Exception {
        String header = HEADER.replace("x86_64", "aarch64")
                .replace("{\"tscKhz\":1000000,\"clocksource\":\"tsc\"}", "{\"vhe\":true,\"ecv\":false,\"pcpus\":2}");
        String event = EVENT.replace("\"tsc\"", "\"cntpct\"");
        assertThat(read(header + event + "{\"end\":1}\n")).hasSize(1);
        assertThatThrownBy(() -> read(HEADER.replace("x86_64", "aarch64") + event))
                .hasMessageContaining("the host has fields of the other architecture than aarch64");
        assertThatThrownBy(() -> read(header + EVENT))
                .hasMessageContaining("unknown field \"tsc\"; expected seq, vm, thread, cntpct");
        assertThatThrownBy(() -> read(header + event.replace("\"action\"", "\"ns\":\"5\",\"action\"")))
                .hasMessageContaining("unknown field \"ns\"");
        assertThatThrownBy(() -> read(header + event.replace("CreateVm", "WriteTsc")))
                .hasMessageContaining("unknown action \"WriteTsc\"");
    }
}
