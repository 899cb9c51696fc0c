package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longitude.results.CaseResult;
import dev.longitude.results.GithubAnnotation;
import dev.longitude.results.JUnitXml;
import dev.longitude.results.Sarif;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The options of every command that judges: its results as JSON, JUnit XML, SARIF and annotations, and less text.
 *
 * <p>A command calls {@link #check()} before it runs anything, {@link #add(CaseResult)} for each result, prints its text
 * to {@link #text()} or {@link #faults()}, and returns what {@link #finish(Summary)} returns.
 */
final class ResultOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--json",
            description = "Print only JSON: an object for each result, one a line (trace-validator/RESULTS.md).")
    private boolean json;

    @Option(
            names = "--junit",
            paramLabel = "FILE",
            description = "Write the results as JUnit XML, too: undecided and unusable are errors.")
    private @Nullable Path junit;

    @Option(
            names = "--sarif",
            paramLabel = "FILE",
            description = "Write what does not hold as SARIF 2.1.0, too, each with its line.")
    private @Nullable Path sarif;

    @Option(names = "--quiet", description = "Print only what does not hold, and no progress.")
    private boolean quiet;

    private final List<CaseResult> results = new ArrayList<>();

    /** Whether only JSON is printed. */
    boolean isJson() {
        return json;
    }

    /** Whether places are wanted that cost time to find: a file or an annotation shows them. */
    boolean wantsPlaces() {
        return sarif != null || annotates();
    }

    /** Whether only what does not hold is printed. */
    boolean isQuiet() {
        return quiet;
    }

    /** Whether progress is shown. */
    boolean showsProgress() {
        return !quiet;
    }

    /**
     * Finds out whether the files can be written, and removes what an earlier run left there: nobody may take its results
     * for those of a run that then fails.
     *
     * @throws ParameterException if a file cannot be written
     */
    void check() throws IOException {
        if (junit != null && junit.equals(sarif)) {
            throw new ParameterException(spec.commandLine(), "--junit and --sarif name the same file");
        }
        for (Path file : files()) {
            Path folder = file.toAbsolutePath().getParent();
            if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
                throw new ParameterException(
                        spec.commandLine(), file + ": a file in a folder that exists was expected");
            }
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(file);
            }
            Files.writeString(file, "", UTF_8);
        }
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        if (junit != null) {
            files.add(junit);
        }
        if (sarif != null) {
            files.add(sarif);
        }
        return files;
    }

    /** Where the command's text goes: nowhere with {@code --json} or {@code --quiet}. */
    PrintWriter text() {
        return json || quiet
                ? new PrintWriter(Writer.nullWriter())
                : spec.commandLine().getOut();
    }

    /** Where text goes about what does not hold: nowhere with {@code --json}. */
    PrintWriter faults() {
        return json ? new PrintWriter(Writer.nullWriter()) : spec.commandLine().getOut();
    }

    /** Adds a result, and prints it with {@code --json}. */
    void add(CaseResult result) {
        add(result, result::json);
    }

    /**
     * The same for a command that has a form of JSON of its own.
     *
     * @param object gives the result in that form, one line; null if an object that is added later tells it
     */
    void add(CaseResult result, @Nullable Supplier<String> object) {
        results.add(result);
        if (json && object != null) {
            spec.commandLine().getOut().println(object.get());
        }
    }

    /** Writes the files and annotations, prints the summary if there are several results, and returns the exit code. */
    int finish(Summary summary) throws IOException {
        int code = results.stream().mapToInt(r -> code(r.status())).reduce(ExitCode.HOLDS, ExitCode::ofBoth);
        return finish(summary, code);
    }

    /** The same with another exit code. */
    int finish(Summary summary, int code) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (results.size() > 1 && !json) {
            out.println(summary.of(results));
        }
        out.flush();
        String command = spec.qualifiedName().replaceFirst("^longitude ", "");
        if (junit != null) {
            try (Writer file = Files.newBufferedWriter(junit, UTF_8)) {
                JUnitXml.write(command, results, file);
            }
        }
        if (sarif != null) {
            Files.writeString(sarif, Sarif.of(command, Longitude.Version.number(), code, results), UTF_8);
        }
        if (annotates()) {
            PrintWriter err = spec.commandLine().getErr();
            results.stream().filter(r -> r.status().isFault()).forEach(r -> err.println(GithubAnnotation.of(r)));
            err.flush();
        }
        return code;
    }

    /** The launcher passes on that GitHub Actions runs it. */
    private static boolean annotates() {
        return Boolean.getBoolean("longitude.annotations");
    }

    /** The exit code of one result alone. */
    static int code(Status status) {
        return switch (status) {
            case HOLDS, DOES_NOT_APPLY -> ExitCode.HOLDS;
            case VIOLATED -> ExitCode.VIOLATED;
            case UNDECIDED -> ExitCode.UNDECIDED;
            case UNUSABLE -> ExitCode.UNUSABLE;
        };
    }

    /** The status that an exit code stands for. */
    static Status status(int code) {
        return switch (code) {
            case ExitCode.HOLDS -> Status.HOLDS;
            case ExitCode.VIOLATED -> Status.VIOLATED;
            case ExitCode.UNDECIDED -> Status.UNDECIDED;
            default -> Status.UNUSABLE;
        };
    }
}
