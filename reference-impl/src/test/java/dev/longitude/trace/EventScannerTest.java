package dev.longitude.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the fast reader with the strict one: it reads the same events, and accepts no line that the strict one
 * refuses.
 */
class EventScannerTest {
    private static final int TRIES = 15_000;

    /** More than eight, so that some sets of vCPUs are not cached. */
    private static final int VCPUS = 10;

    private static final long SEED = Long.getLong("longitude.seed", 20261127L);
    private static final String AGAIN = "seed " + SEED
            + "; to see it again: mvn -q test -pl reference-impl -Dtest=EventScannerTest -Dlongitude.seed=" + SEED;
    private static final Pattern SEQ = Pattern.compile("\"seq\":\\d+");
    private static final String[] ODD = {
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "-",
        "0",
        "9",
        " ",
        "  ",
        "\t",
        "\\",
        "null",
        "true",
        "false",
        "1e9",
        "0.5",
        "-0",
        "00",
        "99999999999999999999",
        "18446744073709551616",
        "\u0000",
        "\u00ff",
        "\"vm\":5,",
        "\"end\":1,",
        "\"nsTsc\":[\"7\",\"8\"],",
        "\"online\":[1,0],",
        "\"tscOffset\":{\"1\":\"2\",\"0\":\"1\"},",
        "\"vcpu\":70000,",
        "\r",
        "[0,0]",
        "[9,1,9]"
    };

    private static List<String> written(Scenario scenario, KernelProfile kernel, int vcpus) throws IOException {
        Trace recording = scenario.play(kernel, vcpus, 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
        return out.toString(ISO_8859_1).lines().toList();
    }

    /**
     * The result of reading a text.
     *
     * @param fault the message, or empty
     */
    private record Outcome(List<TraceEvent> events, String fault) {}

    private interface Opening {
        TraceReader open(LineSource source) throws TraceFormatException;
    }

    private static Outcome outcome(String text, Opening opening) throws IOException {
        List<TraceEvent> events = new ArrayList<>();
        try (TraceReader reader =
                opening.open(new LineSource("t", new ByteArrayInputStream(text.getBytes(ISO_8859_1))))) {
            for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                events.add(event);
            }
            return new Outcome(events, "");
        } catch (TraceFormatException e) {
            return new Outcome(events, String.valueOf(e.getMessage()));
        }
    }

    private static Outcome same(String text, String what) throws IOException {
        Outcome strict = outcome(text, TraceReader::strict);
        assertThat(outcome(text, TraceReader::new)).as(what).isEqualTo(strict);
        return strict;
    }

    /** Detects a trace that only the slow reader can read. */
    @Test
    void everyLineThatAWriterWritesIsScanned() throws Exception {
        for (Scenario scenario : Scenario.all()) {
            List<String> lines = written(scenario, KernelProfile.of("v6.12"), VCPUS);
            EventScanner scanner = new EventScanner(scenario.arch(), new StateInterner());
            for (String line : lines.subList(1, lines.size() - 1)) {
                byte[] bytes = ("..." + line + "...").getBytes(ISO_8859_1);
                assertThat(scanner.read(bytes, 3, bytes.length - 3, new EventLine()))
                        .as("%s: %s", scenario.commandName(), line)
                        .isTrue();
            }
            same(String.join("\n", lines) + "\n", scenario.commandName());
        }
    }

    /** With spaces behind commas and colons, as many JSON writers write them. */
    @Test
    void spacesBetweenTokensAreScannedToo() throws Exception {
        for (Scenario scenario : Scenario.all()) {
            List<String> lines = written(scenario, KernelProfile.of("v6.12"), 2);
            EventScanner scanner = new EventScanner(scenario.arch(), new StateInterner());
            for (String line : lines.subList(1, lines.size() - 1)) {
                byte[] bytes = line.replace(",", " , ")
                        .replace(":", ": ")
                        .replace("}", " }")
                        .getBytes(ISO_8859_1);
                assertThat(scanner.read(bytes, 0, bytes.length, new EventLine()))
                        .isTrue();
            }
        }
    }

    /** An event shares each value that the previous event had too. */
    @Test
    void whatStaysIsShared() throws Exception {
        List<String> lines = written(Scenario.all().get(0), KernelProfile.of("v6.12"), 2);
        Outcome all = same(String.join("\n", lines) + "\n", "all");
        TraceReader reader = new TraceReader(
                new LineSource("t", new ByteArrayInputStream((String.join("\n", lines) + "\n").getBytes(ISO_8859_1))));
        TraceEvent before = reader.next();
        int shared = 0;
        for (TraceEvent event = reader.next(); event != null && before != null; event = reader.next()) {
            for (StateVariable variable : event.state().keySet()) {
                Object now = event.state().get(variable);
                Object then = before.state().get(variable);
                if (now != null && now.equals(then)) {
                    assertThat(now).isSameAs(then);
                    shared++;
                }
            }
            before = event;
        }
        assertThat(shared).isGreaterThan(all.events().size());
    }

