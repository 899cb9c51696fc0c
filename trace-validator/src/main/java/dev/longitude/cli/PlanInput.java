package dev.longitude.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.migration.Bound;
import dev.longitude.migration.Policy;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Reads a plan's numbers from a file or from the command line. */
final class PlanInput {
    static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private PlanInput() {}

    /** The options of both plans. */
    abstract static class Numbers {
        @Option(
                names = "--source",
                paramLabel = "HOST",
                required = true,
                description = "The values read on the source: name=number,name=number, with the names of FILE.")
        String source = "";

        @Option(
                names = "--destination",
                paramLabel = "HOST",
                required = true,
                description = "The values read on the destination.")
        String destination = "";

        @Option(
                names = "--policy",
                defaultValue = "ADVANCE",
                description = "What the guest's counter does during the blackout: ${COMPLETION-CANDIDATES} (default:"
                        + " ${DEFAULT-VALUE}).")
        Policy policy = Policy.ADVANCE;

        @Option(
                names = "--clock-error-ns",
                paramLabel = "NS",
                defaultValue = "0",
                description = "The most that the hosts' real-time clocks may differ (default: ${DEFAULT-VALUE}).")
        long clockErrorNs;
    }

    /**
     * Reads a file, or standard input for {@code -}.
     *
     * @throws IllegalArgumentException if it is malformed; the message names the place
     */
    static <T> T read(String file, Class<T> type) throws IOException {
        if (!file.equals("-") && !Files.isRegularFile(Path.of(file))) {
            throw new IllegalArgumentException(file + ": no such file");
        }
        try (InputStream in = file.equals("-") ? System.in : Files.newInputStream(Path.of(file))) {
            return MAPPER.readValue(in, type);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new IllegalArgumentException(
                    file + (at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr()) + ": "
                            + e.getOriginalMessage().replaceFirst(" \\(start marker.*", ""),
                    e);
        }
    }

    /** A host on the command line: {@code name=number,name=number}. */
    static <T> T host(String option, String text, Class<T> type) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 0 || parts.put(part.substring(0, equals), part.substring(equals + 1)) != null) {
                throw new IllegalArgumentException(
                        option + " " + text + ": expected name=number, each once, at \"" + part + "\"");
            }
        }
        try {
            return MAPPER.convertValue(parts, type);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new IllegalArgumentException(option + ": " + message, e);
        }
    }

    /** 64 bits, signed or unsigned. */
    static long word(String name, BigInteger number) {
        boolean fits = number.signum() < 0 ? number.bitLength() <= 63 : number.bitLength() <= 64;
        if (!fits) {
            throw new IllegalArgumentException(name + " " + number + " does not fit 64 bits");
        }
        return number.longValue();
    }

    /** The parts of a bound, as text. */
    static String parts(Bound bound) {
        return bound.rounding() + " by truncation, " + bound.reading() + " by how the clocks were read, "
                + bound.hostClocks() + " by the hosts' real-time clocks, " + bound.rate() + " by the rate";
    }
}
