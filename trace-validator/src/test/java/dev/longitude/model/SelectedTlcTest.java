package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another TLC than the bundled one: here stubs that stand before the bundled one's jar. */
class SelectedTlcTest {
    /** The bundled TLC, except that what it prints of levels begins with 1. */
    private static final String COUNTS_FROM_ONE = """
            package tlc2;
            import java.io.*;
            import java.util.*;
            public class TLC {
                public static void main(String[] args) throws Exception {
                    String path = System.getProperty("java.class.path");
                    List<String> command = new ArrayList<>(List.of(
                            System.getProperty("java.home") + "/bin/java",
                            "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                            "-cp", path.substring(path.indexOf(File.pathSeparatorChar) + 1), "tlc2.TLC"));
                    command.addAll(List.of(args));
                    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
                    try (BufferedReader lines = process.inputReader()) {
                        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                            var level = java.util.regex.Pattern.compile(
                                    "(<<\\"level\\", [01], |<<\\"(?:fails|upToSteps)\\", .*\\", )([0-9]+)(.*)").matcher(line);
                            System.out.println(level.matches()
                                    ? level.group(1) + (Integer.parseInt(level.group(2)) + 1) + level.group(3)
                                    : line);
                        }
                    }
                    System.exit(process.waitFor());
                }
            }
            """;

    private static final String NO_OPERATORS = """
            package tlc2.overrides;
            public class TLCOverrides implements ITLCOverrides {
                @SuppressWarnings("rawtypes")
                public Class[] get() {
                    return new Class[0];
                }
            }
            """;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private String bundled() {
        return SelectedTlc.classPath();
    }

    /** A jar with one class. */
    private Path jar(String name, String type, String source) throws Exception {
        Path of = folder.resolve(name + "-src").resolve(type + ".java");
        Files.createDirectories(requireNonNull(of.getParent()));
        Files.writeString(of, source);
        Path classes = folder.resolve(name + "-classes");
        int code = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-proc:none", "-cp", bundled(), "-d", classes.toString(), of.toString());
        assertThat(code).isZero();
        Path jar = folder.resolve(name + ".jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, (OutputStream) out);
            }
        }
        return jar;
    }

    /** Runs {@code longitude} with that TLC; the first line is the exit code. */
    private static String longitude(String tla2tools, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Tlc.java(),
                "-XX:TieredStopAtLevel=1",
                "-Dtla2tools=" + tla2tools,
                "-cp",
                System.getProperty("java.class.path"),
                "dev.longitude.cli.Longitude"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
        return process.waitFor() + "\n" + printed;
    }

    @Test
    void whatHoldsNoTlcIsRefused() throws Exception {
        Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
        Path empty = jar("other", "Other", "public class Other {}");
        assertThat(SelectedTlc.fault(folder.resolve("missing.jar").toString())).contains("no such file");
        assertThat(SelectedTlc.fault(folder.toString())).contains("no such file");
        assertThat(SelectedTlc.fault("tla2tools.jar").orElseThrow()).startsWith("expected an absolute path");
        assertThat(SelectedTlc.fault(bundled() + File.pathSeparator + "more.jar")
                        .orElseThrow())
                .startsWith("expected an absolute path");
        assertThat(SelectedTlc.fault("").orElseThrow()).startsWith("expected an absolute path");
        assertThat(SelectedTlc.fault(text.toString()).orElseThrow()).startsWith("no jar: ");
        assertThat(SelectedTlc.fault(empty.toString())).contains("holds no TLC (tlc2.TLC)");
        assertThat(SelectedTlc.fault(bundled())).isEmpty();
    }

    /** ... by every command, also one that would have the bundled TLC on its class path. */
    @Test
    void noCommandTakesTheBundledOneForIt() throws Exception {
        String missing = folder.resolve("missing.jar").toString();
        for (String[] command : new String[][] {
            {"validate", "--engine", "tlc", "trace.ndjson"},
            {"check", "--model", "young-guest-v6.1"},
            {"doctor"},
            {"worker", "127.0.0.1", "--port", "1"}
        }) {
            assertThat(longitude(missing, command)).startsWith("2\n").contains("missing.jar: no such file");
        }
        assertThat(longitude(missing, "check", "--help")).startsWith("0\n");
    }

    @Test
    void theFirstLevelIsMeasured() throws Exception {
        assertThat(SelectedTlc.measuredFirstLevel()).isZero();
        String stub = jar("one", "TLC", COUNTS_FROM_ONE) + File.pathSeparator + bundled();
        String before = System.setProperty("tla2tools", stub);
        try {
            assertThat(SelectedTlc.measuredFirstLevel()).isOne();
            assertThat(SelectedTlc.version()).isEqualTo(stub);
        } finally {
            if (before == null) {
                System.clearProperty("tla2tools");
            } else {
                System.setProperty("tla2tools", before);
            }
        }
    }

    /** Else a counterexample would be a step too long, and the step where it goes wrong the next one. */
    @Test
    void aRecipesVerdictIsTheSameHoweverLevelsAreCounted() throws Exception {
        String stub = jar("from-one", "TLC", COUNTS_FROM_ONE) + File.pathSeparator + bundled();
        String[] check = {
            "check",
            "--recipe",
            "kvmtool-pause",
            "--kernel",
            "v6.12",
            "--world",
            "usual",
            "--property",
            "StoppedIsShown"
        };
        String judged = longitude(bundled(), check);
        assertThat(judged).startsWith("1\n").contains("StoppedIsShown").contains("shown by");
        assertThat(longitude(stub, check)).isEqualTo(judged);
    }

    /** Without Longitude's operators TLC cannot compute with words of 64 bits. */
    @Test
    void operatorsOfAnotherLibraryDoNotHideOurs() throws Exception {
        String stub = jar("operators", "TLCOverrides", NO_OPERATORS) + File.pathSeparator + bundled();
        Path trace = folder.resolve("young.ndjson");
        longitude(bundled(), "simulate", "young-guest", "--out", trace.toString());
        assertThat(longitude(stub, "validate", "--engine", "tlc", trace.toString()))
                .startsWith("0\n")
                .contains("conforms");
    }
}
