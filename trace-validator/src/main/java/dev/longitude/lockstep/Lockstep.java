package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.base.Splitter;
import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Ints;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Explores a model by the specification and by the reference implementation together.
 *
 * @param module the model's root module
 * @param name its name
 * @param most the most states
 * @param javaKernel the kernel whose rules Java follows, by name, if not the model's; or null
 * @param checkpoint the file from which to go on, if it is there, and to save to; or null
 * @param behaviours an existing folder to write traces of behaviours to that have each kind of step; or null
 */
public record Lockstep(
        String module,
        String name,
        long most,
        @Nullable String javaKernel,
        @Nullable Path checkpoint,
        @Nullable Path behaviours) {
    /** What a search has to say. */
    public sealed interface Outcome {}

    /**
     * A model that cannot be explored.
     *
     * @param why a line of text
     */
    public record Unsupported(String why) implements Outcome {}

    /** The specification and Java differ. */
    public record Differs(Difference difference) implements Outcome {}

    /**
     * No difference was found.
     *
     * @param isComplete whether nothing is left to explore
     * @param states distinct states, as the model's view shows them
     * @param depth the longest shortest path, in states
     * @param steps what both could do, and was compared
     * @param refused what both refused
     * @param stepsAndSeconds the steps of this run, and the seconds of CPU that they took
     * @param behaviours how many behaviours were written
     * @param kinds how many kinds of steps they contain
     */
    public record Agrees(
            boolean isComplete,
            int states,
            int depth,
            long steps,
            long refused,
            Rate stepsAndSeconds,
            int behaviours,
            int kinds)
            implements Outcome {}

    /** Steps, and the seconds of CPU that they took. */
    public record Rate(long steps, double seconds) {
        /** Steps a second. */
        public double perSecond() {
            return steps / Math.max(seconds, 1e-9);
        }
    }

    /** A search to the end. */
    public static Lockstep of(String module, String name) {
        return new Lockstep(module, name, Long.MAX_VALUE, null, null, null);
    }

    /** Whether models of a root module are explored. */
    public static boolean explores(String module) {
        return module.equals("MCKvmX86") || module.equals("MCKvmArm64");
    }

    /** Searches. */
    public Outcome run() throws IOException {
        return run(ImmutableMap.of());
    }

    /** Searches, with other texts for some modules of the specification, by the module's name. */
    public Outcome run(ImmutableMap<String, String> replaced) throws IOException {
        return run(replaced, ImmutableList.of());
    }

    /**
     * Repeats moves from the initial state.
     *
     * @param moves as in {@link Difference#moves}
     * @return the difference that they end in, or that there is none
     * @throws IllegalArgumentException if neither can do one of them, or there is no such move
     */
    public Outcome follow(List<Integer> moves) throws IOException {
        return run(ImmutableMap.of(), ImmutableList.copyOf(moves));
    }

    private Outcome run(ImmutableMap<String, String> replaced, ImmutableList<Integer> follow) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String part : Splitter.on(File.pathSeparatorChar).split(System.getProperty("java.class.path"))) {
            urls.add(new File(part).toURI().toURL());
        }
        // (TLC keeps what it loads in static state.)
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Object results = Class.forName(Search.class.getName(), true, loader)
                    .getMethod(
                            "run",
                            String.class,
                            String.class,
                            Map.class,
                            long.class,
                            String.class,
                            String.class,
                            int[].class,
                            String.class)
                    .invoke(
                            null,
                            module,
                            name,
                            new HashMap<>(replaced),
                            most,
                            javaKernel == null ? "" : javaKernel,
                            text(checkpoint),
                            Ints.toArray(follow),
                            text(behaviours));
            return outcome((Map<?, ?>) results);
        } catch (InvocationTargetException e) {
            Throwable cause = requireNonNull(e.getCause());
            Throwables.throwIfInstanceOf(cause, IOException.class);
            Throwables.throwIfUnchecked(cause);
            throw new IllegalStateException(cause);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(@Nullable Path path) {
        return path == null ? "" : path.toAbsolutePath().toString();
    }

    private static Outcome outcome(Map<?, ?> results) {
        Object unsupported = results.get("unsupported");
        if (unsupported != null) {
            return new Unsupported((String) unsupported);
        }
        Object what = results.get("what");
        if (what != null) {
            return new Differs(new Difference(
                    ImmutableList.copyOf(Ints.asList((int[]) get(results, "moves"))),
                    ImmutableList.copyOf((String[]) get(results, "path")),
                    (String) what,
                    ImmutableList.copyOf((String[]) get(results, "fields"))));
        }
        if (!results.containsKey("states")) {
            return new Agrees(false, 0, 0, 0, 0, new Rate(0, 0), 0, 0);
        }
        return new Agrees(
                (Boolean) get(results, "complete"),
                (Integer) get(results, "states"),
                (Integer) get(results, "depth"),
                (Long) get(results, "steps"),
                (Long) get(results, "refused"),
                new Rate((Long) get(results, "stepsHere"), (Double) get(results, "cpu")),
                results.containsKey("behaviours") ? (Integer) get(results, "behaviours") : 0,
                results.containsKey("kinds") ? (Integer) get(results, "kinds") : 0);
    }

    private static Object get(Map<?, ?> results, String name) {
        return requireNonNull(results.get(name));
    }
}
