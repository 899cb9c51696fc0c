package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What became of one of the kernel's own tests.
 *
 * @param name of the run
 * @param kind what became of it
 * @param why for one that did not pass: the end of what it, or its build, wrote
 */
public record TestOutcome(String name, Kind kind, String why) {
    private static final int SHOWN_LINES = 6;

    /** What longitude-init.c writes about each. */
    private static final String RESULTS = "tests.txt";

    /** What the lab writes about those that it could not build. */
    private static final String NOT_BUILT = "not-built.txt";

    /** kselftest.h: KSFT_SKIP. */
    private static final int SKIP = 4;

    /** What can become of it. */
    public enum Kind {
        /** It ran, and found what it expects. */
        PASSED("passed"),
        /** It says that this kernel or this CPU lacks what it needs. */
        SKIPPED("skipped"),
        /** It failed, or did not end in time. */
        FAILED("failed"),
        /** It could not be built. */
        NOT_BUILT("not built");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Notes what could not be built beside what the machine wrote. */
    static void writeNotBuilt(Path folder, Map<String, String> failures) throws IOException {
        for (Map.Entry<String, String> failure : failures.entrySet()) {
            Files.writeString(folder.resolve(failure.getKey() + ".txt"), failure.getValue() + "\n");
        }
        if (!failures.isEmpty()) {
            Files.writeString(folder.resolve(NOT_BUILT), String.join("\n", failures.keySet()) + "\n");
        }
    }

    /** Those that a folder tells of; none if no tests were run. */
    public static ImmutableList<TestOutcome> in(Path folder) throws IOException {
        ImmutableList.Builder<TestOutcome> outcomes = ImmutableList.builder();
        for (String line : lines(folder.resolve(RESULTS))) {
            int space = line.lastIndexOf(' ');
            String name = line.substring(0, Math.max(0, space));
            int status = Integer.parseInt(line.substring(space + 1));
            Kind kind = status == 0 ? Kind.PASSED : status == SKIP ? Kind.SKIPPED : Kind.FAILED;
            outcomes.add(new TestOutcome(
                    name,
                    kind,
                    switch (kind) {
                        case PASSED, NOT_BUILT -> "";
                        case SKIPPED -> end(folder, name);
                        case FAILED -> "exit status " + status + "\n" + end(folder, name);
                    }));
        }
        for (String name : lines(folder.resolve(NOT_BUILT))) {
            outcomes.add(new TestOutcome(name, Kind.NOT_BUILT, end(folder, name)));
        }
        return outcomes.build();
    }

    private static String end(Path folder, String name) throws IOException {
        List<String> lines = lines(folder.resolve(name + ".txt")).stream()
                .filter(l -> !l.startsWith("longitude-record: "))
                .toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.isRegularFile(file)
                ? Splitter.on('\n').omitEmptyStrings().splitToList(Files.readString(file, StandardCharsets.ISO_8859_1))
                : List.of();
    }
}
