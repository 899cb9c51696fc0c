package dev.longitude.cli;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.longitude.migration.ClockDifference;
import dev.longitude.migration.ClockFix;
import dev.longitude.migration.GuestRate;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "FILE is a JSON object: guestKhz, offsets (of the vCPUs, on the source), source and destination, and where"
                    + " wanted policy, sameHost and clockErrorNs. source and destination have hostKhz, hostTsc, clock and"
                    + " realtime: what KVM_GET_CLOCK returned, on the destination after KVM_SET_CLOCK; where known"
                    + " tscControl (0 or 1: KVM_CAP_TSC_CONTROL, whether the host scales) and, where it does, fracBits (48"
                    + " Intel, 32 AMD); and where wanted earlierHostTsc and earlierRealtime: both as read on that host"
                    + " before. A number may be a string. On the command line the same.",
            "",
            "Exit codes: 0 done; 1 clocks contradict each other, KVM_SET_TSC_KHZ fails on the destination, or KVM only"
                    + " catches up there; 2 unusable input or usage, or output that cannot be written; 3 it depends on"
                    + " whether a host scales, which is not known."
        })
final class PlanTscCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @ArgGroup(multiplicity = "1")
    private Arguments given = new Arguments();

    @Option(names = "--json", description = "Print JSON and no table.")
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
            @Nullable Integer tscControl,
            @Nullable Integer fracBits,
            @JsonProperty(required = true) BigInteger hostTsc,
            @JsonProperty(required = true) BigInteger clock,
            @JsonProperty(required = true) BigInteger realtime,
            @Nullable BigInteger earlierHostTsc,
            @Nullable BigInteger earlierRealtime) {
        ClockFix fix() {
            return new ClockFix(
                    hostKhz,
                    scaling(),
                    PlanInput.word("hostTsc", hostTsc),
                    PlanInput.word("clock", clock),
                    PlanInput.word("realtime", realtime));
        }

        /** What its hardware can do; null if that is not known. */
        private @Nullable TscScaling scaling() {
            if (tscControl != null && tscControl != 0 && tscControl != 1) {
                throw new IllegalArgumentException("tscControl is 0 or 1, not " + tscControl);
            }
            if (fracBits == null) {
                if (tscControl != null && tscControl == 1) {
                    throw new IllegalArgumentException("tscControl is 1, so fracBits is needed: 48 (Intel), 32 (AMD)");
                }
                return tscControl == null ? null : TscScaling.NONE;
            }
            TscScaling scaling = new TscScaling(fracBits);
            if (tscControl != null && scaling.supported() != (tscControl == 1)) {
                throw new IllegalArgumentException(
                        "tscControl " + tscControl + " and fracBits " + fracBits + " contradict each other");
            }
            return scaling;
        }

        /** Its clocks against each other since they were read before, if they were. */
        Optional<ClockDifference> sinceEarlier(ClockDifference.Kind kind) {
            if ((earlierHostTsc == null) != (earlierRealtime == null)) {
                throw new IllegalArgumentException("earlierHostTsc and earlierRealtime go together");
            }
            return earlierHostTsc == null || earlierRealtime == null
                    ? Optional.empty()
                    : ClockDifference.tsc(
                            kind,
                            hostKhz,
                            fix().hostTsc() - PlanInput.word("earlierHostTsc", earlierHostTsc),
                            fix().realtime() - PlanInput.word("earlierRealtime", earlierRealtime));
        }
    }

    /** The file. */
    private record Input(
            @JsonProperty(required = true) int guestKhz,
            @JsonProperty(required = true) List<BigInteger> offsets,
            @JsonProperty(required = true) Host source,
            @JsonProperty(required = true) Host destination,
            @Nullable Policy policy,
            @Nullable Boolean sameHost,
            @Nullable Long clockErrorNs) {
        private boolean isSameHost() {
            return Boolean.TRUE.equals(sameHost);
        }

        Answer answer() {
            if (guestKhz <= 0) {
                throw new IllegalArgumentException("guestKhz is positive, not " + guestKhz);
            }
            if (isSameHost() && source.hostKhz != destination.hostKhz) {
                throw new IllegalArgumentException(
                        "one host has one hostKhz, not " + source.hostKhz + " and " + destination.hostKhz);
            }
            ClockFix from = source.fix();
            ClockFix to = destination.fix();
            HostRate fromRate = new HostRate("source", guestKhz, from);
            HostRate toRate = new HostRate("destination", guestKhz, to);
            if (fromRate.rate() == GuestRate.REFUSED) {
                // KVM_GET_TSC_KHZ also returns a rate that was refused, but then nothing ran at it.
                throw new IllegalArgumentException(fromRate.text().orElse(""));
            }
            Policy chosen = requireNonNullElse(policy, Policy.ADVANCE);
            List<Long> words = offsets.stream()
                    .map(offset -> PlanInput.word("offsets", offset))
                    .toList();
            return new Answer(
                    fromRate.hasOffset() && toRate.hasOffset()
                            ? Optional.of(TscOffsetPlan.of(
                                    guestKhz,
                                    chosen,
                                    from,
                                    to,
                                    words,
                                    PlanInput.clockError(clockErrorNs, isSameHost())))
                            : Optional.empty(),
                    fromRate,
                    toRate,
                    differences(chosen, from, to));
        }

        private List<ClockDifference> differences(Policy chosen, ClockFix from, ClockFix to) {
            List<ClockDifference> all = new ArrayList<>(ClockDifference.between(chosen, from, to, isSameHost()));
            source.sinceEarlier(ClockDifference.Kind.TSC_AND_REALTIME_OF_SOURCE).ifPresent(all::add);
            destination
                    .sinceEarlier(ClockDifference.Kind.TSC_AND_REALTIME_OF_DESTINATION)
                    .ifPresent(all::add);
            return all;
        }
    }

    /** What comes out: no plan where a host has no offset for the guest, or where that is not known. */
    private record Answer(
            Optional<TscOffsetPlan> plan, HostRate source, HostRate destination, List<ClockDifference> differences) {
        int exitCode() {
            return plan.isPresent() || destination.rate() == GuestRate.REFUSED
                    ? destination.exitCode()
                    : ExitCode.UNDECIDED;
        }
    }

    @Override
    public Integer call() throws IOException {
        Answer answer;
        try {
            answer = input().answer();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
        if (json) {
            printJson(answer);
        } else {
            print(answer);
        }
        return ExitCode.ofBoth(answer.exitCode(), clocks.exitCode(answer.differences));
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
                    numbers.sameHost,
                    numbers.clockErrorNs);
        }
        return PlanInput.read(requireNonNullElse(given.input, "-"), Input.class);
    }

    private void printJson(Answer answer) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        answer.plan.ifPresent(plan -> put(all, plan));
        Map<String, Object> rates = new LinkedHashMap<>();
        rates.put("source", answer.source.json());
        rates.put("destination", answer.destination.json());
        all.put("rates", rates);
        all.put("clockDifferences", clocks.json(answer.differences));
        PrintWriter out = spec.commandLine().getOut();
        out.println(PlanInput.MAPPER.writeValueAsString(all));
        out.flush();
    }

    private static void put(Map<String, Object> all, TscOffsetPlan plan) {
        List<Map<String, String>> offsets = new ArrayList<>();
        for (TscOffsetPlan.Offsets each : plan.offsets()) {
            Map<String, String> row = new LinkedHashMap<>();
            row.put("source", Long.toString(each.source()));
            row.put("documented", Long.toString(each.documented()));
            row.put("corrected", Long.toString(each.corrected()));
            offsets.add(row);
        }
        all.put("offsets", offsets);
        all.put("elapsedNs", Long.toString(plan.elapsedNs()));
        all.put("clockElapsedNs", Long.toString(plan.clockElapsedNs()));
        all.put("documentedErrorByClock", plan.byClock().toString());
        all.put("documentedErrorByScaling", plan.byScaling().toString());
        all.put("bound", plan.bound());
    }

    private void print(Answer answer) {
        PrintWriter out = spec.commandLine().getOut();
        answer.plan.ifPresentOrElse(
                plan -> print(plan, out), () -> out.println("No offset can be given for the destination."));
        answer.source.text().ifPresent(out::println);
        if (answer.plan.isPresent() && answer.source.rate() == GuestRate.CATCHES_UP) {
            out.println("source: the bound does not contain by how much the TSC was behind since the last entry");
        }
        answer.destination.text().ifPresent(out::println);
        answer.differences.forEach(each -> out.println(clocks.text(each)));
        out.flush();
    }

    private static void print(TscOffsetPlan plan, PrintWriter out) {
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
        boolean advances = plan.policy() == Policy.ADVANCE;
        out.println("The guest's TSC " + (advances ? "advances by the blackout" : "goes on where it was") + ".");
        out.println("elapsed: " + plan.elapsedNs() + " ns by real time, " + plan.clockElapsedNs() + " ns by kvmclock");
        out.println("to set: "
                + PlanInput.text(
                        plan.bound(), cycles(BigInteger.valueOf(plan.bound().known()), plan)));
        out.println("documented: off by "
                + cycles(plan.byClock().add(plan.byScaling()), plan)
                + " more, of which " + plan.byClock() + " by using kvmclock"
                + (advances ? "" : ", which does not stand still,") + " and " + plan.byScaling() + " by not scaling");
    }

    private static String cycles(BigInteger cycles, TscOffsetPlan plan) {
        return String.format(
                Locale.ROOT, "%s cycles (%.9f s)", cycles, cycles.doubleValue() / (plan.guestKhz() * 1_000.0));
    }
}
