package dev.longitude.lockstep;

import com.google.common.primitives.Ints;
import dev.longitude.lockstep.Explorer.Found;
import dev.longitude.lockstep.Explorer.Outcome;
import dev.longitude.lockstep.Explorer.Same;
import dev.longitude.spec.ModelSpecification;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One search, in a class loader of its own: TLC keeps what it loads in static state. What goes in and comes out has only
 * types of the JDK. {@link Lockstep} calls it by reflection.
 */
public final class Search {
    private static final String FORMAT = "longitude-lockstep 2 ";
    private static final long SAVES_EVERY_S = 60;

    private Search() {}

    /**
     * Runs a search.
     *
     * @param replaced other texts for some modules of the specification, by the module's name
     * @param most the most states
     * @param javaKernel the kernel whose rules Java follows; empty for the model's
     * @param checkpoint the file from which to go on, if it is there, and to save to; empty for none
     * @param follow moves to repeat instead; empty to search
     * @param behaviours the folder to write behaviours to; empty for none
     * @return the results by name
     */
    public static Map<String, Object> run(
            String module,
            String name,
            Map<String, String> replaced,
            long most,
            String javaKernel,
            String checkpoint,
            int[] follow,
            String behaviours)
            throws IOException {
        ModelSpecification model = ModelSpecification.load(module, name, replaced);
        Map<String, Object> results = new HashMap<>();
        String unsupported = Subject.unsupported(module);
        if (!unsupported.isEmpty()) {
            results.put("unsupported", unsupported);
            return results;
        }
        Subject subject = Subject.of(module, model, javaKernel);
        Edges edges = behaviours.isEmpty() ? null : new Edges(subject);
        Explorer explorer = new Explorer(subject, edges);
        if (follow.length > 0) {
            put(explorer.follow(Ints.asList(follow), (before, move, after) -> {}), results);
            return results;
        }
        Path file = checkpoint.isEmpty() ? null : Path.of(checkpoint);
        if (file != null && Files.exists(file)) {
            read(explorer, name, file);
        }
        long stepsBefore = explorer.transitions();
        long start = cpu();
        Outcome outcome;
        long until;
        do {
            until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SAVES_EVERY_S);
            outcome = explorer.run(most, until);
            if (file != null) {
                write(explorer, name, file);
            }
        } while (outcome instanceof Explorer.Stopped && explorer.states() < most);
        results.put("cpu", (cpu() - start) / 1e9);
        results.put("stepsHere", explorer.transitions() - stepsBefore);
        results.put("states", explorer.states());
        results.put("depth", explorer.depth());
        results.put("steps", explorer.transitions());
        results.put("refused", explorer.refused());
        results.put("complete", outcome instanceof Same);
        if (outcome instanceof Found found) {
            put(found.difference(), results);
        }
        if (edges != null && outcome instanceof Same) {
            results.put("kinds", edges.size());
            results.put("behaviours", Behaviours.write(subject, name, edges, explorer, Path.of(behaviours)));
        }
        return results;
    }

    private static void put(@Nullable Difference difference, Map<String, Object> results) {
        if (difference != null) {
            results.put("what", difference.what());
            results.put("moves", Ints.toArray(difference.moves()));
            results.put("path", difference.steps().toArray(new String[0]));
            results.put("fields", difference.fields().toArray(new String[0]));
        }
    }

    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void write(Explorer explorer, String name, Path file) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(fresh)))) {
            out.writeUTF(FORMAT + name);
            explorer.write(out);
        }
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void read(Explorer explorer, String name, Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            String format = in.readUTF();
            if (!format.equals(FORMAT + name)) {
                throw new IOException(file + " is no checkpoint of " + name);
            }
            explorer.read(in);
        }
    }
}
