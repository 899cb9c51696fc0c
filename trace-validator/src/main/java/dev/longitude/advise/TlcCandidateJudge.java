package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.RecipeFaultException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Judges each case by a run of TLC, as many at a time as there are cores. */
public final class TlcCandidateJudge implements CandidateJudge {
    private final Judge judge;

    /** Judges as {@code judge} does. */
    public TlcCandidateJudge(Judge judge) {
        this.judge = judge;
    }

    @Override
    public ImmutableList<Optional<Judgement>> judge(List<Case> cases) throws IOException, InterruptedException {
        ExecutorService workers =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(), task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    return thread;
                });
        try {
            List<Future<Optional<Judgement>>> running = new ArrayList<>();
            for (Case of : cases) {
                running.add(workers.submit(() -> judgement(of)));
            }
            ImmutableList.Builder<Optional<Judgement>> all = ImmutableList.builder();
            for (Future<Optional<Judgement>> one : running) {
                all.add(one.get());
            }
            return all.build();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            workers.shutdownNow();
        }
    }

    private Optional<Judgement> judgement(Case of) throws IOException, InterruptedException {
        try {
            return Optional.of(judge.judge(of));
        } catch (RecipeFaultException e) {
            return Optional.empty();
        }
    }
}
