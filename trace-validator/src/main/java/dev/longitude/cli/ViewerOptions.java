package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.MigratedGuest;
import dev.longitude.model.Behaviour;
import dev.longitude.model.ModelCheck;
import dev.longitude.recipe.StepKind;
import dev.longitude.viewer.Itf;
import dev.longitude.viewer.ItfValue;
import dev.longitude.viewer.TraceEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that write the first counterexample of a report for other people's viewers. */
final class ViewerOptions {
    private static final double MICROSECONDS = 1e6;

    @Option(
            names = "--itf",
            paramLabel = "FILE",
            description = "Write the first counterexample in the Informal Trace Format.")
    private @Nullable Path itf;

    @Option(
            names = "--trace-events",
            paramLabel = "FILE",
            description = "Write the first counterexample as a timeline for Perfetto (ui.perfetto.dev).")
    private @Nullable Path traceEvents;

    private boolean written;

    /** Whether a file is requested. */
    boolean isAsked() {
        return itf != null || traceEvents != null;
    }

    /** Removes what an earlier run left there: it is not of this run. */
    void check() throws IOException {
        if (itf != null) {
            Files.deleteIfExists(itf);
        }
        if (traceEvents != null) {
            Files.deleteIfExists(traceEvents);
        }
    }

    /** What to tell if no counterexample was written, though one was requested. */
    Optional<String> missing() {
        return isAsked() && !written
                ? Optional.of("There is no counterexample: no file is written.")
                : Optional.empty();
    }

    /** Writes a counterexample of a recipe, unless one was written. */
    void write(Counterexample counterexample) throws IOException {
        if (!isAsked() || written) {
            return;
        }
        written = true;
        String title = counterexample.of() + ": " + counterexample.property() + " fails";
        if (itf != null) {
            Files.writeString(itf, Itf.of(title, states(counterexample)), UTF_8);
        }
        if (traceEvents != null) {
            Files.writeString(traceEvents, timeline(title, counterexample), UTF_8);
        }
    }

    private static List<Map<String, Object>> states(Counterexample counterexample) {
        MigratedGuest guest = MigratedGuest.of(counterexample.of().recipe().arch());
        List<Map<String, Object>> states = new ArrayList<>();
        for (Counterexample.Step step : counterexample.steps()) {
            List<Object> counters = new ArrayList<>();
            List<Object> seconds = new ArrayList<>();
            for (Counterexample.Clocks clocks : step.clocks()) {
                counters.add(List.of(clocks.vcpu(), clocks.counter()));
                clocks.second().ifPresent(s -> seconds.add(List.of(clocks.vcpu(), s)));
            }
            Map<String, Object> state = new LinkedHashMap<>();
            state.put("step", step.what());
            // (A variable has one type: no vCPU is -1.)
            state.put("vcpu", step.vcpu().orElse(-1));
            state.put("tick", step.now());
            state.put(guest.counter(), Map.of("#map", counters));
            state.put(guest.secondClock(), Map.of("#map", seconds));
            step.bookkeeping().ifPresent(b -> {
                state.put("masterclock", b.masterClock());
                state.put("generation", b.generation());
                state.put("matched", b.matched());
            });
            states.add(state);
        }
        return states;
    }

    private static String timeline(String title, Counterexample counterexample) {
        MigratedGuest guest = MigratedGuest.of(counterexample.of().recipe().arch());
        TraceEvents events = new TraceEvents(title);
        Set<Optional<Integer>> inGuest = new HashSet<>();
        int number = 1;
        for (Counterexample.Step step : counterexample.steps()) {
            double us = step.now() * MICROSECONDS / counterexample.ticksPerSecond();
            if (step.what().equals(StepKind.EXIT_GUEST.specName()) && inGuest.remove(step.vcpu())) {
                events.end("guest", us, step.vcpu());
            }
            events.instant(step.what(), us, step.vcpu(), ImmutableMap.of("step", number++, "tick", step.now()));
            if (step.what().equals(StepKind.ENTER_GUEST.specName()) && inGuest.add(step.vcpu())) {
                events.begin("guest", us, step.vcpu());
            }
            Map<String, Integer> counters = new LinkedHashMap<>();
            Map<String, Integer> seconds = new LinkedHashMap<>();
            for (Counterexample.Clocks clocks : step.clocks()) {
                counters.put("vCPU " + clocks.vcpu(), clocks.counter());
                clocks.second().ifPresent(s -> seconds.put("vCPU " + clocks.vcpu(), s));
            }
            if (!counters.isEmpty()) {
                events.counter(guest.counter(), us, counters);
            }
            if (!seconds.isEmpty()) {
                events.counter(guest.secondClock(), us, seconds);
            }
        }
        return events.json();
    }

    /** Writes the violation of a model, unless one was written. A model has no time: a step takes a microsecond. */
    void write(ModelCheck.Outcome outcome) throws IOException {
        ModelCheck.Violation violation = outcome.violation();
        if (!isAsked() || written || violation == null) {
            return;
        }
        written = true;
        String title = outcome.model().name() + ": " + violation.property() + " is violated";
        if (itf != null) {
            List<Map<String, Object>> states = new ArrayList<>();
            for (Map<String, String> state : violation.states()) {
                Map<String, Object> values = new LinkedHashMap<>();
                state.forEach((name, value) -> values.put(name, ItfValue.of(value)));
                states.add(values);
            }
            Files.writeString(itf, Itf.of(title, states), UTF_8);
        }
        if (traceEvents != null) {
            TraceEvents events = new TraceEvents(title);
            int number = 1;
            for (Behaviour.Step step : violation.behaviour().steps()) {
                Map<String, String> changes = new LinkedHashMap<>();
                step.changes().forEach(c -> changes.put(c.place(), c.toString()));
                events.instant(step.what(), number++, Optional.empty(), changes);
            }
            Files.writeString(traceEvents, events.json(), UTF_8);
        }
    }
}
