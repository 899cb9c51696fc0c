package dev.longitude.cli;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.lockstep.Difference;
import dev.longitude.lockstep.Lockstep;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude lockstep}: the specification and the reference implementation, explored together. */
@Command(
        name = "lockstep",
        description = {
            "Explore a model of any VMM by the specification and by the reference implementation in Java together, state"
                    + " by state: what one does the other must do, with the same result and the same state after it; and"
                    + " the distinct states must be as many as TLC finds. Without a MODEL: all that `check` runs."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  longitude lockstep any-vmm-v6.12",
            "  longitude lockstep any-vmm-large-v6.12 --checkpoint large.bin",
            "",
            ExitCode.MEANING
        })
final class LockstepCommand implements Callable<Integer> {
    private static final String SUITE = "lockstep";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "MODEL", description = "A model's name, as in spec/models.yaml.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--states", paramLabel = "N", description = "Stop after so many distinct states.")
    private long most = Long.MAX_VALUE;

    @Option(
            names = "--java-kernel",
            paramLabel = "KERNEL",
            description =
                    "Java follows the rules of this kernel instead of the model's: finds a shortest behaviour in which"
                            + " the two kernels differ.")
    private @Nullable String javaKernel;

    @Option(
            names = "--checkpoint",
            paramLabel = "FILE",
            description = "Save the search there every minute and at its end, and go on from there if it exists.")
    private @Nullable Path checkpoint;

    @Option(
            names = "--follow",
            paramLabel = "MOVES",
            split = ",",
            description = "Only repeat these moves from the initial state, such as 1,4,9: what a difference prints.")
    private List<Integer> follow = new ArrayList<>();

    @Option(
            names = "--behaviours",
            paramLabel = "DIR",
            description = "Write behaviours that have each kind of step as traces, with real words, to DIR/MODEL.zip.")
    private @Nullable Path behaviours;

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Override
    public Integer call() throws IOException {
        Manifest manifest = Manifest.load();
        List<Model> models = names.isEmpty()
                ? manifest.models().stream()
                        .filter(m -> !m.large() && Lockstep.explores(m.module()))
                        .toList()
                : names.stream().map(name -> named(manifest, name)).toList();
        if (most < 1) {
            throw unusable("--states " + most + ": a positive number was expected");
        }
        if (javaKernel != null && KernelProfile.named(javaKernel).isEmpty()) {
            throw unusable("unknown kernel '" + javaKernel + "'; expected " + KernelProfile.expected());
        }
        if (models.size() > 1 && (checkpoint != null || !follow.isEmpty())) {
            throw unusable("--checkpoint and --follow need one MODEL");
        }
        if (behaviours != null && !Files.isDirectory(behaviours)) {
            throw unusable(behaviours + ": a folder that exists was expected");
        }
        results.check();
        for (Model model : models) {
            Lockstep search = new Lockstep(model.module(), model.name(), most, javaKernel, checkpoint, behaviours);
            try {
                report(model, follow.isEmpty() ? search.run() : search.follow(follow));
            } catch (IllegalArgumentException e) {
                throw unusable(String.valueOf(e.getMessage()));
            }
        }
        return results.finish(new Summary("model", "models", "agree", "differ"));
    }

    private Model named(Manifest manifest, String name) {
        return manifest.named(name)
                .orElseThrow(() -> unusable("unknown model '" + name + "'; `longitude check --list` names them"));
    }

    private void report(Model model, Lockstep.Outcome outcome) {
        if (outcome instanceof Lockstep.Unsupported unsupported) {
            text(results.text(), model, "not explored: " + unsupported.why());
            // Asked for by its name, it is a question without an answer.
            results.add(CaseResult.of(
                    SUITE,
                    model.name(),
                    names.isEmpty() ? Status.DOES_NOT_APPLY : Status.UNDECIDED,
                    SUITE,
                    "not explored: " + unsupported.why()));
        } else if (outcome instanceof Lockstep.Differs differs) {
            Difference difference = differs.difference();
            String message =
                    difference.text() + System.lineSeparator() + "To repeat: longitude lockstep " + model.name()
                            + (javaKernel == null ? "" : " --java-kernel " + javaKernel) + " --follow "
                            + difference.moves().stream().map(String::valueOf).collect(Collectors.joining(","));
            text(results.faults(), model, message);
            results.add(CaseResult.of(SUITE, model.name(), Status.VIOLATED, SUITE, message)
                    .with(ImmutableMap.of("moves", difference.moves())));
        } else {
            report(model, (Lockstep.Agrees) outcome);
        }
    }

    private void report(Model model, Lockstep.Agrees agrees) {
        if (!follow.isEmpty()) {
            text(results.text(), model, "no difference in these moves");
            results.add(CaseResult.of(SUITE, model.name(), Status.HOLDS, SUITE, ""));
            return;
        }
        Long without = model.statesWithout();
        long expected = without == null ? model.states() : without;
        boolean same = agrees.isComplete() && agrees.states() == expected;
        String counts = String.format(
                Locale.ROOT,
                "%,d states, depth %d, %,d steps, %,d refused by both; %.1f s of CPU, %,.0f steps a second",
                agrees.states(),
                agrees.depth(),
                agrees.steps(),
                agrees.refused(),
                agrees.stepsAndSeconds().seconds(),
                agrees.stepsAndSeconds().perSecond());
        String message = same
                ? ""
                : agrees.isComplete()
                        ? "TLC finds " + expected + " distinct states, this search " + agrees.states()
                        : "stopped at " + agrees.states() + " of " + expected + " states without a difference";
        Status status = same ? Status.HOLDS : agrees.isComplete() ? Status.VIOLATED : Status.UNDECIDED;
        text(
                status == Status.VIOLATED ? results.faults() : results.text(),
                model,
                (same ? "agree" : message) + ": " + counts);
        if (agrees.behaviours() > 0) {
            results.text()
                    .println("  " + agrees.behaviours() + " behaviours with " + agrees.kinds() + " kinds of steps in "
                            + behaviours + "/" + model.name() + ".zip");
        }
        results.add(CaseResult.of(SUITE, model.name(), status, SUITE, message)
                .took(agrees.stepsAndSeconds().seconds())
                .with(ImmutableMap.of(
                        "states", agrees.states(), "steps", agrees.steps(), "refused", agrees.refused())));
    }

    private static void text(PrintWriter out, Model model, String text) {
        out.println(model.name() + ": " + text);
        out.flush();
    }

    private ParameterException unusable(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
