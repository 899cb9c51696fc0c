package dev.longitude.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.files.WholeFile;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.Simulation;
import dev.longitude.recipe.World;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude simulate [SCENARIO]}. */
@Command(
        name = "simulate",
        description = {
            "Run a scenario on the reference implementation and write its trace. Without one, list them.",
            "With --recipe: run a recipe between two hosts, and write one host's trace."
        },
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "SCENARIO", description = "Which scenario.")
    private @Nullable String scenario;

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            defaultValue = "v6.12",
            description = "The kernel to simulate (default: ${DEFAULT-VALUE}).")
    private KernelProfile kernel = KernelProfile.of("v6.12");

    @Option(
            names = "--vcpus",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many vCPUs (default: ${DEFAULT-VALUE}).")
    private int vcpus = 2;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Decides every free choice (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--out", paramLabel = "FILE", description = "Where the trace goes (default: standard output).")
    private @Nullable Path out;

    @Option(
            names = "--json",
            description =
                    "Print a JSON object about the trace; needs --out: file, events, kernel, seed, and of a recipe the"
                            + " properties that fail in this run.")
    private boolean json;

    @Option(names = "--force", description = "Overwrite FILE if it exists.")
    private boolean force;

    @Option(names = "--recipe", paramLabel = "NAME|FILE", description = "Run this recipe instead of a scenario.")
    private @Nullable String recipe;

    @Option(
            names = "--world",
            paramLabel = "NAME",
            description = "Which of the worlds in which the recipe is judged (default: the first, usual).")
    private @Nullable String world;

    @Option(
            names = "--preemption",
            defaultValue = "NONE",
            description = "How the VMM is preempted: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Preemption preemption = Preemption.NONE;

    @Option(
            names = "--preemptions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Maximum preemptions (default: ${DEFAULT-VALUE}).")
    private int preemptions = 1;

    /** One of the two hosts of a migration. */
    enum Host {
        SOURCE,
        DESTINATION
    }

    @Option(
            names = "--host",
            defaultValue = "DESTINATION",
            description = "The host of the trace: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Host host = Host.DESTINATION;

    @Override
    public Integer call() throws IOException {
        if (json && out == null) {
            throw unusable("--json needs --out: without it, the trace goes to standard output");
        }
        if (recipe != null) {
            if (scenario != null) {
                throw unusable("a scenario or --recipe, not both");
            }
            checkOut();
            return simulate(recipe);
        }
        if (scenario == null) {
            list();
            return ExitCode.HOLDS;
        }
        String wanted = scenario;
        Scenario chosen = Scenario.named(wanted)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "unknown scenario '" + wanted + "'; expected one of " + names()
                                + NearestName.hint(
                                        wanted,
                                        Scenario.all().stream()
                                                .map(Scenario::commandName)
                                                .toList())));
        if (vcpus < 1 || vcpus > Scenario.MOST_VCPUS) {
            throw new ParameterException(
                    spec.commandLine(), "--vcpus " + vcpus + ": expected 1 to " + Scenario.MOST_VCPUS);
        }
        checkOut();
        Trace recording = chosen.play(kernel, vcpus, seed);
        emit(recording, "scenario " + wanted + ", kernel " + kernel + ", " + vcpus + " vCPUs, seed " + seed, null);
        return ExitCode.HOLDS;
    }

    private void checkOut() {
        if (out != null && !force && Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
            throw unusable(out + " exists; --force overwrites it");
        }
        if (out != null && Files.isDirectory(out)) {
            throw unusable(out + " is a directory; a file was expected");
        }
    }

    private ParameterException unusable(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private int simulate(String nameOrFile) throws IOException {
        Recipe chosen;
        try {
            chosen = Recipes.find(nameOrFile);
        } catch (RecipeException | RecipeFaultException e) {
            throw unusable(e.getMessage() + RecipeOptions.recipeHint(nameOrFile));
        }
        World where =
                world == null ? chosen.worlds().get(0) : World.named(world).orElse(null);
        if (where == null || !chosen.worlds().contains(where)) {
            throw unusable("the recipe is not judged in the world '" + world + "', but in " + chosen.worlds()
                    + (world == null ? "" : RecipeOptions.worldHint(world)));
        }
        Optional<String> unfit = chosen.unfitFor(kernel);
        if (unfit.isPresent()) {
            throw unusable(unfit.get());
        }
        Simulation simulation = new RecipeRuns(chosen, where, kernel, true).play(preemption, preemptions, seed);
        Trace trace = simulation
                .traces()
                .get(host == Host.SOURCE ? 0 : simulation.traces().size() - 1);
        emit(trace, trace.header().origin(), simulation.fails());
        String fails =
                simulation.fails().isEmpty() ? "nothing" : simulation.fails().toString();
        if (json) {
            return ExitCode.HOLDS;
        }
        (out == null ? spec.commandLine().getErr() : spec.commandLine().getOut())
                .println("Fails in this run: " + fails);
        return ExitCode.HOLDS;
    }

    private void emit(Trace recording, String what, @Nullable Set<Property> fails) throws IOException {
        if (out == null) {
            // (The writer closes its target, and System.out must still report afterwards whether it could write.)
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            write(recording, text);
            text.writeTo(System.out);
        } else if (Files.exists(out) && !Files.isRegularFile(out)) {
            try (OutputStream device = Files.newOutputStream(out)) {
                write(recording, device);
            }
        } else {
            writeWhole(recording, out);
        }
        if (json) {
            Map<String, Object> about = new LinkedHashMap<>();
            about.put("file", String.valueOf(out));
            about.put("about", what);
            about.put("kernel", recording.header().kernel().specName());
            about.put("events", recording.events().size());
            about.put("seed", seed);
            if (fails != null) {
                about.put("fails", fails.stream().map(Property::specName).toList());
            }
            spec.commandLine().getOut().println(new JsonMapper().writeValueAsString(about));
        } else if (out != null && Files.isRegularFile(out)) {
            spec.commandLine().getOut().println(out + ": " + recording.events().size() + " events of " + what);
        }
    }

    /** Writes a file that appears whole or not at all. */
    private void writeWhole(Trace recording, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ParameterException(
                    spec.commandLine(), folder + " is not a directory; FILE cannot be written there");
        }
        WholeFile.write(file, stream -> write(recording, stream));
    }

    private static void write(Trace recording, OutputStream stream) throws IOException {
        try (TraceWriter writer = new TraceWriter(stream, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
    }

    private void list() {
        Table table = new Table("scenario", "what happens");
        for (Scenario each : Scenario.all()) {
            table.row(each.commandName(), each.summary());
        }
        spec.commandLine().getOut().print(table);
    }

    private static String names() {
        return Scenario.all().stream().map(Scenario::commandName).collect(Collectors.joining(", "));
    }
}
