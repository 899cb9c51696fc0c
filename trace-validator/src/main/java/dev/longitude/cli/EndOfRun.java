package dev.longitude.cli;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.processes.ChildProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * What remains to be done when the program ends, also by a signal: the processes that it started end with it, and the
 * temporary folder that the launcher made for it goes.
 */
final class EndOfRun {
    /** How long a process may take to end by itself. */
    private static final int SECONDS = 5;

    private static final int TRIES = 50;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private EndOfRun() {}

    /** Arranges for it. */
    static void prepare() {
        Runtime.getRuntime().addShutdownHook(new Thread(EndOfRun::clean, "end"));
    }

    /** Does it. */
    static synchronized void clean() {
        ChildProcesses.end(SECONDS);
        String name = System.getProperty("longitude.work");
        if (name == null) {
            return;
        }
        Path folder = Path.of(name);
        // A thread may still put files there, until it is about to start its next process.
        for (int tries = 0; tries < TRIES && Files.exists(folder); tries++) {
            try {
                MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
            } catch (IOException e) {
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }
}
