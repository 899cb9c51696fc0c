package dev.longitude.cli;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.migration.ClockFix;
import dev.longitude.migration.TscOffsetPlan;
import dev.longitude.x86.TscScaling;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** {@code longitude plan}: the offsets to set on the destination of a migration. */
@Command(
        name = "plan",
        description = "Compute the TSC offsets to set on the destination of a migration, by both recipes.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "FILE is a JSON object: guestKhz, offsets (of the vCPUs, on the source), source and destination, and where"
                    + " wanted policy and clockErrorNs. source and destination have hostKhz, fracBits (48 Intel, 32 AMD;"
                    + " without it the host cannot scale), hostTsc, clock and realtime: what KVM_GET_CLOCK returned, on the"
                    + " destination after KVM_SET_CLOCK. A number may be a string. On the command line the same."
        })
final class PlanCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @ArgGroup(multiplicity = "1")
    private Given given = new Given();

    @Option(names = "--json", description = "Print JSON and no table.")
    private boolean json;

    /** Either a file or the numbers. */
    private static final class Given {
        @Option(
                names = "--input",
                paramLabel = "FILE",
                required = true,
                description = "What was read; - is standard input.")
        private @Nullable String input;

        @ArgGroup(exclusive = false, multiplicity = "1")
        private @Nullable Numbers numbers;
    }

    private static final class Numbers {
        @Option(names = "--guest-khz", paramLabel = "KHZ", required = true, description = "KVM_GET_TSC_KHZ.")
        private int guestKhz;

        @Option(
                names = "--offset",
                paramLabel = "N",
                required = true,
                description = "KVM_VCPU_TSC_OFFSET of a vCPU on the source; once for each.")
        private List<BigInteger> offsets = new ArrayList<>();

        @Option(
                names = "--source",
                paramLabel = "HOST",
                required = true,
                description = "hostKhz=..,hostTsc=..,clock=..,realtime=..[,fracBits=..].")
        private String source = "";

        @Option(names = "--destination", paramLabel = "HOST", required = true, description = "The same.")
        private String destination = "";

        @Option(
                names = "--policy",
                defaultValue = "ADVANCE",
                description =
                        "What the guest's TSC does meanwhile: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
        private TscOffsetPlan.Policy policy = TscOffsetPlan.Policy.ADVANCE;

        @Option(
                names = "--clock-error-ns",
                paramLabel = "NS",
                defaultValue = "0",
                description = "How far the hosts' real-time clocks may be apart (default: ${DEFAULT-VALUE}).")
        private long clockErrorNs;
    }

    /** A host as it stands in the file. */
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
                    word("hostTsc", hostTsc),
                    word("clock", clock),
                    word("realtime", realtime));
        }
    }

    /** The file. */
    private record Input(
            @JsonProperty(required = true) int guestKhz,
            @JsonProperty(required = true) List<BigInteger> offsets,
            @JsonProperty(required = true) Host source,
            @JsonProperty(required = true) Host destination,
            TscOffsetPlan.@Nullable Policy policy,
            @Nullable Long clockErrorNs) {
        TscOffsetPlan plan() {
            return TscOffsetPlan.of(
                    guestKhz,
                    requireNonNullElse(policy, TscOffsetPlan.Policy.ADVANCE),
                    source.fix(),
                    destination.fix(),
                    offsets.stream().map(offset -> word("offsets", offset)).toList(),
                    requireNonNullElse(clockErrorNs, 0L));
        }
    }

    /** 64 bits, signed or unsigned. */
    private static long word(String name, BigInteger number) {
        boolean fits = number.signum() < 0 ? number.bitLength() <= 63 : number.bitLength() <= 64;
        if (!fits) {
            throw new IllegalArgumentException(name + " " + number + " does not fit 64 bits");
        }
        return number.longValue();
    }

    @Override
    public Integer call() throws IOException {
        TscOffsetPlan plan;
        try {
            plan = input().plan();
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new ParameterException(
                    spec.commandLine(),
                    given.input + (at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr()) + ": "
                            + e.getOriginalMessage().replaceFirst(" \\(start marker.*", ""));
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

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private Input input() throws IOException {
        Numbers numbers = given.numbers;
        if (numbers != null) {
            return new Input(
                    numbers.guestKhz,
                    numbers.offsets,
                    host("--source", numbers.source),
                    host("--destination", numbers.destination),
                    numbers.policy,
                    numbers.clockErrorNs);
        }
        String file = requireNonNullElse(given.input, "-");
        if (file.equals("-")) {
            return MAPPER.readValue(System.in, Input.class);
        }
        if (!Files.isRegularFile(Path.of(file))) {
            throw new ParameterException(spec.commandLine(), file + ": no such file");
        }
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return MAPPER.readValue(in, Input.class);
        }
    }

    private static Host host(String option, String text) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 0 || parts.put(part.substring(0, equals), part.substring(equals + 1)) != null) {
                throw new IllegalArgumentException(
                        option + " " + text + ": expected name=number, each once, at \"" + part + "\"");
            }
        }
        try {
            return MAPPER.convertValue(parts, Host.class);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    option + ": "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    e);
        }
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
        out.println(MAPPER.writeValueAsString(all));
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
        TscOffsetPlan.Bound bound = plan.bound();
        boolean advances = plan.policy() == TscOffsetPlan.Policy.ADVANCE;
        out.println("The guest's TSC " + (advances ? "advances by the blackout" : "goes on where it was") + ".");
        out.println("elapsed: " + plan.elapsedNs() + " ns by real time, " + plan.clockElapsedNs() + " ns by kvmclock");
        out.println("to set: at most " + cycles(BigInteger.valueOf(bound.total()), plan) + " off, of which "
                + bound.rounding() + " by truncation, " + bound.reading() + " by whole ns, " + bound.hostClocks()
                + " by the hosts' real-time clocks, " + bound.rate() + " by whole kHz");
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
