package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Recordings of real kernels with lines left out, doubled, moved or altered: the importer accepts them, or refuses them
 * with a reason.
 */
class DamagedLogTest {
    private static final int LOGS = Integer.getInteger("longitude.damagedLogs", 400);
    private static final long SEED = Long.getLong("longitude.seed", 20261127);

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void aDamagedLogIsTakenOrTurnedAwayWithAReason() throws IOException {
        List<Path> logs;
        try (Stream<Path> cases = Files.walk(Path.of("src/test/resources/cases"))) {
            logs = cases.filter(p -> p.toString().endsWith(".jsonl")).sorted().toList();
        }
        int taken = 0;
        for (int i = 0; i < LOGS; i++) {
            SplittableRandom random = new SplittableRandom(SEED + i);
            Path log = logs.get(random.nextInt(logs.size()));
            Path damaged = damaged(log, random);
            try (LineSource lines = LineSource.open(damaged)) {
                new IoctlLog().read(damaged, lines, null);
                taken++;
            } catch (TraceFormatException e) {
                assertThat(e).hasMessageContaining("log");
            } catch (RuntimeException e) {
                fail(
                        "seed " + (SEED + i) + ", " + log + "; to repeat: mvn test -pl trace-validator -am"
                                + " -Dtest=DamagedLogTest -Dsurefire.failIfNoSpecifiedTests=false -Dlongitude.damagedLogs=1"
                                + " -Dlongitude.seed=" + (SEED + i),
                        e);
            }
        }
        assertThat(taken).as("logs that are still taken").isBetween(LOGS / 20, LOGS - 1);
    }

    private Path damaged(Path log, SplittableRandom random) throws IOException {
        for (String companion : List.of("host.txt", "log.ftrace.txt")) {
            Path file = log.resolveSibling(companion);
            Files.deleteIfExists(folder.resolve(companion));
            if (Files.exists(file)) {
                boolean spared = companion.equals("host.txt") || random.nextBoolean();
                write(folder.resolve(companion), spared ? Files.readAllLines(file) : altered(file, random));
            }
        }
        Path damaged = folder.resolve("log.jsonl");
        write(damaged, random.nextInt(3) == 0 ? Files.readAllLines(log) : altered(log, random));
        return damaged;
    }

    private static void write(Path file, List<String> lines) throws IOException {
        Files.writeString(file, String.join("\n", lines) + "\n");
    }

    private static List<String> altered(Path file, SplittableRandom random) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times && !lines.isEmpty(); i++) {
            int at = random.nextInt(lines.size());
            int other = random.nextInt(lines.size());
            String line = lines.get(at);
            switch (random.nextInt(7)) {
                case 0 -> lines.remove(at);
                case 1 -> lines.add(other, line);
                case 2 -> Collections.swap(lines, at, other);
                case 3 -> lines.set(at, line.replaceFirst("\"seq\": ?\\d+", "\"seq\":" + random.nextInt(99999)));
                case 4 -> lines.set(at, line.replaceFirst("\\d{6,}", String.valueOf(random.nextLong())));
                case 5 -> lines.set(at, line.replaceFirst(": ?\\d+", ":" + random.nextInt(70000)));
                default -> lines.set(at, line.substring(0, random.nextInt(line.length() + 1)));
            }
        }
        return lines;
    }
}
