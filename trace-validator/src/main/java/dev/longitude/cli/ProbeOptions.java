package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.lab.Probe;
import dev.longitude.lab.TestOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What the commands that drive a KVM have in common: what to play, and where the logs go. */
final class ProbeOptions {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    @Option(
            names = {"-o", "--out"},
            paramLabel = "NAME",
            description = "The new folder for the logs (default: the command's name and the time).")
    private @Nullable Path out;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random sequences (default: by the clock; the logs' names contain it).")
    private @Nullable Long seed;

    @Option(
            names = "--plays",
            paramLabel = "N",
            defaultValue = "1",
            description = "Play each random sequence N times, each time with another seed (default: ${DEFAULT-VALUE}).")
    private int plays;

    @Option(
            names = "--sequence",
            paramLabel = "NAME",
            split = ",",
            description = "Only these sequences (default: all); may be given several times.")
    private List<String> sequences = new ArrayList<>();

    @Mixin
    private ResultOptions results = new ResultOptions();

    /** Whether progress is shown. */
    boolean showsProgress() {
        return results.showsProgress();
    }

    Probe probe() {
        return new Probe(seed, plays, ImmutableList.copyOf(sequences));
    }

    /**
     * The folder to write: new. Called before anything is run.
     *
     * @param arch of the KVM, or null if there can be none
     */
    Path folder(CommandSpec spec, String command, @Nullable Arch arch) throws IOException {
        results.check();
        if (arch != null) {
            checkNames(spec, Probe.names(arch), arch);
        }
        if (plays < 0 || (seed != null && seed < 0)) {
            throw new ParameterException(spec.commandLine(), "--seed, --plays: expected a number from 0");
        }
        Path folder = out == null
                ? Path.of(command + "-" + LocalDateTime.now(ZoneOffset.UTC).format(TIME))
                : out;
        if (Files.exists(folder)) {
            throw new ParameterException(spec.commandLine(), folder + " exists: the logs need a new folder");
        }
        return folder;
    }

    private void checkNames(CommandSpec spec, ImmutableList<String> names, Arch arch) {
        for (String name : sequences) {
            if (!names.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "no sequence '" + name + "' on " + arch + "; there are " + String.join(", ", names)
                                + NearestName.hint(name, names));
            }
        }
    }

    /** Judges the folder's logs, prints the verdicts, and returns the exit code. */
    int print(Path folder, @Nullable KernelProfile kernel) throws IOException, InterruptedException {
        return new VerdictTable(results, folder, kernel, TestOutcome.in(folder)).print(Probe.logs(folder));
    }
}
