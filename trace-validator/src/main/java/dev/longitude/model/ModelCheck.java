package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.io.Resources;
import dev.longitude.validator.SpecificationFiles;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model as anybody would by hand: stock TLC's own main class in a process of its own, on the modules and the
 * configuration as they stand in {@code spec/}. One worker, so that counts and counterexamples are the same each time.
 */
public final class ModelCheck {
    private static final Pattern CFG_INVARIANTS = Pattern.compile("(?m)^INVARIANTS?\\s+(.*)$");
    private static final Pattern CFG_PROPERTY = Pattern.compile("(?m)^PROPERT(?:Y|IES)\\s+(\\w+)$");

    private static final Pattern USES = Pattern.compile("(?m)(?:^EXTENDS|== INSTANCE) +(\\w+(?: *, *\\w+)*)");

    /** What the code relies on; every model checks these. */
    private static final ImmutableSet<String> INNER =
            ImmutableSet.of("TypeOK", "GenerationIsOneLine", "MasterClockFollows", "MasterClockIsOneLine");

    private final Model model;
    private final String config;

    /** A check of {@code model}, with the configuration that this program carries. */
    public ModelCheck(Model model) throws IOException {
        this.model = model;
        this.config = Resources.toString(
                Resources.getResource(ModelCheck.class, "/spec/models/" + model.name() + ".cfg"), UTF_8);
    }

    /**
     * What came out.
     *
     * @param fault what is not as the manifest has it, or null
     * @param counterexample the violating behaviour in TLC's words, where one was not expected; may be empty
     */
    public record Outcome(
            Model model, long states, @Nullable String fault, ImmutableList<String> counterexample) {
        /** Whether all is as the manifest has it. */
        public boolean passed() {
            return fault == null;
        }
    }

    /** The properties that the configuration names, for people: without the inner ones if there are others. */
    public String properties() {
        List<String> all =
                Stream.concat(invariants().stream(), property().stream()).toList();
        List<String> outer = all.stream().filter(p -> !INNER.contains(p)).toList();
        return String.join(" ", outer.isEmpty() ? all : outer);
    }

    private List<String> invariants() {
        Matcher matcher = CFG_INVARIANTS.matcher(config);
        return matcher.find() ? List.of(matcher.group(1).strip().split("\\s+")) : List.of();
    }

    private List<String> property() {
        Matcher matcher = CFG_PROPERTY.matcher(config);
        return matcher.find() ? List.of(matcher.group(1)) : List.of();
    }

    /** Runs the model, and once more without the violated property where one is expected. */
    public Outcome run() throws IOException, InterruptedException {
        TlcOutput output = tlc(config);
        String fault = fault(output);
        long states = output.states();
        if (fault == null && model.violates() != null) {
            String violated = model.violates();
            if (!invariants().contains(violated) && !property().contains(violated)) {
                fault = "models/" + model.name() + ".cfg does not name " + violated;
            } else {
                TlcOutput rest = tlc(without(violated));
                states += rest.states();
                fault = faultOfRest(rest, violated);
                output = rest;
            }
        }
        return new Outcome(model, states, fault, fault == null ? ImmutableList.of() : output.counterexample());
    }

    private @Nullable String fault(TlcOutput output) {
        String trouble = trouble(output);
        if (trouble != null) {
            return trouble;
        }
        String violated = violated(output);
        if (model.violates() == null && violated != null) {
            return violated + " is violated, by a behaviour of " + output.depth() + " states";
        }
        if (model.violates() != null && !model.violates().equals(violated)) {
            return "must violate " + model.violates() + ", but "
                    + (violated == null ? "everything holds" : violated + " is violated");
        }
        return counts(output.states(), model.states(), output.depth());
    }

    private @Nullable String faultOfRest(TlcOutput rest, String without) {
        String trouble = trouble(rest);
        if (trouble != null) {
            return trouble;
        }
        String violated = violated(rest);
        if (violated != null) {
            return "must fail on exactly " + without + ", but violates " + violated + " too";
        }
        Long expected = model.statesWithout();
        return expected == null || rest.states() == expected
                ? null
                : "without " + without + ": " + rest.states() + " distinct states, expected " + expected;
    }

    private static @Nullable String trouble(TlcOutput output) {
        if (!output.trouble().isEmpty()) {
            return String.join(" / ", output.trouble()).replaceAll("\\s+", " ");
        }
        return output.finished() ? null : "TLC did not finish";
    }

    private @Nullable String counts(long states, long expected, int depth) {
        if (states != expected || depth != model.depth()) {
            return states + " distinct states and depth " + depth + ", expected " + expected + " and " + model.depth();
        }
        return null;
    }

    /** The name of what was violated: TLC names an invariant, but for a property only the place. */
    private @Nullable String violated(TlcOutput output) {
        String said = output.violated();
        if (said == null) {
            return null;
        }
        String name = said.replaceFirst("^(?:Invariant|Property) ", "");
        if (invariants().contains(name)) {
            return name;
        }
        return property().isEmpty() ? said : property().get(0);
    }

    private String without(String property) {
        String rest = config.replaceAll("(?m)^PROPERT(?:Y|IES)\\s+" + property + "$", "");
        Matcher line = CFG_INVARIANTS.matcher(rest);
        if (line.find()) {
            String kept = invariants().stream().filter(i -> !i.equals(property)).collect(Collectors.joining(" "));
            rest = line.replaceFirst("INVARIANTS " + kept);
        }
        return rest;
    }

    private TlcOutput tlc(String configuration) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("longitude-tlc");
        Process process = null;
        try {
            unpack(model.module(), new SpecificationFiles(folder), new HashSet<>());
            Files.writeString(folder.resolve("model.cfg"), configuration);
            Path temporary = Files.createDirectory(folder.resolve("tmp"));
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            // TLC's classes, kept ready by the launcher; a JVM that cannot use them starts without.
                            "-XX:SharedArchiveFile=" + System.getProperty("longitude.archive.tlc", ""),
                            "-Xshare:auto",
                            "-Xlog:cds=off",
                            "-Xlog:cds+dynamic=off",
                            // Most models end before the better compiler pays.
                            model.large() ? "-XX:+TieredCompilation" : "-XX:TieredStopAtLevel=1",
                            "-Xmx2g",
                            "-Djava.io.tmpdir=" + temporary,
                            "-cp",
                            classPath(),
                            "tlc2.TLC",
                            "-tool",
                            "-workers",
                            "1",
                            "-metadir",
                            Files.createDirectory(folder.resolve("states")).toString(),
                            "-config",
                            "model.cfg",
                            model.module())
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            List<String> lines = new ArrayList<>();
            try (Stream<String> output = process.inputReader(UTF_8).lines()) {
                output.forEach(lines::add);
            }
            process.waitFor();
            return TlcOutput.parse(lines);
        } finally {
            if (process != null) {
                process.destroy();
            }
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /** Unpacks a module and those of ours that it builds on. */
    private static void unpack(String module, SpecificationFiles files, Set<String> done) throws IOException {
        if (files.isStandardModule(module) || !done.add(module)) {
            return;
        }
        Matcher uses = USES.matcher(Files.readString(files.resolve(module, true).toPath()));
        while (uses.find()) {
            for (String used : Splitter.on(',').trimResults().split(uses.group(1))) {
                unpack(used, files, done);
            }
        }
    }

    /** Where TLC is: in this program's own jar, or in the one that {@code -Dtla2tools=...} names. */
    private static String classPath() {
        String named = System.getProperty("tla2tools");
        if (named != null) {
            return named;
        }
        try {
            return new File(tlc2.TLC
                            .class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .getPath();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
