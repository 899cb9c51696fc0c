package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude simulate [SCENARIO]}. */
@Command(
        name = "simulate",
        description = "Run a scenario on the reference implementation and write its trace. Without one, list them.",
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "SCENARIO", description = "Which scenario.")
    private @Nullable String scenario;

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            defaultValue = "v6.12",
            description = "The kernel to be (default: ${DEFAULT-VALUE}).")
    private KernelProfile kernel = KernelProfile.V6_12;

    @Option(
            names = "--vcpus",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many vCPUs (default: ${DEFAULT-VALUE}).")
    private int vcpus = 2;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Decides every free choice (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--out", paramLabel = "FILE", description = "Where the trace goes (default: standard output).")
    private @Nullable Path out;

    @Option(names = "--force", description = "Overwrite FILE if it exists.")
    private boolean force;

    @Override
    public Integer call() throws IOException {
        if (scenario == null) {
            list();
            return ExitCode.HOLDS;
        }
        String wanted = scenario;
        Scenario chosen = Scenario.named(wanted)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "unknown scenario '" + wanted + "'; expected one of " + names()));
        if (vcpus < 1 || vcpus > Scenario.MOST_VCPUS) {
            throw new ParameterException(
                    spec.commandLine(), "--vcpus " + vcpus + ": expected 1 to " + Scenario.MOST_VCPUS);
        }
        if (out != null && !force && Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
            throw new ParameterException(spec.commandLine(), out + " exists; --force overwrites it");
        }
        if (out != null && Files.isDirectory(out)) {
            throw new ParameterException(spec.commandLine(), out + " is a directory; a file was expected");
        }
        Scenario.Recording recording = chosen.play(kernel, vcpus, seed);
        if (out == null) {
            write(recording, System.out);
        } else {
            writeWhole(recording, out);
            spec.commandLine()
                    .getOut()
                    .println(out + ": " + recording.events().size() + " events of scenario " + wanted + ", kernel "
                            + kernel + ", " + vcpus + " vCPUs, seed " + seed);
        }
        return ExitCode.HOLDS;
    }

    /** Writes beside the file and then moves: the file appears whole or not at all. */
    private void writeWhole(Scenario.Recording recording, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ParameterException(spec.commandLine(), folder + " is no directory; FILE cannot be written there");
        }
        Path partial = Files.createTempFile(folder, ".longitude", ".partial");
        try {
            try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(partial))) {
                write(recording, stream);
            }
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static void write(Scenario.Recording recording, OutputStream stream) throws IOException {
        try (TraceWriter writer = new TraceWriter(stream, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
    }

    private void list() {
        Table table = new Table("scenario", "what happens");
        for (Scenario each : Scenario.all()) {
            table.row(each.commandName(), each.summary());
        }
        spec.commandLine().getOut().print(table);
    }

    private static String names() {
        return Scenario.all().stream().map(Scenario::commandName).collect(Collectors.joining(", "));
    }
}
