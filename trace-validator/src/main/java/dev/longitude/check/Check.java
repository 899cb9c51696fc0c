package dev.longitude.check;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.model.DistributedTlc;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.recipe.Recipe;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.RecordingCheck;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Something that can be checked, independently of all else. */
@FunctionalInterface
public interface Check extends Callable<CheckResult> {
    /** So many that the scenarios take each branch of the reference implementation under each kernel. */
    int SEEDS = 8;

    /** How long a scenario or a recording takes. */
    double SHORT = 0.2;

    /** How long the recipes of an architecture in all cases of the matrix take. */
    double RECIPES = 20;

    /** How long TLC takes to start, and for a state of one of our models. */
    double START = 0.8;

    /** Likewise. */
    double STATE = 1.7e-4;

    /** The vCPUs of a scenario. */
    int VCPUS = 3;

    /** A few cells of the matrix, including the series' theorems; {@code longitude matrix} judges all of it. */
    ImmutableListMultimap<KernelProfile, String> OF_THE_MATRIX = ImmutableListMultimap.<KernelProfile, String>builder()
            .putAll(
                    KernelProfile.of("v6.12"),
                    "series-by-value",
                    "kernel-documented",
                    "cloud-hypervisor-52",
                    "arm64-by-value")
            .put(KernelProfile.of("series-v1"), "series-v1-arm64-one-vcpu")
            .put(KernelProfile.of("series-v2"), "series-v2-arm64")
            .build();

    /** About how long it takes, in seconds of an idle core: what {@code check} estimates the time left from. */
    default double seconds() {
        return SHORT;
    }

    @Override
    CheckResult call() throws IOException, InterruptedException, RecipeFaultException, TraceFormatException;

    /** What is checked besides models. The recordings' logs are unpacked in {@code folder}. */
    static ImmutableList<Check> besidesModels(Path folder) throws IOException {
        ImmutableList.Builder<Check> checks = ImmutableList.builder();
        ImmutableList<Matrix.Cell> committed = Matrix.committed();
        for (Recipe recipe : Recipes.bundled()) {
            OF_THE_MATRIX.forEach((kernel, name) -> {
                if (name.equals(recipe.name())) {
                    checks.add(of(
                            Case.ofTheMatrix(recipe).stream()
                                    .filter(c -> c.kernel().equals(kernel))
                                    .collect(ImmutableList.toImmutableList()),
                            committed));
                }
            });
        }
        for (Scenario scenario : Scenario.all()) {
            for (KernelProfile kernel : KernelProfile.showing(scenario.arch())) {
                checks.add(of(scenario, kernel));
            }
        }
        for (BundledRecording recording : BundledRecording.all()) {
            checks.add(of(recording, recording.unpack(folder)));
        }
        return checks.build();
    }

    /** A model, which TLC checks in a process of its own. */
    static Check of(Model model) {
        return of(model, ModelCheck::run);
    }

    /** A model, which TLC checks in one of these JVMs or in a process of its own. */
    static Check of(Model model, TlcJvms jvms) {
        return of(model, check -> check.run(jvms));
    }

    /** A model, which TLC checks on several hosts. */
    static Check of(Model model, DistributedTlc distributed) {
        return of(model, check -> check.run(distributed));
    }

    private static Check of(Model model, Run run) {
        long states = model.states() + (model.statesWithout() == null ? 0 : model.statesWithout());
        return taking((model.statesWithout() == null ? 1 : 2) * START + states * STATE, () -> {
            long begin = System.nanoTime();
            ModelCheck check = new ModelCheck(model);
            ModelCheck.Outcome outcome = run.of(check);
            String fault = outcome.fault();
            if (fault != null && !outcome.counterexample().isEmpty()) {
                fault += "\n" + String.join("\n", outcome.counterexample());
            }
            return new CheckResult(
                    "model " + model.name(),
                    model.violates() == null ? check.properties() : "must fail on exactly " + model.violates(),
                    outcome.states() + " states",
                    seconds(begin),
                    CheckResult.Status.of(fault),
                    fault,
                    outcome);
        });
    }

    /** A check that takes about so many seconds. */
    private static Check taking(double seconds, Check check) {
        return new Check() {
            @Override
            public double seconds() {
                return seconds;
            }

            @Override
            public CheckResult call()
                    throws IOException, InterruptedException, RecipeFaultException, TraceFormatException {
                return check.call();
            }
        };
    }

    /** A way to run a model. */
    @FunctionalInterface
    interface Run {
        /** Runs it. */
        ModelCheck.Outcome of(ModelCheck check) throws IOException, InterruptedException;
    }

    /**
     * Recipes, whose verdicts must be the committed ones.
     *
     * @param cases of one architecture; one run of TLC judges them
     */
    static Check of(ImmutableList<Case> cases, ImmutableList<Matrix.Cell> committed) {
        return taking(RECIPES, () -> {
            long begin = System.nanoTime();
            ImmutableList<Judgement> judgements = new Judge(Judge.PREEMPTIONS, null).judge(cases);
            ImmutableList<String> changes = new Matrix(judgements).changesFrom(committed, false);
            String fault = changes.isEmpty() ? null : String.join("\n", changes);
            return new CheckResult(
                    "recipe " + cases.get(0) + (cases.size() == 1 ? "" : " and " + (cases.size() - 1) + " more"),
                    "as in the committed matrix",
                    cases.size() + " cases",
                    seconds(begin),
                    CheckResult.Status.of(fault),
                    fault,
                    null);
        });
    }

    /** A scenario on a kernel, whose traces must conform to it. */
    static Check of(Scenario scenario, KernelProfile kernel) {
        return () -> {
            long begin = System.nanoTime();
            long events = 0;
            String fault = null;
            CheckResult.Status status = CheckResult.Status.HOLDS;
            for (int seed = 1; seed <= SEEDS && fault == null; seed++) {
                Trace trace = scenario.play(kernel, VCPUS, seed);
                Verdict verdict = Verdict.of(trace.header().origin(), trace);
                events += verdict.events();
                fault = verdict.conforms() ? null : verdict.text();
                status = CheckResult.Status.of(fault, verdict);
            }
            return new CheckResult(
                    "scenario " + scenario.commandName() + " " + kernel,
                    "conforms to " + kernel + ", seeds 1 to " + SEEDS,
                    events + " events",
                    seconds(begin),
                    status,
                    fault,
                    null);
        };
    }

    /** A recording, whose log has been unpacked, and whose verdict must be the one that its index names. */
    static Check of(BundledRecording recording, Path log) {
        return () -> {
            long begin = System.nanoTime();
            RecordingCheck check = RecordingCheck.of(recording, log);
            return new CheckResult(
                    "recording " + recording.file(),
                    check.expected(),
                    check.verdict().events() + " events",
                    seconds(begin),
                    CheckResult.Status.of(check.fault(), check.verdict()),
                    check.fault(),
                    null);
        };
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
