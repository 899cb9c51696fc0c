package dev.longitude.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Runs independent jobs on as many threads as there are cores. */
final class Jobs {
    private Jobs() {}

    /**
     * Runs all.
     *
     * @param done receives each result as it comes, on any thread
     * @return the results, in the order of the jobs
     */
    static <T> List<T> run(List<? extends Callable<T>> jobs, Consumer<T> done)
            throws InterruptedException, ExecutionException {
        return run(jobs, done, Runtime.getRuntime().availableProcessors());
    }

    /** The same on so many threads. */
    static <T> List<T> run(List<? extends Callable<T>> jobs, Consumer<T> done, int threads)
            throws InterruptedException, ExecutionException {
        ExecutorService workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<T>> running = new ArrayList<>();
            for (Callable<T> job : jobs) {
                running.add(workers.submit(() -> {
                    T result = job.call();
                    done.accept(result);
                    return result;
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : running) {
                results.add(result.get());
            }
            return results;
        } finally {
            workers.shutdownNow();
        }
    }
}
