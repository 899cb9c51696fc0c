package dev.longitude.properties;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** PIT's report and the list of survivors. */
class MutationReportTest {
    private static String mutation(String status, String method, int line, String description) {
        return """
               <mutation status='%s'><mutatedClass>dev.longitude.x86.X86Vm</mutatedClass>\
               <mutatedMethod>%s</mutatedMethod><lineNumber>%d</lineNumber><indexes><index>3</index></indexes>\
               <description>%s</description></mutation>""".formatted(status, method, line, description);
    }

    private static MutationReport report(String... mutations) throws IOException {
        String xml = Stream.of(mutations).collect(Collectors.joining("", "<mutations>", "</mutations>"));
        return MutationReport.read(new ByteArrayInputStream(xml.getBytes(UTF_8)));
    }

    /** Nine that are killed, so that a tenth may survive. */
    private static MutationReport with(String... others) throws IOException {
        Stream<String> killed =
                Stream.of(1, 2, 3, 4, 5, 6, 7, 8, 9).map(n -> mutation("KILLED", "m" + n, n, "changed"));
        return report(Stream.concat(killed, Stream.of(others)).toArray(String[]::new));
    }

    private static List<MutationReport.Known> known(String yaml) {
        return MutationReport.known(new StringReader(yaml));
    }

    /** Two changes of one kind in a method are told apart by their order, a lambda's being its method's. */
    @Test
    void aKeyOutlivesAMoveOfTheLines() throws IOException {
        assertThat(report(
                                mutation("KILLED", "lambda$read$7", 90, "negated conditional"),
                                mutation("SURVIVED", "read", 80, "negated conditional"),
                                mutation("KILLED", "read", 85, "returned 0 for dev/longitude/x86/X86Vm::lambda$read$7"))
                        .mutants())
                .extracting(MutationReport.Mutant::key)
                .containsExactly(
                        "x86.X86Vm.read: negated conditional #1",
                        "x86.X86Vm.read: returned 0 #1",
                        "x86.X86Vm.read: negated conditional #2");
    }

    @Test
    void aSurvivorHasToBeListed() throws IOException {
        MutationReport report = with(mutation("SURVIVED", "read", 80, "changed"));
        assertThat(report.faults(List.of())).containsExactly("survives: x86.X86Vm.read: changed #1, now line 80");
        assertThat(report.faults(known("[{reason: no matter, mutants: ['x86.X86Vm.read: changed #1']}]")))
                .isEmpty();
    }

    /** What no test reaches survives; what only takes too long is not killed. */
    @Test
    void whatIsNotKilledIsNoSuccess() throws IOException {
        assertThat(with(mutation("NO_COVERAGE", "read", 80, "changed")).faults(List.of()))
                .hasSize(1);
        MutationReport endless = with(mutation("TIMED_OUT", "read", 80, "changed"));
        assertThat(endless.faults(List.of())).containsExactly("does not end: x86.X86Vm.read: changed #1, now line 80");
        assertThat(endless.table()).contains("x86               10       9 90.0 %        0          1");
    }

    @Test
    void anEntryThatIsKilledOrGoneIsSaid() throws IOException {
        List<MutationReport.Known> known =
                known("[{reason: no matter, mutants: ['x86.X86Vm.m1: changed #1', 'x86.X86Vm.gone: changed #1',"
                        + " 'arm64.Pcpu.allow: changed #1']}]");
        assertThat(with().faults(known))
                .as("of arm64 there is no report")
                .containsExactly(
                        "listed, and killed: x86.X86Vm.m1: changed #1",
                        "listed, and no mutant any more: x86.X86Vm.gone: changed #1");
    }

    /** Whether one that waits for ever is killed depends on which test meets it first. */
    @Test
    void anEndlessOneMayBeKilled() throws IOException {
        assertThat(with().faults(known("[{reason: waits, endless: true, mutants: ['x86.X86Vm.m1: changed #1']}]")))
                .isEmpty();
    }

    @Test
    void nineOfTenAreKilled() throws IOException {
        MutationReport report = with(mutation("SURVIVED", "a", 1, "changed"), mutation("SURVIVED", "b", 1, "changed"));
        assertThat(report.faults(known(
                        "[{reason: no matter, mutants: ['x86.X86Vm.a: changed #1', 'x86.X86Vm.b: changed #1']}]")))
                .containsExactly("x86: fewer than 90 % are killed");
    }
}
