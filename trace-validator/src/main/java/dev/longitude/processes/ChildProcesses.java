package dev.longitude.processes;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Starts all processes of this program, and waits for them, so that none is started while they are being ended, and none
 * that was ended is taken for one that failed: a thread that saw its process end would otherwise go on with the next,
 * which nobody would end, or report a fault that there is not.
 */
public final class ChildProcesses {
    /** The exit codes of a process that a signal has ended are greater. */
    private static final int BY_SIGNAL = 128;

    /** An interrupt reaches a process at the same time as this program, which may notice it seconds later. */
    private static final long NOTICED_MILLIS = 5000;

    private static boolean ended;

    private ChildProcesses() {}

    /**
     * Starts a process. Once this program ends, a call of it does not return.
     *
     * @throws IOException if the system cannot start it
     */
    public static Process start(ProcessBuilder builder) throws IOException {
        synchronized (ChildProcesses.class) {
            stayIfEnded();
            return builder.start();
        }
    }

    /**
     * Waits for the end of a process. Once this program ends, a call of it does not return.
     *
     * @return its exit code
     */
    public static int waitFor(Process process) throws InterruptedException {
        int code = process.waitFor();
        synchronized (ChildProcesses.class) {
            if (code > BY_SIGNAL && !ended) {
                ChildProcesses.class.wait(NOTICED_MILLIS);
            }
            stayIfEnded();
        }
        return code;
    }

    /** Does not return once this program ends: what went wrong since then is of no interest. */
    public static synchronized void stayIfEnded() {
        while (ended) {
            try {
                ChildProcesses.class.wait();
            } catch (InterruptedException e) {
                // (Nothing is left to do: the virtual machine is about to halt.)
            }
        }
    }

    /**
     * Ends all processes that descend from this one, and starts none from now on. Each is asked first: a recorded VMM may
     * have something to finish.
     *
     * @param seconds how long they may take to end by themselves
     */
    public static void end(int seconds) {
        synchronized (ChildProcesses.class) {
            ended = true;
            ChildProcesses.class.notifyAll();
        }
        List<ProcessHandle> children = ProcessHandle.current().descendants().toList();
        children.forEach(ProcessHandle::destroy);
        for (ProcessHandle child : children) {
            try {
                child.onExit().get(seconds, TimeUnit.SECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                children.forEach(ProcessHandle::destroyForcibly);
                return;
            }
        }
    }
}
