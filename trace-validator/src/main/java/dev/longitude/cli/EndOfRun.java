package dev.longitude.cli;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.processes.ChildProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What remains to be done when the program ends, also by a signal: the processes that it started end with it, and the
 * temporary folder that the launcher made for it goes.
 */
final class EndOfRun {
    /** How long a process may take to end by itself. */
    private static final int SECONDS = 5;

    private EndOfRun() {}

    /** Arranges for it. */
    static void prepare() {
        String folder = System.getProperty("longitude.work");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> run(folder == null ? null : Path.of(folder)), "end"));
    }

    private static void run(@Nullable Path folder) {
        ChildProcesses.end(SECONDS);
        if (folder != null && Files.isDirectory(folder)) {
            try {
                MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
            } catch (IOException e) {
                // It stays; a temporary folder is nobody's result.
            }
        }
    }
}
