package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableTest {
    @Test
    void aSmallTableIsAsWideAsItsCells() {
        Table table = new Table("what", "size");
        table.row("a model", "3");
        assertThat(table).hasToString("what     size\na model  3\n");
    }

    @Test
    void aLargeOneFits80ColumnsAndLosesNothing() {
        Table table = new Table("what", "checked", "size", "time", "verdict");
        String path = "x86_64-linux6.12.95-qemu10.0.2-vmm-savevm-loadvm-migrate/savevm-loadvm.jsonl";
        table.row(path, "conforms to v6.12 and to several others of its kind", "119 events", "0.3 s", "undecided");
        String text = table.toString();
        assertThat(text.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(text.replaceAll("\\s+", "")).contains("events").contains("undecided");
        assertThat(text.lines()
                        .map(line ->
                                line.substring(0, Math.min(25, line.length())).strip())
                        .reduce("", String::concat))
                .contains("savevm-loadvm.jsonl");
        assertThat(table.unwrapped().lines()).hasSize(2);
    }

    @Test
    void aWordWithoutAPlaceToBreakIsBrokenAnywhere() {
        Table table = new Table("");
        table.row("x".repeat(100));
        assertThat(table).hasToString("\n" + "x".repeat(80) + "\n" + "x".repeat(20) + "\n");
    }

    /** A step of a counterexample with the masterclock, as a row. */
    private static Table timeline() {
        Table table =
                new Table("", "", "what happens", "vCPU", "tick", "TSC 0", "kvmclock 0", "TSC 1", "kvmclock 1", "KVM");
        table.row("*", "18", "the VMM is preempted", "", "544", "448", "", "64", "", "");
        table.row("", "20", "WriteSystemTime", "1", "544", "448", "", "384", "", "masterclock off, generation 3");
        return table;
    }

    private static Table list() {
        Table table = new Table("model", "expected", "states", "depth", "time", "shows");
        table.row(
                "by-offset-corrected (by name only)",
                "violates MasterClockIsOneLine",
                "39630",
                "19",
                "about 6 s",
                "The same offset to each of two vCPUs keeps the contract on corrected under any preemption");
        return table;
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 120, 200})
    void noWordIsCutAndNoLineIsTooLong(int columns) {
        for (Table table : List.of(timeline(), list())) {
            String text = table.toString(columns);
            assertThat(text.lines()).allMatch(line -> line.length() <= columns);
            List<String> words = Splitter.onPattern(":?\\s+").splitToList(text);
            for (String word : Splitter.onPattern("\\s+").splitToList(table.unwrapped())) {
                assertThat(words).as("%s at %s columns", word, columns).contains(word);
            }
        }
    }

    @Test
    void whatARowHasNoRoomForStandsBeneathItWithItsHeading() {
        assertThat(timeline().toString(80)).isEqualTo("""
                        what happens          vCPU  tick  TSC 0  kvmclock 0  TSC 1  kvmclock 1
                *  18  the VMM is preempted        544   448                64
                   20  WriteSystemTime       1     544   448                384
                    KVM: masterclock off, generation 3
                """.replace("        what", "       what"));
        assertThat(timeline().toString(120)).doesNotContain("KVM: ");
        assertThat(list().toString(80)).contains("\n    shows: The same offset to each of two vCPUs");
    }
}
