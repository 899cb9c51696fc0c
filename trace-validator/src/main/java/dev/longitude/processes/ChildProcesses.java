package dev.longitude.processes;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Starts all processes of this program, so that none is started while they are being ended: a thread that saw its
 * process end would otherwise go on with the next, which nobody would end.
 */
public final class ChildProcesses {
    private static boolean ended;

    private ChildProcesses() {}

    /**
     * Starts a process. Once this program ends, a call of it does not return.
     *
     * @throws IOException if the system cannot start it
     */
    public static Process start(ProcessBuilder builder) throws IOException {
        synchronized (ChildProcesses.class) {
            while (ended) {
                try {
                    ChildProcesses.class.wait();
                } catch (InterruptedException e) {
                    // (Nothing is left to do: the virtual machine is about to halt.)
                }
            }
            return builder.start();
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
