package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longitude.report.HtmlPage;
import dev.longitude.report.Report;
import java.io.IOException;
import java.nio.file.Files;
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

    /** Whether a page is to be written; refuses a place where none can be, before anything is judged. */
    boolean isAsked() {
        if (file == null) {
            return false;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw new ParameterException(spec.commandLine(), "--report " + file + ": is a folder");
        }
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--report " + file + ": cannot be written: " + folder + " is no folder to write to");
        }
        return true;
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
            words.add(word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'");
        }
        return String.join(" ", words);
    }
}
