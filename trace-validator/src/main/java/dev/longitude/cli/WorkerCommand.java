package dev.longitude.cli;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.model.DistributedTlc;
import dev.longitude.processes.ChildProcesses;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude worker MASTER}: this host's part in a distributed check. */
@Command(
        name = "worker",
        description = "Take part in a `longitude check --distributed` on another host, until it ends.",
        mixinStandardHelpOptions = true)
final class WorkerCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "MASTER", description = "The other host, as its --address names it.")
    private String master = "";

    @Option(names = "--port", required = true, description = "The master's port.")
    private int port;

    @Option(names = "--threads", defaultValue = "0", description = "Threads (default: one for each CPU).")
    private int threads;

    @Option(names = "--address", description = "This host's address as the master reaches it (default: its name).")
    private @Nullable String address;

    @Option(names = "--fingerprints", description = "Store a part of the fingerprints, and compute nothing.")
    private boolean fingerprints;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (port < 1 || port > 65535 || threads < 0 || threads > 1024) {
            throw new ParameterException(spec.commandLine(), "--port is 1 to 65535, and --threads 0 to 1024");
        }
        Path folder = Files.createTempDirectory("longitude-worker");
        try {
            Process process = ChildProcesses.start(new ProcessBuilder(DistributedTlc.command(
                            fingerprints ? DistributedTlc.Part.FINGERPRINTS : DistributedTlc.Part.WORKER,
                            address == null ? InetAddress.getLocalHost().getHostName() : address,
                            master,
                            port,
                            threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                            folder))
                    .directory(folder.toFile())
                    .inheritIO());
            return ChildProcesses.waitFor(process) == 0 ? ExitCode.HOLDS : ExitCode.UNUSABLE;
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }
}
