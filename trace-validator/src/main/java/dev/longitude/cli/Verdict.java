package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * What became of one trace or recording.
 *
 * @param refusal why it does not conform, or null
 * @param undecided why that cannot be said, or null
 * @param events events that conform
 * @param notes what else a reader must know, a line each
 */
record Verdict(
        String source,
        TraceHeader header,
        @Nullable Refusal refusal,
        @Nullable String undecided,
        long events,
        ImmutableList<String> notes) {

    boolean conforms() {
        return refusal == null && undecided == null;
    }

    /** The same with more to know. */
    Verdict with(ImmutableList<String> more) {
        return new Verdict(
                source,
                header,
                refusal,
                undecided,
                events,
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