    /**
     * Three lines of a trace, one of them damaged: this also tests what the scanner keeps from one line to the next.
     */
    @Test
    void aDamagedLineIsReadAsStrictlyAsEver() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        List<List<String>> traces = new ArrayList<>();
        for (Scenario scenario : Scenario.all()) {
            traces.add(written(scenario, KernelProfile.of("v6.12"), 1 + random.nextInt(VCPUS)));
        }
        int accepted = 0;
        int changed = 0;
        for (int i = 0; i < TRIES; i++) {
            List<String> lines = traces.get(random.nextInt(traces.size()));
            int first = 1 + random.nextInt(lines.size() - 4);
            int damaged = random.nextInt(3);
            StringBuilder text = new StringBuilder(lines.get(0)).append('\n');
            String good = text.toString();
            for (int k = 0; k < 3; k++) {
                String line = SEQ.matcher(lines.get(first + k)).replaceFirst("\"seq\":" + (k + 1));
                good += line + "\n";
                StringBuilder stroked = new StringBuilder(line);
                for (int strokes = k == damaged ? 1 + random.nextInt(2) : 0; strokes > 0; strokes--) {
                    stroke(stroked, random);
                }
                text.append(stroked).append('\n');
            }
            text.append("{\"end\":3}\n");
            Outcome outcome = same(text.toString(), "try " + i + " of " + AGAIN + "\n" + text);
            if (outcome.fault().isEmpty()) {
                accepted++;
                changed += outcome.equals(outcome(good + "{\"end\":3}\n", TraceReader::strict)) ? 0 : 1;
            }
        }
        // Not vacuous: some damage is to numbers, and such a line is another event.
        assertThat(accepted).as(AGAIN).isBetween(TRIES / 100, TRIES / 2);
        assertThat(changed).as(AGAIN).isGreaterThan(TRIES / 200);
    }

    private static void stroke(StringBuilder text, SplittableRandom random) {
        int at = random.nextInt(Math.max(1, text.length()));
        int length = Math.min(text.length() - at, 1 + random.nextInt(1 << random.nextInt(7)));
        switch (random.nextInt(6)) {
            case 0 -> text.delete(at, at + length);
            case 1 -> text.insert(at, ODD[random.nextInt(ODD.length)]);
            case 2 -> digit(text, at, random);
            case 3 -> text.insert(at, text.substring(at, at + length));
            case 4 -> moveMember(text, at);
            default -> digit(text, text.indexOf("\"state\"") + random.nextInt(40), random);
        }
    }

    /** Another digit in the next number. */
    private static void digit(StringBuilder text, int from, SplittableRandom random) {
        for (int at = Math.max(0, from); at < text.length(); at++) {
            if (Character.isDigit(text.charAt(at))) {
                text.setCharAt(at, (char) ('0' + random.nextInt(10)));
                return;
            }
        }
    }

    /** Swaps the members on both sides of a comma; text that is no member becomes something else. */
    private static void moveMember(StringBuilder text, int from) {
        int first = text.indexOf(",", from);
        int second = first < 0 ? -1 : text.indexOf(",", first + 1);
        int third = second < 0 ? -1 : text.indexOf(",", second + 1);
        if (third > 0) {
            String one = text.substring(first + 1, second);
            String other = text.substring(second + 1, third);
            text.replace(first + 1, third, other + "," + one);
        }
    }

    /** The limits of numbers, for a word, a vCPU and a count. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "00",
                "007",
                "-0",
                "-1",
                "1",
                "65535",
                "65536",
                "2147483647",
                "2147483648",
                "9999999999",
                "99999999999",
                "9999999999999999999",
                "09999999999999999999",
                "10000000000000000000",
                "18446744073709551615",
                "18446744073709551616",
                "19999999999999999999",
                "20000000000000000000",
                "99999999999999999999",
                "100000000000000000000",
                "1.0",
                "1e3",
                "",
                " 1",
                "1 ",
                "+1",
                "0x1"
            })
    void numbersEndWhereTheyEnded(String number) throws Exception {
        String header =
                written(Scenario.all().get(0), KernelProfile.of("v6.12"), 1).get(0) + "\n";
        for (String line : new String[] {
            "{\"seq\":1,\"vm\":0,\"tsc\":\"#\",\"action\":\"CreateVm\"}",
            "{\"seq\":1,\"vm\":0,\"tsc\":[\"#\",\"18446744073709551615\"],\"action\":\"CreateVm\"}",
            "{\"seq\":1,\"vm\":#,\"tsc\":\"1\",\"action\":\"CreateVm\"}",
            "{\"seq\":1,\"vm\":0,\"action\":\"CreateVm\",\"state\":{\"online\":[#]}}",
            "{\"seq\":1,\"vm\":0,\"action\":\"CreateVm\",\"state\":{\"online\":[1,#,8]}}",
            "{\"seq\":1,\"vm\":0,\"action\":\"CreateVm\",\"state\":{\"lastTscKhz\":#}}",
            "{\"seq\":1,\"vm\":0,\"action\":\"CreateVm\",\"state\":{\"pvclockShift\":{\"0\":#}}}",
            "{\"seq\":1,\"vm\":0,\"action\":\"CreateVm\",\"state\":{\"tscOffset\":{\"#\":\"#\"}}}",
            "{\"seq\":#,\"vm\":0,\"action\":\"CreateVm\"}"
        }) {
            same(header + line.replace("#", number) + "\n{\"end\":1}\n", line + " with " + number);
        }
    }
}
