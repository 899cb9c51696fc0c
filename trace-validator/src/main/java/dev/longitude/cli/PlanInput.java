package dev.longitude.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.migration.Bound;
import dev.longitude.migration.Policy;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Reads a plan's numbers from a file or from the command line. */
final class PlanInput {
    static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
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
                description =
                        "How far the hosts' real-time clocks may be apart (default: not known; 0 with --same-host).")
        @Nullable
        Long clockErrorNs;

        @Option(
                names = "--same-host",
                description = "Source and destination are one host that was not restarted in between.")
        boolean sameHost;
    }

    /** How far the hosts' real-time clocks may be apart, ns; null if that is not known. */
    static @Nullable Long clockError(@Nullable Long clockErrorNs, boolean sameHost) {
        return clockErrorNs == null && sameHost ? Long.valueOf(0) : clockErrorNs;
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
            byte[] text = in.readAllBytes();
            checkKeys(file, MAPPER.readTree(text), type);
            return MAPPER.readValue(text, type);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new IllegalArgumentException(
                    file + (at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr()) + ": "
                            + plain(e.getOriginalMessage().replaceFirst(" \\(start marker.*", "")),
                    e);
        }
    }

    /**
     * Refuses a key that the format does not have. Jackson would name it only if no key were missing, which is the one that
     * was mistyped.
     */
    private static void checkKeys(String where, JsonNode object, Class<?> type) {
        Map<String, Class<?>> known = keys(type);
        object.properties().forEach(each -> {
            Class<?> inner = known.get(each.getKey());
            if (inner == null) {
                throw new IllegalArgumentException(unknownKey(where, each.getKey(), known.keySet()));
            }
            if (inner.isRecord()) {
                checkKeys(where + ": " + each.getKey(), each.getValue(), inner);
            }
        });
    }

    private static Map<String, Class<?>> keys(Class<?> type) {
        Map<String, Class<?>> keys = new LinkedHashMap<>();
        for (RecordComponent each : type.getRecordComponents()) {
            keys.put(each.getName(), each.getType());
        }
        return keys;
    }

    private static String unknownKey(String where, String key, Set<String> known) {
        List<String> near = NearestName.of(key, known);
        return where + ": unknown key \"" + key + "\"; "
                + (near.isEmpty()
                        ? "there are " + String.join(", ", known)
                        : "did you mean " + String.join(" or ", near) + "?");
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
        checkKeys(option, MAPPER.valueToTree(parts), type);
        try {
            return MAPPER.convertValue(parts, type);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new IllegalArgumentException(option + ": " + plain(message), e);
        }
    }

    /** Jackson's message about a key that is missing, for people. */
    private static String plain(String message) {
        return message.replaceFirst("Missing required creator property '(\\w+)' \\(index \\d+\\)", "\"$1\" is missing");
    }

    /** 64 bits, signed or unsigned. */
    static long word(String name, BigInteger number) {
        boolean fits = number.signum() < 0 ? number.bitLength() <= 63 : number.bitLength() <= 64;
        if (!fits) {
            throw new IllegalArgumentException(name + " " + number + " does not fit 64 bits");
        }
        return number.longValue();
    }

    /**
     * How far the counter can be off, for people.
     *
     * @param known the sum of what is known, with its unit
     */
    static String text(Bound bound, String known) {
        String before = bound.rounding() + " by truncation, " + bound.reading() + " by how the clocks were read, ";
        String after = bound.rate() + " by the rate";
        return bound.hostClocks() == null
                ? "off by at most " + known + ", " + before + after
                        + ", and by the difference between the hosts' real-time clocks, which is not known and"
                        + " not in that bound"
                        + " (clockErrorNs)"
                : "at most " + known + " off, of which " + before + bound.hostClocks()
                        + " by the hosts' real-time clocks, " + after;
    }
}
