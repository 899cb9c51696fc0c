package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
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

/** Judges cases with TLC: a run for each core. */
public final class TlcCandidateJudge implements CandidateJudge {
    private final Judge judge;

    /** Judges as {@code judge} does. */
    public TlcCandidateJudge(Judge judge) {
        this.judge = judge;
    }

    @Override
    public ImmutableList<Optional<Judgement>> judge(List<Case> cases) throws IOException, InterruptedException {
        if (cases.isEmpty()) {
            return ImmutableList.of();
        }
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService workers = Executors.newFixedThreadPool(cores, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<List<Optional<Judgement>>>> running = new ArrayList<>();
            for (List<Case> some : Lists.partition(cases, (cases.size() + cores - 1) / cores)) {
                running.add(workers.submit(() -> judgements(some)));
            }
            ImmutableList.Builder<Optional<Judgement>> all = ImmutableList.builder();
            for (Future<List<Optional<Judgement>>> one : running) {
                all.addAll(one.get());
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

    /** A recipe that nothing completes says so for all of its run: then each is judged alone. */
    private List<Optional<Judgement>> judgements(List<Case> cases) throws IOException, InterruptedException {
        try {
            return judge.judge(cases).stream().map(Optional::of).toList();
        } catch (RecipeFaultException e) {
            if (cases.size() == 1) {
                return List.of(Optional.empty());
            }
            List<Optional<Judgement>> alone = new ArrayList<>();
            for (Case of : cases) {
                alone.addAll(judgements(List.of(of)));
            }
            return alone;
        }
    }
}
