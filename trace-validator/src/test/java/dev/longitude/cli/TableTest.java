package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
}
