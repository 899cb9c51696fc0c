package dev.longitude.cli;

import static com.google.common.collect.ImmutableList.toImmutableList;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The commands on the documentation's pages print what the pages show. A {@code console} block is a session of a shell
 * in the repository's root: lines that begin with {@code $} are commands, the others their output. {@code exit N} after
 * {@code console} is the last command's exit code, 0 if it is not given; {@code not run: REASON} marks a block that
 * needs what a test does not have. In the output {@code ...} stands for the rest of a line, or for any lines. Any other
 * block with a word after its language is a file of that name.
 *
 * <p>The numbers of the specification's lines are compared too. With {@code -Dlongitude.bless=true} the pages get those
 * that are printed; whatever else differs still fails.
 */
class DocumentedCommandsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final ImmutableList<String> MODULES = ImmutableList.of("spec", "reference-impl", "trace-validator");
    private static final Pattern BLOCK = Pattern.compile("(?m)^```(\\w+) ?([^\\n]*)\\n((?s:.*?))^```$");
    private static final Pattern INFO = Pattern.compile("|exit (?<code>\\d)|not run: (?<reason>needs .+|minutes.*)");

    /** How many characters may stand between a mention and the title: those of a table of a few rows. */
    private static final int NEAR = 700;

    /** What differs from run to run. */
    private static final Pattern VOLATILE = Pattern.compile("(?<=\\b)\\d+\\.\\d(?= s\\b)| +(?=[^ ])");

    private static final Pattern SPECIFICATION_LINE = Pattern.compile("(?<=\\.tla:)\\d+");
    private static final boolean BLESSES = Boolean.getBoolean("longitude.bless");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    static ImmutableList<Path> pages() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT, 3)) {
            return files.filter(f -> f.toString().endsWith(".md"))
                    .map(ROOT::relativize)
                    .filter(f -> !f.toString().contains("target"))
                    .sorted()
                    .collect(toImmutableList());
        }
    }

    /** The repository's root as the commands see it, with a launcher of the classes under test. */
    @BeforeEach
    void makeRoot() throws IOException {
        for (String name : MODULES) {
            Files.createSymbolicLink(folder.resolve(name), ROOT.resolve(name));
        }
        Path launcher = Files.writeString(
                folder.resolve("longitude"),
                "#!/bin/sh\nexec '" + Path.of(System.getProperty("java.home"), "bin", "java")
                        + "' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '" + System.getProperty("java.class.path")
                        + "' -Dlongitude.root='" + folder + "' dev.longitude.cli.Longitude \"$@\"\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** (JUnit does it too, with a warning for each.) */
    @AfterEach
    void removeLinks() throws IOException {
        for (String name : MODULES) {
            Files.delete(folder.resolve(name));
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void theCommandsPrintWhatThePageShows(Path page) throws Exception {
        String text = Files.readString(ROOT.resolve(page));
        StringBuilder blessed = new StringBuilder();
        Matcher block = BLOCK.matcher(text);
        int copied = 0;
        while (block.find()) {
            String info = block.group(2).strip();
            if (!block.group(1).equals("console")) {
                if (!info.isEmpty()) {
                    Files.writeString(folder.resolve(info), block.group(3));
                }
                continue;
            }
            Matcher marked = INFO.matcher(info);
            assertThat(marked.matches()).as("%s: ```console %s", page, info).isTrue();
            if (marked.group("reason") == null) {
                int code = marked.group("code") == null ? 0 : Integer.parseInt(marked.group("code"));
                blessed.append(text, copied, block.start(3)).append(run(page, block.group(3), code));
                copied = block.end(3);
            }
        }
        blessed.append(text, copied, text.length());
        if (BLESSES && !blessed.toString().equals(text)) {
            Files.writeString(ROOT.resolve(page), blessed);
        }
    }

    /** Returns the session as it is to be shown. */
    private String run(Path page, String session, int code) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("sh", "-c", script(session))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String printed = new String(shell.getInputStream().readAllBytes(), UTF_8);
        assertThat(shell.waitFor(1, MINUTES)).as("%s ends", page).isTrue();
        String lines = BLESSES ? withLinesOf(printed, session) : session;
        assertThat(plain(printed)).as("%s shows%n%s", page, session).matches(shown(lines, false));
        assertThat(shell.exitValue())
                .as("%s: exit code of%n%s%nwhich printed%n%s", page, session, printed)
                .isEqualTo(code);
        return lines;
    }

    /** The session with the numbers of lines that were printed, if it is right but for these. */
    static String withLinesOf(String printed, String session) {
        Matcher found = shown(session, true).matcher(plain(printed));
        if (!found.matches()) {
            return session;
        }
        AtomicInteger group = new AtomicInteger();
        return SPECIFICATION_LINE.matcher(session).replaceAll(number -> found.group(group.incrementAndGet()));
    }

    @Test
    void theNumbersOfLinesAreComparedAndCanBeBlessed() {
        String session = "$ longitude validate t\nA.tla:12: x\n...\n  see B.tla:7: y ...\n";
        String printed = "$ longitude validate t\nA.tla:13: x\nmore of C.tla:1\n  see B.tla:70: y and z\n";
        assertThat(plain(printed)).doesNotMatch(shown(session, false)).matches(shown(session, true));
        String blessed = withLinesOf(printed, session);
        assertThat(blessed).isEqualTo("$ longitude validate t\nA.tla:13: x\n...\n  see B.tla:70: y ...\n");
        assertThat(plain(printed)).matches(shown(blessed, false));
        assertThat(withLinesOf(printed.replace("x", "z"), session)).isEqualTo(session);
    }

    /** Prints each command, as a page does, and runs it. */
    private static String script(String session) {
        StringBuilder script = new StringBuilder("PATH=\"$PATH:$PWD\"\n");
        boolean goesOn = false;
        for (String line : session.lines().toList()) {
            if (goesOn || line.startsWith("$ ")) {
                script.append(goesOn ? "" : "cat <<'END_OF_COMMAND'\n")
                        .append(line)
                        .append('\n');
                goesOn = line.endsWith("\\");
                if (!goesOn) {
                    script.append("END_OF_COMMAND\n").append(lastCommand(script));
                }
            }
        }
        return script.toString();
    }

    private static String lastCommand(StringBuilder script) {
        String mark = "cat <<'END_OF_COMMAND'\n$ ";
        String command = script.substring(script.lastIndexOf(mark) + mark.length());
        return command.substring(0, command.lastIndexOf("END_OF_COMMAND\n"));
    }

    /**
     * What a session prints.
     *
     * @param anyLine whether the numbers of the specification's lines do not matter: they are groups then
     */
    private static Pattern shown(String session, boolean anyLine) {
        StringBuilder regex = new StringBuilder();
        for (String line : session.lines().toList()) {
            String plain = plain(line);
            if (plain.equals("...")) {
                regex.append("(?:.*\\n)*?");
            } else if (plain.endsWith("...") && !plain.startsWith("$ ")) {
                regex.append(quoted(plain.substring(0, plain.length() - 3), anyLine))
                        .append(".*\\n");
            } else {
                regex.append(quoted(plain, anyLine)).append("\\n");
            }
        }
        return Pattern.compile(regex.toString());
    }

    private static String quoted(String text, boolean anyLine) {
        String quoted = Pattern.quote(text);
        return anyLine ? SPECIFICATION_LINE.matcher(quoted).replaceAll("\\\\E(\\\\d+)\\\\Q") : quoted;
    }

    private static String plain(String text) {
        return VOLATILE.matcher(text)
                .replaceAll(found -> found.group().isBlank() ? " " : "#")
                .replaceAll("(?m) +$", "");
    }

    /** An indented command would be shown, and not run. */
    @ParameterizedTest
    @MethodSource("pages")
    void everyCommandIsInAConsoleBlock(Path page) throws IOException {
        String rest = BLOCK.matcher(Files.readString(ROOT.resolve(page))).replaceAll("");
        assertThat(rest.lines().filter(line -> line.matches(" {4,}(\\$ |\\./longitude |longitude |mvn |java ).*")))
                .as("%s", page)
                .isEmpty();
    }

    /** Every link of a page leads to a file, and to a heading of it. */
    @ParameterizedTest
    @MethodSource("pages")
    void everyLinkLeadsSomewhere(Path page) throws IOException {
        List<String> broken = new ArrayList<>();
        Matcher link = Pattern.compile("\\]\\(([^)#:\\s]*)(?:#([^)\\s]*))?\\)")
                .matcher(BLOCK.matcher(Files.readString(ROOT.resolve(page))).replaceAll(""));
        while (link.find()) {
            Path target = link.group(1).isEmpty()
                    ? ROOT.resolve(page)
                    : ROOT.resolve(page).resolveSibling(link.group(1)).normalize();
            if (!Files.exists(target)
                    || (link.group(2) != null && !headings(target).contains(link.group(2)))) {
                broken.add(link.group());
            }
        }
        assertThat(broken).as("%s", page).isEmpty();
    }

    /** A reader can find a series of patches that a page mentions: its title stands where it is mentioned first. */
    @ParameterizedTest
    @MethodSource("pages")
    void aSeriesIsNamedByItsTitleWhereItIsMentionedFirst(Path page) throws IOException {
        String text = Files.readString(ROOT.resolve(page)).replaceAll("\\s+", " ");
        for (Series series : Series.values()) {
            int first = series.firstMentionIn(text);
            if (first >= 0) {
                assertThat(text.indexOf(series.title()))
                        .as("%s: %s", page, series.title())
                        .isBetween(0, first + NEAR);
            }
        }
    }

    private static List<String> headings(Path page) throws IOException {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w\\- ]", "")
                        .replace(' ', '-'))
                .toList();
    }

    /** The first page that a user reads has at most 150 lines, and CI runs the command with which it tests. */
    @Test
    void theReadmeIsShortAndCiRunsItsCommands() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        assertThat(readme.lines()).hasSizeLessThanOrEqualTo(150);
        String ci = Files.readString(ROOT.resolve(".ci/run"));
        assertThat(ci).contains("./longitude check").contains("mvn -B -ntp verify");
        assertThat(readme).contains("$ ./longitude check").contains("$ mvn verify");
    }
}
