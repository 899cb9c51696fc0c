package dev.longitude.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Results as SARIF 2.1.0: one run, with a result for each fault. SARIF has a kind for what is undecided, but readers
 * that gate on it show only errors; so what is undecided or unusable is an error too, and its property {@code status}
 * distinguishes it.
 */
public final class Sarif {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

    /** The name of the folder that holds {@code spec/}: a reader resolves it, or shows the path alone. */
    private static final String BASE = "LONGITUDE";

    private static final String STANDARD_INPUT = "-";

    private Sarif() {}

    /**
     * The text of the file.
     *
     * @param command the command that judged
     * @param version Longitude's
     * @param exitCode of the command
     */
    public static String of(String command, String version, int exitCode, List<CaseResult> results) {
        List<CaseResult> faults =
                results.stream().filter(r -> r.status().isFault()).toList();
        Map<String, Object> driver = new LinkedHashMap<>();
        driver.put("name", "longitude");
        driver.put("version", version);
        List<String> rules = faults.stream().map(CaseResult::rule).distinct().toList();
        driver.put("rules", rules.stream().map(rule -> Map.of("id", rule)).toList());
        Map<String, Object> invocation = new LinkedHashMap<>();
        invocation.put("commandLine", "longitude " + command);
        invocation.put("executionSuccessful", results.stream().noneMatch(r -> r.status() == Status.UNUSABLE));
        invocation.put("exitCode", exitCode);
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("tool", Map.of("driver", driver));
        run.put("invocations", List.of(invocation));
        run.put(
                "originalUriBaseIds",
                Map.of(BASE, Map.of("description", text("The root of Longitude's own sources."))));
        run.put("results", faults.stream().map(r -> result(r, rules)).toList());
        Map<String, Object> log = new LinkedHashMap<>();
        log.put("$schema", SCHEMA);
        log.put("version", "2.1.0");
        log.put("runs", List.of(run));
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(log) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Object> result(CaseResult result, List<String> rules) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("ruleId", result.rule());
        all.put("ruleIndex", rules.indexOf(result.rule()));
        all.put("kind", "fail");
        all.put("level", "error");
        String name = result.suite() + ": " + result.name();
        all.put("message", text(result.message().isEmpty() ? name + ": " + result.status() : result.message()));
        List<Map<String, Object>> places = new ArrayList<>();
        for (Location where : result.where()) {
            if (!where.file().equals(STANDARD_INPUT)) {
                places.add(location(where));
            }
        }
        if (!places.isEmpty()) {
            places.get(0).put("logicalLocations", List.of(Map.of("fullyQualifiedName", name)));
            all.put("locations", places.subList(0, 1));
            all.put("relatedLocations", places.subList(1, places.size()));
        } else {
            all.put("locations", List.of(Map.of("logicalLocations", List.of(Map.of("fullyQualifiedName", name)))));
        }
        all.put("partialFingerprints", Map.of("longitude/v1", name + ": " + result.rule()));
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("status", result.status().toString());
        properties.putAll(result.details());
        all.put("properties", properties);
        return all;
    }

    private static Map<String, Object> location(Location where) {
        Map<String, Object> artifact = new LinkedHashMap<>();
        artifact.put("uri", uri(where.file()));
        if (where.isOfSpecification()) {
            artifact.put("uriBaseId", BASE);
        }
        Map<String, Object> physical = new LinkedHashMap<>();
        physical.put("artifactLocation", artifact);
        if (where.line() != null) {
            Map<String, Object> region = new LinkedHashMap<>();
            region.put("startLine", where.line());
            if (where.endLine() != null) {
                region.put("endLine", where.endLine());
            }
            physical.put("region", region);
        }
        Map<String, Object> location = new LinkedHashMap<>();
        location.put("physicalLocation", physical);
        if (where.text() != null) {
            location.put("message", text(where.text()));
        }
        return location;
    }

    /** Relative to the working folder if it is below it, which is how a reader finds it in a checkout. */
    private static String uri(String file) {
        Path path = Path.of(file);
        try {
            if (path.isAbsolute()) {
                Path here = Path.of("").toAbsolutePath();
                if (!path.normalize().startsWith(here)) {
                    return path.normalize().toUri().toString();
                }
                path = here.relativize(path.normalize());
            }
            String plain = path.normalize().toString();
            // (In front of a colon a relative reference would be read as a scheme.)
            return new URI(null, null, (plain.indexOf(':') < 0 ? "" : "./") + plain, null).toASCIIString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> text(String text) {
        return Map.of("text", text);
    }
}
