package dev.longitude.cli;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.longitude.migration.Bound;
import dev.longitude.migration.ClockFix;
import dev.longitude.migration.Policy;
import dev.longitude.migration.TscOffsetPlan;
import dev.longitude.x86.TscScaling;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude plan tsc}: the TSC offsets to set on an x86 destination. */
@Command(
        name = "tsc",
        description = "Compute the TSC offsets to set on the destination of a migration, by both recipes.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "FILE is a JSON object with guestKhz, offsets (of the vCPUs, on the source), source, destination and"
                    + " optionally policy and clockErrorNs. source and destination have hostKhz, fracBits (48 Intel, 32 AMD;"
                    + " without it the host cannot scale), hostTsc, clock and realtime: what KVM_GET_CLOCK returned, on the"
                    + " destination after KVM_SET_CLOCK. A number may be a string. The command line takes the same names."
        })
final class PlanTscCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @ArgGroup(multiplicity = "1")
    private Arguments given = new Arguments();

    @Option(names = "--json", description = "Print JSON and no table.")
    private boolean json;

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
        @Option(names = "--guest-khz", paramLabel = "KHZ", required = true, description = "KVM_GET_TSC_KHZ.")
        private int guestKhz;

        @Option(
                names = "--offset",
                paramLabel = "N",
                required = true,
                description = "KVM_VCPU_TSC_OFFSET of a vCPU on the source; once for each.")
        private List<BigInteger> offsets = new ArrayList<>();
    }

    /** A host in the file. */
    private record Host(
            @JsonProperty(required = true) int hostKhz,
            @Nullable Integer fracBits,
            @JsonProperty(required = true) BigInteger hostTsc,
            @JsonProperty(required = true) BigInteger clock,
            @JsonProperty(required = true) BigInteger realtime) {
        ClockFix fix() {
            return new ClockFix(
                    hostKhz,
                    new TscScaling(requireNonNullElse(fracBits, 0)),
                    PlanInput.word("hostTsc", hostTsc),
                    PlanInput.word("clock", clock),
                    PlanInput.word("realtime", realtime));
        }
    }

    /** The file. */
    private record Input(
            @JsonProperty(required = true) int guestKhz,
            @JsonProperty(required = true) List<BigInteger> offsets,
            @JsonProperty(required = true) Host source,
            @JsonProperty(required = true) Host destination,
            @Nullable Policy policy,
            @Nullable Long clockErrorNs) {
        TscOffsetPlan plan() {
            return TscOffsetPlan.of(
                    guestKhz,
                    requireNonNullElse(policy, Policy.ADVANCE),
                    source.fix(),
                    destination.fix(),
                    offsets.stream()
                            .map(offset -> PlanInput.word("offsets", offset))
                            .toList(),
                    requireNonNullElse(clockErrorNs, 0L));
        }
    }

    @Override
    public Integer call() throws IOException {
        TscOffsetPlan plan;
        try {
            plan = input().plan();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
        if (json) {
            printJson(plan);
        } else {
            print(plan);
        }
        return ExitCode.HOLDS;
    }

    private Input input() throws IOException {
        Numbers numbers = given.numbers;
        if (numbers != null) {
            return new Input(
                    numbers.guestKhz,
                    numbers.offsets,
                    PlanInput.host("--source", numbers.source, Host.class),
                    PlanInput.host("--destination", numbers.destination, Host.class),
                    numbers.policy,
                    numbers.clockErrorNs);
        }
        return PlanInput.read(requireNonNullElse(given.input, "-"), Input.class);
    }

    private void printJson(TscOffsetPlan plan) throws IOException {
        List<Map<String, String>> offsets = new ArrayList<>();
        for (TscOffsetPlan.Offsets each : plan.offsets()) {
            Map<String, String> row = new LinkedHashMap<>();
            row.put("source", Long.toString(each.source()));
            row.put("documented", Long.toString(each.documented()));
            row.put("corrected", Long.toString(each.corrected()));
            offsets.add(row);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("offsets", offsets);
        all.put("elapsedNs", Long.toString(plan.elapsedNs()));
        all.put("clockElapsedNs", Long.toString(plan.clockElapsedNs()));
        all.put("documentedErrorByClock", plan.byClock().toString());
        all.put("documentedErrorByScaling", plan.byScaling().toString());
        all.put("bound", plan.bound());
        PrintWriter out = spec.commandLine().getOut();
        out.println(PlanInput.MAPPER.writeValueAsString(all));
        out.flush();
    }

    private void print(TscOffsetPlan plan) {
        PrintWriter out = spec.commandLine().getOut();
        Table table = new Table("vcpu", "offset on the source", "to set", "by the documented recipe");
        for (int i = 0; i < plan.offsets().size(); i++) {
            TscOffsetPlan.Offsets each = plan.offsets().get(i);
            table.row(
                    Integer.toString(i),
                    Long.toString(each.source()),
                    Long.toString(each.corrected()),
                    Long.toString(each.documented()));
        }
        out.print(table);
        Bound bound = plan.bound();
        boolean advances = plan.policy() == Policy.ADVANCE;
        out.println("The guest's TSC " + (advances ? "advances by the blackout" : "goes on where it was") + ".");
        out.println("elapsed: " + plan.elapsedNs() + " ns by real time, " + plan.clockElapsedNs() + " ns by kvmclock");
        out.println("to set: at most " + cycles(BigInteger.valueOf(bound.total()), plan) + " off, of which "
                + PlanInput.parts(bound));
        out.println("documented: off by "
                + cycles(plan.byClock().add(plan.byScaling()), plan)
                + " more, of which " + plan.byClock() + " by going by kvmclock"
                + (advances ? "" : ", which does not stand still,") + " and " + plan.byScaling() + " by not scaling");
        out.flush();
    }

    private static String cycles(BigInteger cycles, TscOffsetPlan plan) {
        return String.format(
                Locale.ROOT, "%s cycles (%.9f s)", cycles, cycles.doubleValue() / (plan.guestKhz() * 1_000.0));
    }
}
