package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longitude.processes.ShellWord;
import dev.longitude.report.HtmlPage;
import dev.longitude.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --report FILE.html}: a page with what a command has found. */
final class ReportOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description = "Write a page to look at: verdicts, timelines and states in one HTML file, for any browser.")
    private @Nullable Path file;

    /** Whether a page is to be written. */
    boolean isAsked() {
        return file != null;
    }

    /**
     * Finds out whether the page can be written, and removes an earlier one: nobody may take it for that of a run that
     * then fails.
     *
     * @throws ParameterException if it cannot be written
     */
    void check() throws IOException {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
            throw new ParameterException(
                    spec.commandLine(), "--report " + file + ": a file in a folder that exists was expected");
        }
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(file);
        }
        Files.writeString(file, "", UTF_8);
    }

    /** Writes the page, if one is to be written. */
    void write(Report report) throws IOException {
        if (file != null) {
            Files.writeString(file, HtmlPage.of(report), UTF_8);
        }
    }

    /** The command line, as one would type it. */
    String command() {
        List<String> words = new ArrayList<>(List.of("longitude"));
        for (String word : spec.root().commandLine().getParseResult().originalArgs()) {
            words.add(ShellWord.of(word));
        }
        return String.join(" ", words);
    }
}
