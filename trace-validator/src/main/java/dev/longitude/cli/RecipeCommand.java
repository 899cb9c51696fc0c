package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.order.RecordedRecipe;
import dev.longitude.processes.ShellWord;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.RecipeReader;
import dev.longitude.recording.VmmLog;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude recipe SAVE [RESTORE]}: the recipe that a recording carries out. */
@Command(
        name = "recipe",
        mixinStandardHelpOptions = true,
        description = "Write the recipe that a recording of a VMM carries out: where it saved, where it restored, and"
                + " which saved value went where. Each step names the lines of the log that it comes from.",
        footer = {
            "",
            "Exit codes: 0 the recipe is complete; 2 unusable input, or no restore in it; 3 a part of the recipe is unknown:"
                    + " a value that follows from none that was read, or an order that no recipe can say."
        })
final class RecipeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "SAVE", description = "The ioctl log with the save.")
    private Path save = Path.of("");

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "RESTORE",
            description = "The ioctl log with the restore. Default: SAVE has both.")
    private @Nullable Path restore;

    @Option(
            names = "--line",
            paramLabel = "N",
            description = "The restore in which line N of RESTORE is. Default: the last one.")
    private @Nullable Integer line;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Write the recipe to FILE. Default: standard output.")
    private @Nullable Path out;

    @Option(names = "--force", description = "Overwrite FILE if it exists.")
    private boolean force;

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "The kernel of a recording without host.txt. The recipe does not depend on it.")
    private @Nullable KernelProfile kernel;

    @Override
    public Integer call() throws TraceFormatException, IOException {
        if (out != null && !force && Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
            throw new ParameterException(spec.commandLine(), out + " exists; --force overwrites it");
        }
        VmmLog source = VmmLog.read(save, kernel);
        VmmLog destination = restore == null ? source : VmmLog.read(restore, kernel);
        RecordedRecipe recipe = RecordedRecipe.of(source, destination, line);
        PrintWriter report =
                out == null ? spec.commandLine().getErr() : spec.commandLine().getOut();
        Path file = out;
        String name = file == null ? "the recipe" : file.toString();
        if (file == null) {
            spec.commandLine().getOut().print(recipe.text());
            spec.commandLine().getOut().flush();
        } else {
            Files.writeString(file, recipe.text());
        }
        boolean complete = recipe.unknown().isEmpty();
        try {
            RecipeReader.read(name, "recorded", new StringReader(recipe.text()));
            if (file != null) {
                report.println(file + ": written. Judge it: longitude check --recipe " + ShellWord.of(file));
            }
        } catch (RecipeException e) {
            complete = false;
            report.println(name + " lacks too much to be judged: " + e.getMessage());
        }
        recipe.unknown().forEach(u -> report.println("unknown: " + u));
        report.flush();
        return complete ? ExitCode.HOLDS : ExitCode.UNDECIDED;
    }
}
