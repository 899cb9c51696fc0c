package dev.longitude.cli;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.longitude.migration.Bound;
import dev.longitude.migration.ClockDifference;
import dev.longitude.migration.CounterOffsetPlan;
import dev.longitude.migration.Policy;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude plan counter}: the counter offset to set on an arm64 destination. */
@Command(
        name = "counter",
        description = "Compute the argument of KVM_ARM_SET_COUNTER_OFFSET on the destination of a migration.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "FILE is a JSON object: counterHz, source and destination, and where wanted policy, sameHost and clockErrorNs. source"
                    + " and destination have counter (the guest's on the source, the host's on the destination), realtime,"
                    + " and where wanted apartNs: how far apart the two may have been read. A number may be a string."
                    + " On the command line the same.",
            "",
            "Exit codes: 0 done; 1 clocks contradict each other; 2 unusable input or usage, or output that cannot be"
                    + " written."
        })
final class PlanCounterCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @ArgGroup(multiplicity = "1")
    private Arguments given = new Arguments();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private ClockDifferenceOption clocks = new ClockDifferenceOption();

    /** Either a file or the numbers. */
    private static final class Arguments {
        @Option(
                names = "--input",
                paramLabel = "FILE",
                required = true,
                description = "The values that were read; - is standard input.")
        private @Nullable String input;

        @ArgGroup(exclusive = false, multiplicity = "1")
        private @Nullable Numbers numbers;
    }

    private static final class Numbers extends PlanInput.Numbers {
        @Option(names = "--counter-hz", paramLabel = "HZ", required = true, description = "CNTFRQ_EL0 of both hosts.")
        private long counterHz;
    }

    /** A host in the file. */
    private record Host(
            @JsonProperty(required = true) BigInteger counter,
            @JsonProperty(required = true) BigInteger realtime,
            @Nullable Long apartNs) {
        CounterOffsetPlan.Reading reading() {
            return new CounterOffsetPlan.Reading(
                    PlanInput.word("counter", counter),
                    PlanInput.word("realtime", realtime),
                    requireNonNullElse(apartNs, 0L));
        }
    }

    /** The file. */
    private record Input(
            @JsonProperty(required = true) long counterHz,
            @JsonProperty(required = true) Host source,
            @JsonProperty(required = true) Host destination,
            @Nullable Policy policy,
            @Nullable Boolean sameHost,
            @Nullable Long clockErrorNs) {
        private boolean isSameHost() {
            return Boolean.TRUE.equals(sameHost);
        }

        CounterOffsetPlan plan() {
            return CounterOffsetPlan.of(
                    counterHz,
                    requireNonNullElse(policy, Policy.ADVANCE),
                    source.reading(),
                    destination.reading(),
                    PlanInput.clockError(clockErrorNs, isSameHost()));
        }

        List<ClockDifference> differences() {
            return ClockDifference.realtime(
                            source.reading().realtime(), destination.reading().realtime())
                    .stream()
                    .toList();
        }
    }

    @Override
    public Integer call() throws IOException {
        try {
            Input input = input();
            print(input, input.plan());
            return clocks.exitCode(input.differences());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private Input input() throws IOException {
        Numbers numbers = given.numbers;
        return numbers == null
                ? PlanInput.read(requireNonNullElse(given.input, "-"), Input.class)
                : new Input(
                        numbers.counterHz,
                        PlanInput.host("--source", numbers.source, Host.class),
                        PlanInput.host("--destination", numbers.destination, Host.class),
                        numbers.policy,
                        numbers.sameHost,
                        numbers.clockErrorNs);
    }

    private void print(Input input, CounterOffsetPlan plan) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("counterOffset", Long.toUnsignedString(plan.offset()));
            all.put("elapsedNs", Long.toString(plan.elapsedNs()));
            all.put("bound", plan.bound());
            all.put("clockDifferences", clocks.json(input.differences()));
            out.println(PlanInput.MAPPER.writeValueAsString(all));
        } else {
            out.println("counter_offset: " + Long.toUnsignedString(plan.offset()));
            out.println("elapsed: " + plan.elapsedNs() + " ns by real time");
            Bound bound = plan.bound();
            out.println(PlanInput.text(
                    bound,
                    String.format(
                            Locale.ROOT,
                            "%d ticks (%.9f s)",
                            bound.known(),
                            (double) bound.known() / input.counterHz)));
            input.differences().forEach(each -> out.println(clocks.text(each)));
        }
        out.flush();
    }
}
