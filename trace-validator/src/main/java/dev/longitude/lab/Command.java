package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import com.google.common.collect.Lists;
import dev.longitude.processes.ChildProcesses;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A command of the system, to be run to its end.
 *
 * @param environment added to this program's
 */
record Command(Path folder, Map<String, String> environment, ImmutableList<String> words) {
    private static final int SHOWN_LINES = 5;

    static Command of(String... words) {
        return new Command(Path.of("."), Map.of(), ImmutableList.copyOf(words));
    }

    /**
     * Runs it and returns what it wrote to its standard output.
     *
     * @throws LabException if it is not there or fails; the message has the end of what it wrote
     */
    byte[] output() throws LabException, IOException, InterruptedException {
        String program = words.get(0);
        if (!isThere(program)) {
            throw new LabException(program + " is needed and was not found");
        }
        Path errors = Files.createTempFile("longitude", ".err");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(words).directory(folder.toFile()).redirectError(errors.toFile());
            builder.environment().put("LC_ALL", "C");
            builder.environment().putAll(environment);
            Process process = ChildProcesses.start(builder);
            process.getOutputStream().close();
            byte[] output = process.getInputStream().readAllBytes();
            int status = ChildProcesses.waitFor(process);
            if (status != 0) {
                throw new LabException(String.join(" ", Iterables.limit(words, SHOWN_LINES)) + " ...: exit status "
                        + status + "\n" + end(Files.readString(errors, StandardCharsets.UTF_8)));
            }
            return output;
        } finally {
            Files.deleteIfExists(errors);
        }
    }

    /** The same as text. */
    String text() throws LabException, IOException, InterruptedException {
        return new String(output(), StandardCharsets.UTF_8);
    }

    private static String end(String text) {
        List<String> lines = Splitter.on('\n').omitEmptyStrings().splitToList(text);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
    }

    private static boolean isThere(String program) {
        return program.contains("/")
                ? Files.isExecutable(Path.of(program))
                : Lists.transform(
                                Splitter.on(File.pathSeparatorChar)
                                        .splitToList(System.getenv().getOrDefault("PATH", "")),
                                Path::of)
                        .stream()
                        .anyMatch(folder -> Files.isExecutable(folder.resolve(program)));
    }
}
