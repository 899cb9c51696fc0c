package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLC's distributed mode, over loopback. */
class DistributedTlcTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static DistributedTlc loopback(int workers, int servers) throws IOException {
        return new DistributedTlc("127.0.0.1", DistributedTlc.freePort(), workers, servers);
    }

    private static ModelCheck model(String name) throws IOException {
        return new ModelCheck(Manifest.load().named(name).orElseThrow());
    }

    /** The manifest's counts are those of a run with one worker. */
    @ParameterizedTest
    @CsvSource({"0", "2"})
    void theCountsAreThoseOfALocalRun(int servers) throws Exception {
        ModelCheck.Outcome outcome = model("away-and-back-corrected").run(loopback(2, servers));
        assertThat(outcome.fault()).isNull();
        assertThat(outcome.states()).isEqualTo(outcome.model().states());
    }

    /** A search that finds another number of states fails. */
    @Test
    void anotherCountIsAFault() throws Exception {
        Model right = Manifest.load().named("away-and-back-corrected").orElseThrow();
        Model wrong = new Model(
                right.name(),
                right.module(),
                right.about(),
                null,
                right.states() + 1,
                right.depth(),
                null,
                null,
                false);
        assertThat(new ModelCheck(wrong).run(loopback(1, 0)).fault())
                .startsWith(right.states() + " distinct states")
                .contains("expected " + (right.states() + 1));
    }

    /** A violation of a property that must hold is found. */
    @Test
    void aViolationIsSeen() throws Exception {
        Model failing = Manifest.load().models().stream()
                .filter(m -> m.violates() != null && m.name().equals("by-value-3-corrected"))
                .findFirst()
                .orElseThrow();
        Model asHolding = new Model(
                failing.name(),
                failing.module(),
                failing.about(),
                null,
                failing.states(),
                failing.depth(),
                null,
                null,
                false);
        ModelCheck.Outcome outcome = new ModelCheck(asHolding).run(loopback(1, 0));
        assertThat(outcome.fault())
                .startsWith("a property is violated; `longitude check --model by-value-3-corrected`");
        assertThat(outcome.counterexample()).isNotEmpty();
    }

    /** A refinement is safety only, and distributed mode checks it. */
    @Test
    void safetyOfStepsIsChecked() throws Exception {
        assertThat(model("by-value-corrected").refusedByDistributed()).isNull();
        Model right = Manifest.load().named("rate-jump-v6.12").orElseThrow();
        Model asHolding = new Model(
                right.name(), right.module(), right.about(), null, right.states(), right.depth(), null, null, false);
        assertThat(new ModelCheck(asHolding).run(loopback(1, 0)).fault()).startsWith("a property is violated");
    }

    /** A worker that the master did not start dies in the middle: the run ends, and says so. */
    @Test
    void theDeathOfARemoteWorkerIsSeen() throws Exception {
        DistributedTlc noneHere = loopback(0, 0);
        FutureTask<ModelCheck.Outcome> run =
                new FutureTask<>(() -> model("by-value-3-v6.12").run(noneHere));
        new Thread(run, "master").start();
        // (What dies before the master knows of it is not missed: another comes.)
        for (int seconds = 1; !run.isDone() && seconds < 60; seconds *= 2) {
            dies(noneHere.port(), seconds);
            for (int i = 0; i < 20 && !run.isDone(); i++) {
                TimeUnit.MILLISECONDS.sleep(250);
            }
        }
        assertThatThrownBy(() -> run.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(IOException.class)
                .hasMessageContaining("ended before it was done: TLC worker ");
    }

    /** A worker that dies so many seconds after it has found the master. */
    private void dies(int port, int seconds) throws Exception {
        Process worker = new ProcessBuilder(
                        DistributedTlc.command(DistributedTlc.Part.WORKER, "127.0.0.1", "127.0.0.1", port, 1, folder))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = worker.inputReader()) {
            assertThat(output.lines().filter(line -> line.contains("ready at")).findFirst())
                    .isPresent();
            TimeUnit.SECONDS.sleep(seconds);
        } finally {
            worker.destroyForcibly().waitFor();
        }
    }

    /** ... but not that of parts that leave because the search is over. */
    @Test
    void whoLeavesAtTheEndIsNotLost() {
        String worker = "TLC worker rmi://192.0.2.7:0/0 disconnected (2026-01-01 00:00:00)";
        String server = "Warning: Failed to connect from 192.0.2.1 to the fp server at 192.0.2.7.";
        String message = "@!@!@STARTMSG 7002:0 @!@!@";
        assertThat(DistributedTlc.lost(List.of(message, worker))).contains(worker);
        assertThat(DistributedTlc.lost(List.of(server))).contains(server);
        for (String end : List.of("2193:0", "2186:0", "2110:1")) {
            assertThat(DistributedTlc.lost(List.of("@!@!@STARTMSG " + end + " @!@!@", message, worker, server)))
                    .isEmpty();
        }
    }

    /** Exactly the models with fairness are refused. */
    @Test
    void livenessIsKnown() throws Exception {
        List<String> refused = new ArrayList<>();
        for (Model model : Manifest.load().models()) {
            String why = new ModelCheck(model).refusedByDistributed();
            if (why != null && why.contains("liveness")) {
                refused.add(model.name());
            }
        }
        assertThat(refused)
                .containsExactlyInAnyOrder(
                        "updates-performed-v7.3",
                        "arm64-broadcast-ends-v6.1",
                        "arm64-broadcast-ends-series-v2",
                        "fault-lasting-request",
                        "fault-arm64-endless-broadcast");
    }

    @ParameterizedTest
    @ValueSource(strings = {"by-value-3-corrected", "updates-performed-v7.3"})
    void whatThatModeCannotDoIsRefused(String name) throws Exception {
        ModelCheck check = model(name);
        assertThat(check.refusedByDistributed()).isNotNull();
        assertThatThrownBy(() -> check.run(loopback(1, 0))).isInstanceOf(IllegalArgumentException.class);
    }
}
