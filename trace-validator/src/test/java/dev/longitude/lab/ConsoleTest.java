package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files come over a serial console whole, or the run failed. */
class ConsoleTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private void unpack(String console) throws IOException, LabException {
        Path file = folder.resolve("console.txt");
        Files.writeString(file, console, StandardCharsets.ISO_8859_1);
        Console.unpack(file, folder.resolve("out"));
    }

    @Test
    void aFileHasExactlyTheBytesThatWereSent() throws IOException, LabException {
        unpack(
                "firmware says hello\033[2J@@@FILE host.txt 4\na\n\377\n\n@@@END\n@@@FILE run/log.jsonl 0\n\n@@@END\n@@@DONE\n");
        assertThat(folder.resolve("out/host.txt")).hasBinaryContent(new byte[] {'a', '\n', (byte) 0xff, '\n'});
        assertThat(folder.resolve("out/run/log.jsonl")).isEmptyFile();
    }

    /** Otherwise too few logs could conform. */
    @Test
    void aProgramThatFailedOnTheMachineIsNoticed() throws IOException, LabException {
        Path output = folder.resolve("output.txt");
        Files.writeString(output, "exit status 0\nby-value: 61 records\nexit status 0\n");
        Lab.refuseFailures(folder);
        Files.writeString(output, "exit status 0\nunknown sequence nope\nexit status 2\n");
        assertThatThrownBy(() -> Lab.refuseFailures(folder))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("unknown sequence nope\nexit status 2");
    }

    @Test
    void aMessageOfTheKernelWithinAFileIsNoticed() {
        assertThatThrownBy(() -> unpack("@@@FILE log.jsonl 4\n{}[ 1.0] oops\n{}\n@@@END\n@@@DONE\n"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("damaged at the file log.jsonl");
    }

    @Test
    void aMachineThatEndsEarlyIsQuoted() {
        assertThatThrownBy(() -> unpack("@@@FILE a.txt 1\na\n@@@END\nKernel panic - not syncing"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("Kernel panic - not syncing");
        assertThatThrownBy(() -> unpack("@@@FILE a.txt 5\na")).isInstanceOf(LabException.class);
    }

    @Test
    void noFileLeavesTheFolder() {
        assertThatThrownBy(() -> unpack("@@@FILE ../a.txt 1\na\n@@@END\n@@@DONE\n"))
                .isInstanceOf(LabException.class);
        assertThat(folder.resolve("a.txt")).doesNotExist();
    }
}
