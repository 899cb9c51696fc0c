package dev.longitude.cli;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.Page;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@code TRACE-FORMAT.md} lists exactly what the code has. */
class TraceFormatPageTest {
    private static final Page PAGE = Page.of("TRACE-FORMAT.md");

    private static String type(Kind kind) {
        return switch (kind) {
            case VCPU -> "vCPU";
            case PCPU -> "CPU";
            case UINT64, UINT64_OF_VM -> "word";
            case UINT31 -> "count";
            case INT8 -> "signed byte";
            case FLAG, FLAG_OF_VM -> "flag";
            case VCPU_SET -> "vCPUs";
            case UINT64_BY_VCPU -> "words by vCPU";
            case UINT31_BY_VCPU -> "counts by vCPU";
            case INT8_BY_VCPU -> "signed bytes by vCPU";
            case UINT64_BY_PCPU -> "words by CPU";
            case UINT31_BY_PCPU -> "counts by CPU";
        };
    }

    private static String names(ImmutableList<Field> fields) {
        return fields.stream().map(f -> "`" + f.name() + "`").collect(joining(", "));
    }

    /** The first cells of the rows below a heading. */
    private static List<List<String>> cells(String heading, int most) {
        return PAGE.rows(heading).stream().map(row -> row.subList(0, most)).toList();
    }

    @Test
    void everyTypeIsDescribed() {
        assertThat(PAGE.rows("## Values").stream().map(row -> row.get(0)))
                .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                Arrays.stream(Kind.values()).map(TraceFormatPageTest::type), Stream.of("interval"))
                        .distinct()
                        .toList());
    }

    @Test
    void everyOperationIsThere() {
        assertThat(cells("## Operations", 5))
                .containsExactlyElementsOf(Arrays.stream(Operation.values())
                        .map(o -> List.of(
                                "`" + o.specName() + "`",
                                !o.isOf(Arch.X86) ? "aarch64" : o.isOf(Arch.ARM64) ? "both" : "x86_64",
                                names(o.args()),
                                names(o.results()),
                                o.canBeSilent() ? "yes" : "no"))
                        .toList());
    }

    @Test
    void everyFieldIsThere() {
        Set<List<String>> fields = new LinkedHashSet<>();
        for (Operation operation : Operation.values()) {
            Stream.concat(operation.args().stream(), operation.results().stream())
                    .forEach(f -> fields.add(List.of("`" + f.name() + "`", type(f.kind()))));
        }
        assertThat(cells("## Fields", 2)).containsExactlyInAnyOrderElementsOf(fields);
    }

    @Test
    void everyVariableIsThere() {
        assertThat(cells("## State", 3))
                .containsExactlyElementsOf(Arrays.stream(StateVariable.values())
                        .map(v -> List.of("`" + v.specName() + "`", type(v.kind()), v.isOfX86() ? "" : "aarch64 only"))
                        .toList());
    }

    /** The reader names the keys that it expects in its messages. */
    @Test
    void everyKeyOfTheHeaderAndOfAnEventIsThere() {
        assertThat(expected("{\"unheard-of\":1}", null)).isEqualTo("expected " + keys(0, 9));
        assertThat(expected("{\"host\":{\"unheard-of\":1}}", null)).isEqualTo("expected " + keys(9, 17));
        List<String> event = PAGE.rows("## An event").stream()
                .map(row -> Page.code(row.get(0)))
                .toList();
        String header = "{\"format\":\"longitude-trace\",\"version\":2,\"arch\":\"x86_64\",\"kernel\":\"v6.12\","
                + "\"host\":{\"tscKhz\":1,\"clocksource\":\"tsc\"},\"vcpus\":1,\"origin\":\"\"}";
        assertThat(expected(header, "{\"unheard-of\":1}").replace(" or end", ", end"))
                .isEqualTo("expected "
                        + event.stream().filter(k -> !k.equals("cntpct")).collect(joining(", ")) + ", end");
    }

    private static String keys(int from, int to) {
        return PAGE.rows("## The header").subList(from, to).stream()
                .map(row -> Page.code(row.get(0)))
                .collect(joining(", "));
    }

    private static String expected(String header, @Nullable String event) {
        String text = header + "\n" + (event == null ? "" : event + "\n");
        try (TraceReader reader =
                new TraceReader(new LineSource("t", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))))) {
            reader.next();
            throw new AssertionError("nothing was expected of " + text);
        } catch (TraceFormatException e) {
            return String.valueOf(e.getMessage())
                    .replaceFirst("^.*; expected", "expected")
                    .replace("; or", ",")
                    .replace(" in the header", "");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
