package dev.longitude.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Longitude builds the recorder once, on the machine that uses it. */
class RecorderProgramTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    @BeforeEach
    void onLinux() {
        assumeTrue(System.getProperty("os.name", "").equals("Linux"), "the recorder is for Linux");
    }

    /** A compiler that runs the given script. */
    private Path compiler(String name, String script) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return bin;
    }

    private Map<String, String> environment(Path bin) {
        return Map.of("PATH", bin.toString(), "XDG_CACHE_HOME", folder.toString());
    }

    @Test
    void withoutACompilerItIsSaidWhatIsMissing() {
        assertThatThrownBy(() -> RecorderProgram.RECORDER.build(environment(folder)))
                .isInstanceOf(NoCompilerException.class)
                .hasMessageContaining("no C compiler was found (cc, gcc, clang)")
                .hasMessageContaining("--print-source");
    }

    @Test
    void aCompilerThatRefusesIsQuoted() throws IOException {
        Path bin = compiler("gcc", "echo linux/kvm.h: not there; exit 1");
        assertThatThrownBy(() -> RecorderProgram.RECORDER.build(environment(bin)))
                .isInstanceOf(NoCompilerException.class)
                .hasMessageContaining("linux/kvm.h: not there");
        try (Stream<Path> left = Files.list(folder.resolve("longitude"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void whatIsBuiltIsKept() throws IOException, NoCompilerException, InterruptedException {
        // (its arguments: options, -o, the program, the source)
        Path bin = compiler(
                "cc",
                "while [ $# -gt 2 ]; do shift; done; echo x >>" + folder + "/times; exec /bin/cp /bin/true \"$1\"");
        Path first = RecorderProgram.RECORDER.build(environment(bin));
        assertThat(first).isExecutable().hasParent(folder.resolve("longitude"));
        assertThat(RecorderProgram.RECORDER.build(environment(bin))).isEqualTo(first);
        assertThat(folder.resolve("times")).hasContent("x");
    }

    @Test
    void withoutXdgTheCacheIsInTheHome() throws IOException, NoCompilerException, InterruptedException {
        Path bin = compiler("mine", "while [ $# -gt 2 ]; do shift; done; exec /bin/cp /bin/true \"$1\"");
        Path program = RecorderProgram.RECORDER.build(
                Map.of("PATH", "", "CC", bin.resolve("mine").toString(), "HOME", folder.toString()));
        assertThat(program).hasParent(folder.resolve(".cache/longitude"));
    }
}
