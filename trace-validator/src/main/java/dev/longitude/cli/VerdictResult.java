package dev.longitude.cli;

import com.google.common.collect.ImmutableMap;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Location;
import dev.longitude.results.Status;
import dev.longitude.validator.Refusal;
import dev.longitude.verdict.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The verdict on a file as a result: a refusal names its line, the conjunct that is false, and what it rests on. */
final class VerdictResult {
    private static final Pattern CONJUNCT = Pattern.compile("(?s)^(\\w+\\.tla):(\\d{1,9}): (.*)$");

    private VerdictResult() {}

    /**
     * The result.
     *
     * @param required the properties that must be kept
     */
    static CaseResult of(Path file, Verdict verdict, Iterable<String> required) {
        Status status = ResultOptions.status(ExitCode.of(verdict, required));
        String rule = FileAnswer.CONFORMS;
        String message = verdict.text();
        if (verdict.conforms()) {
            for (String name : required) {
                if (ResultOptions.status(ExitCode.of(verdict, List.of(name))) == status && status != Status.HOLDS) {
                    rule = name;
                    message = name + ": " + verdict.properties().get(name) + "\n" + message;
                    break;
                }
            }
        }
        return CaseResult.of(FileAnswer.SUITE, file.toString(), status, rule, message)
                .at(places(file, verdict.refusal()))
                .with(ImmutableMap.of("kernel", verdict.header().kernel().specName(), "events", verdict.events()));
    }

    private static Location[] places(Path file, @Nullable Refusal refusal) {
        List<Location> places = new ArrayList<>();
        if (refusal == null) {
            places.add(Location.of(file));
        } else {
            places.add(Location.of(file, refusal.event().line()));
            conjunct(refusal.first().conjunct()).ifPresent(places::add);
            for (Refusal.Cause cause : refusal.causes()) {
                int line = cause.step().line();
                places.add(new Location(
                        file.toString(),
                        line == 0 ? null : line,
                        null,
                        (cause.silent() ? "it rests on a step that no line shows, before this one: " : "it rests on ")
                                + cause.step().call()));
            }
        }
        return places.toArray(Location[]::new);
    }

    private static Optional<Location> conjunct(@Nullable String text) {
        Matcher matcher = CONJUNCT.matcher(text == null ? "" : text);
        return matcher.matches()
                ? Optional.of(Location.ofSpecification(
                        matcher.group(1), Integer.parseInt(matcher.group(2)), "false: " + matcher.group(3)))
                : Optional.empty();
    }
}
