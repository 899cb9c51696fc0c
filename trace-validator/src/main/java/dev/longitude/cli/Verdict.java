package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.validator.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * What became of one trace or recording.
 *
 * @param refusal why it does not conform, or null
 * @param undecided why that cannot be said, or null
 * @param events events that conform
 * @param properties of each property of the report whether it is kept, by name; none counts as kept of a trace that was
 *     not judged to its end
 * @param others the operations of a log that do not concern the guest's time, by name, and how many of each
 * @param notes what else a reader must know, a line each
 */
record Verdict(
        String source,
        TraceHeader header,
        @Nullable Refusal refusal,
        @Nullable String undecided,
        long events,
        ImmutableMap<String, PropertyVerdict> properties,
        ImmutableMap<String, Integer> others,
        ImmutableList<String> notes) {

    /** Takes back that a property is kept, if what follows could break it. */
    Verdict {
        if (refusal != null || undecided != null) {
            ImmutableMap.Builder<String, PropertyVerdict> weaker = ImmutableMap.builder();
            properties.forEach((name, kept) ->
                    weaker.put(name, kept == PropertyVerdict.KEPT ? PropertyVerdict.MAY_NOT_BE_KEPT : kept));
            properties = weaker.buildOrThrow();
        }
    }

    boolean conforms() {
        return refusal == null && undecided == null;
    }

    /** {@code conforms}, {@code refused} or {@code undecided}. */
    String name() {
        return refusal != null ? "refused" : undecided != null ? "undecided" : "conforms";
    }

    /** The exit code for this trace alone, if no property is required. */
    int exitCode() {
        return refusal != null ? ExitCode.VIOLATED : undecided != null ? ExitCode.UNDECIDED : ExitCode.HOLDS;
    }

    /**
     * The exit code for this trace alone.
     *
     * @param required the properties that must be kept
     */
    int exitCode(Iterable<String> required) {
        int code = exitCode();
        for (String name : required) {
            PropertyVerdict kept = properties.get(name);
            code = ExitCode.ofBoth(code, kept == null ? ExitCode.UNUSABLE : exitCode(kept));
        }
        return code;
    }

    private static int exitCode(PropertyVerdict kept) {
        return switch (kept) {
            case KEPT -> ExitCode.HOLDS;
            case NOT_KEPT -> ExitCode.VIOLATED;
            case MAY_NOT_BE_KEPT -> ExitCode.UNDECIDED;
        };
    }

    /** The same with more to know. */
    Verdict with(ImmutableList<String> more) {
        return new Verdict(
                source,
                header,
                refusal,
                undecided,
                events,
                properties,
                others,
                ImmutableList.<String>builder().addAll(notes).addAll(more).build());
    }

    String text() {
        StringBuilder text = new StringBuilder();
        if (refusal != null) {
            text.append(refusal.explain(source));
        } else if (undecided != null) {
            text.append(source).append(": undecided: ").append(undecided);
        } else {
            text.append(source).append(": conforms to ").append(header.kernel());
            text.append(": ").append(events).append(" events");
        }
        for (String note : notes) {
            text.append("\n  ").append(note);
        }
        return text.toString();
    }
}
