package dev.longitude.results;

import java.util.ArrayList;
import java.util.List;

/**
 * One line over many results: {@code 36 files: 32 conform, 4 undecided}.
 *
 * @param one what a result is about: {@code file}
 * @param many the same, of several
 * @param holds what they do that hold: {@code conform}
 * @param violated what the others are: {@code refused}
 */
public record Summary(String one, String many, String holds, String violated) {
    /** The line, without its end. */
    public String of(List<CaseResult> results) {
        List<String> parts = new ArrayList<>();
        for (Status status : Status.values()) {
            long count = results.stream().filter(r -> r.status() == status).count();
            if (count > 0) {
                parts.add(count + " " + word(status));
            }
        }
        return results.size() + " " + (results.size() == 1 ? one : many)
                + (parts.isEmpty() ? "" : ": " + String.join(", ", parts));
    }

    private String word(Status status) {
        return switch (status) {
            case HOLDS -> holds;
            case VIOLATED -> violated;
            case UNDECIDED, UNUSABLE -> status.toString();
            case DOES_NOT_APPLY -> "do not apply";
        };
    }
}
