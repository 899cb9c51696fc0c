package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.io.Resources;
import dev.longitude.processes.ChildProcesses;
import dev.longitude.spec.SpecificationFiles;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs TLC as one would by hand: its own main class in a process of its own. It uses one worker, so that counts and
 * counterexamples are the same each time.
 */
public final class Tlc {
    private static final Pattern USES = Pattern.compile("(?m)(?:^EXTENDS|== INSTANCE) +(\\w+(?: *, *\\w+)*)");

    /** The expected length of a run: most end before the optimising compiler pays off. */
    public enum Length {
        /** Seconds. */
        SHORT,
        /** A minute or more. */
        LONG
    }

    /** TLC's options of a run with one worker: counts and counterexamples are the same each time. */
    public static final ImmutableList<String> ONE_WORKER = ImmutableList.of("-workers", "1");

    private static final String CONFIG = "model.cfg";

    private Tlc() {}

    /**
     * One run.
     *
     * @param module the root module
     * @param text the root module's text, or null: it is one of the specification's own
     * @param config the configuration's text
     * @throws IOException if TLC cannot be started, or the disk is full
     */
    public static TlcOutput run(String module, @Nullable String text, String config, Length length)
            throws IOException, InterruptedException {
        return run(module, text, config, length, classPath(), ImmutableList.of(), ONE_WORKER);
    }

    /** One short run with these options instead of one worker. */
    static TlcOutput run(String module, String text, String config, List<String> options)
            throws IOException, InterruptedException {
        return run(module, text, config, Length.SHORT, classPath(), ImmutableList.of(), options);
    }

    /**
     * One short run with our operators in Java: those that compute with 64-bit words, and those that read traces.
     *
     * @param module the root module, one of the specification's own
     * @param options of the JVM
     * @throws IOException if TLC cannot be started, or the disk is full
     */
    public static TlcOutput runWithOverrides(String module, String config, List<String> options)
            throws IOException, InterruptedException {
        String ours = System.getProperty("java.class.path");
        if (SelectedTlc.isBundled()) {
            return run(module, null, config, Length.SHORT, ours, options, ONE_WORKER);
        }
        // Another TLC, or a library beside it, may bring operators of its own, and only the first are used.
        Path folder = Files.createTempDirectory("longitude-overrides").toAbsolutePath();
        try {
            String first = SelectedTlc.overridesIn(folder).toString();
            return run(
                    module,
                    null,
                    config,
                    Length.SHORT,
                    String.join(File.pathSeparator, first, classPath(), ours),
                    options,
                    ONE_WORKER);
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    private static TlcOutput run(
            String module,
            @Nullable String text,
            String config,
            Length length,
            String classPath,
            List<String> jvm,
            List<String> options)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("longitude-tlc");
        Process process = null;
        try {
            unpack(folder, module, text, config);
            Path temporary = Files.createDirectory(folder.resolve("tmp"));
            List<String> command = new ArrayList<>(List.of(
                    java(),
                    "-XX:+UseSerialGC",
                    // The launcher's archive of TLC's classes; a JVM that cannot use it starts without.
                    "-XX:SharedArchiveFile=" + System.getProperty("longitude.archive.tlc", ""),
                    "-Xshare:auto",
                    "-Xlog:cds=off",
                    "-Xlog:cds+dynamic=off",
                    length == Length.LONG ? "-XX:+TieredCompilation" : "-XX:TieredStopAtLevel=1",
                    "-Xmx2g",
                    "-Djava.io.tmpdir=" + temporary));
            command.addAll(jvm);
            command.addAll(List.of("-cp", classPath, "tlc2.TLC"));
            command.addAll(arguments(folder, options, module));
            process = ChildProcesses.start(
                    new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true));
            process.getOutputStream().close();
            List<String> lines = new ArrayList<>();
            try (Stream<String> output = process.inputReader(UTF_8).lines()) {
                output.forEach(lines::add);
            }
            return TlcOutput.parse(lines, ChildProcesses.waitFor(process));
        } finally {
            if (process != null) {
                process.destroy();
            }
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /** TLC's arguments, for what {@link #unpack(Path, String, String, String)} has put into the folder. */
    static ImmutableList<String> arguments(Path folder, List<String> options, String module) throws IOException {
        return ImmutableList.<String>builder()
                .add("-tool", "-metadir")
                .add(Files.createDirectory(folder.resolve("states")).toString())
                .add("-config", CONFIG)
                .addAll(options)
                .add(module)
                .build();
    }

    /**
     * Puts into a folder what a run needs.
     *
     * @param text the root module's text, or null: it is one of the specification's own
     */
    static void unpack(Path folder, String module, @Nullable String text, String config) throws IOException {
        unpack(folder, module, text == null ? ImmutableMap.of() : ImmutableMap.of(module, text), config);
    }

    /**
     * The same with other texts for some modules.
     *
     * @param replaced the texts, by name
     */
    static void unpack(Path folder, String module, ImmutableMap<String, String> replaced, String config)
            throws IOException {
        unpack(module, new SpecificationFiles(folder, replaced), new HashSet<>());
        Files.writeString(folder.resolve(CONFIG), config);
    }

    /** The JVM of this program. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Unpacks a module and those of our modules that it builds on. */
    private static void unpack(String module, SpecificationFiles files, Set<String> done) throws IOException {
        if (files.isStandardModule(module) || !done.add(module)) {
            return;
        }
        for (String used : usedBy(Files.readString(files.resolve(module, true).toPath()))) {
            unpack(used, files, done);
        }
    }

    /**
     * Those of our modules that a text builds on, by name, with their texts.
     *
     * @param text a module's
     */
    public static ImmutableSortedMap<String, String> modulesOf(String text) throws IOException {
        SortedMap<String, String> all = new TreeMap<>();
        Deque<String> open = new ArrayDeque<>(usedBy(text));
        while (!open.isEmpty()) {
            String module = open.pop();
            URL resource = Tlc.class.getResource("/spec/" + module + ".tla");
            if (resource != null && !all.containsKey(module)) {
                String of = Resources.toString(resource, UTF_8);
                all.put(module, of);
                usedBy(of).forEach(open::push);
            }
        }
        return ImmutableSortedMap.copyOf(all);
    }

    /** TLC's version. */
    public static String version() {
        return SelectedTlc.version();
    }

    private static List<String> usedBy(String text) {
        List<String> all = new ArrayList<>();
        Matcher uses = USES.matcher(text);
        while (uses.find()) {
            Splitter.on(',').trimResults().split(uses.group(1)).forEach(all::add);
        }
        return all;
    }

    /** Where TLC is. */
    static String classPath() {
        return SelectedTlc.classPath();
    }
}
