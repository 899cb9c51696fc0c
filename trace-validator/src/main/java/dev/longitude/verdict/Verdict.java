package dev.longitude.verdict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Multiset;
import dev.longitude.kernel.Switch;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.spec.Specification;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.InferenceSummary;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceSource;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The verdict on one trace or recording.
 *
 * @param refusal why it does not conform, or null
 * @param undecided why the validator cannot decide, or null
 * @param events events that conform
 * @param properties whether each property of the report is kept, by name; none is kept in a trace that was not judged
 *     to its end
 * @param firstFailures the event at which each of the other properties first fails, or may fail
 * @param others the operations of a log that do not concern the guest's time, by name, and how many of each
 * @param notes further lines for the reader
 * @param judged what there was to judge, where that is less than in an ioctl log; otherwise null
 */
public record Verdict(
        String source,
        TraceHeader header,
        @Nullable Refusal refusal,
        @Nullable String undecided,
        long events,
        ImmutableMap<String, PropertyVerdict> properties,
        ImmutableMap<String, TraceEvent> firstFailures,
        ImmutableMap<String, Integer> others,
        ImmutableList<String> notes,
        @Nullable String judged) {

    /** Takes back that a property is kept, if what follows could break it. */
    public Verdict {
        if (refusal != null || undecided != null) {
            ImmutableMap.Builder<String, PropertyVerdict> weaker = ImmutableMap.builder();
            properties.forEach((name, kept) ->
                    weaker.put(name, kept == PropertyVerdict.KEPT ? PropertyVerdict.MAY_NOT_BE_KEPT : kept));
            properties = weaker.buildOrThrow();
        }
    }

    /** Whether a kernel of this profile could have done this. */
    public boolean conforms() {
        return refusal == null && undecided == null;
    }

    /** {@code conforms}, {@code refused} or {@code undecided}. */
    public String name() {
        return refusal != null ? "refused" : undecided != null ? "undecided" : "conforms";
    }

    /** The same with more notes. */
    private Verdict with(ImmutableList<String> more) {
        return new Verdict(
                source,
                header,
                refusal,
                undecided,
                events,
                properties,
                firstFailures,
                others,
                ImmutableList.<String>builder().addAll(notes).addAll(more).build(),
                judged);
    }

    /** The verdict as text, without the last newline. */
    public String text() {
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

    /** Validates a trace in memory. */
    public static Verdict of(String name, Trace trace) {
        try {
            return run(name, trace.header(), new TraceValidator(trace.header()), TraceSource.of(trace));
        } catch (TraceFormatException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Validates a trace as it is read, and notes how much of what it leaves open was inferred. */
    static Verdict ofInferred(String name, TraceHeader header, TraceSource source) throws TraceFormatException {
        TraceValidator validator = new TraceValidator(header);
        return run(name, header, validator, source).with(inferred(validator));
    }

    /** Validates a recording. */
    static Verdict of(String name, ImportedTrace imported) throws TraceFormatException {
        Trace trace = imported.trace();
        ImportedTrace.Judged judged = imported.judged();
        TraceValidator validator = TraceValidator.ofRecording(trace.header(), judged == null);
        Verdict verdict = run(name, trace.header(), validator, TraceSource.of(trace));
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        if (judged != null) {
            notes.add("judged: " + judged.what());
        }
        if (judged == null) { // (otherwise too little is known of the clocks)
            notes.addAll(verdict.notes());
            notes.addAll(inferred(validator));
        }
        notes.add(imported.summary());
        notes.addAll(imported.notes());
        String undecided = verdict.undecided();
        Refusal refusal = verdict.refusal();
        Optional<String> assumed = refusal == null ? Optional.empty() : assumed(imported, refusal.event());
        if (assumed.isPresent()) {
            undecided = assumed.get();
            refusal = null;
        } else if (verdict.conforms() && !imported.disturbances().isEmpty()) {
            undecided =
                    verdict.events() + " events conform to " + trace.header().kernel() + "; " + imported.notJudged()
                            + " are not judged, " + imported.disturbances().get(0);
        }
        if (judged != null && refusal == null) {
            undecided = judged.only() + ": "
                    + (undecided == null ? trace.header().kernel() + " allows " + judged.compared() : undecided);
        }
        return new Verdict(
                name,
                trace.header(),
                refusal,
                undecided,
                verdict.events(),
                verdict.properties(),
                verdict.firstFailures(),
                imported.harmless().entrySet().stream()
                        .collect(ImmutableMap.toImmutableMap(Multiset.Entry::getElement, Multiset.Entry::getCount)),
                notes.build(),
                judged == null ? null : judged.what());
    }

    /** Why an event that is refused in a recording refuses nothing, if that depends on an assumption. */
    static Optional<String> assumed(ImportedTrace imported, TraceEvent refused) throws TraceFormatException {
        TraceHeader header = imported.header();
        Optional<String> assumption = imported.assumedBefore(refused).map(ImportedTrace.Assumption::what);
        if (assumption.isEmpty() && imported.clockRateIsAssumed() && fitsAnotherClockRate(imported.trace())) {
            assumption = Optional.of("that the host's kernel computes its clocks from the TSC at KVM's rate, "
                    + header.x86().tscKhz() + " kHz: host.txt has no message of the kernel that shows it");
        }
        return assumption.map(what -> refused.call() + " in line " + refused.line() + " does not fit " + header.kernel()
                + " if one assumes " + what);
    }

    /** Whether a recording is not refused if its host's base clock does not keep pace with the TSC. */
    private static boolean fitsAnotherClockRate(Trace trace) throws TraceFormatException {
        TraceHeader header = trace.header().withKernel(trace.header().kernel().flipped(Switch.SLEWED_BASE_CLOCK));
        Trace slewed = new Trace(header, trace.events());
        return run("", header, TraceValidator.ofRecording(header, false), TraceSource.of(slewed))
                        .refusal()
                == null;
    }

    /** Notes on what was inferred from an incomplete trace; empty if nothing was. */
    private static ImmutableList<String> inferred(TraceValidator validator) {
        InferenceSummary known = validator.inferred();
        boolean areAll = validator.leftOut().isEmpty();
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        if (known.unknown() > 0) {
            notes.add("instants and words that are still unknown at the end: " + known.unknown());
        }
        if (areAll && known.silentSteps() > 0) {
            notes.add("steps not seen: at least " + known.silentSteps());
        }
        ImmutableList<String> open = known.variablesOpen();
        if (!open.isEmpty()) {
            notes.add("state at the end: " + (areAll ? "" : "at most ") + (known.variables() - open.size()) + " of "
                    + known.variables() + " variables known; open: " + String.join(", ", open));
        }
        return notes.build();
    }

    private static Verdict run(String name, TraceHeader header, TraceValidator validator, TraceSource events)
            throws TraceFormatException {
        Refusal refusal = null;
        String undecided = null;
        try {
            for (List<TraceEvent> next = events.next(); !next.isEmpty() && refusal == null; ) {
                Optional<Refusal> refused = validator.accept(next);
                refusal = refused.orElse(null);
                next = refusal == null ? events.next() : next;
            }
            if (refusal == null) {
                validator.finish();
            }
        } catch (UndecidedException e) {
            undecided = e.getMessage();
        }
        ImmutableMap<String, PropertyVerdict> properties = validator.properties();
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        ImmutableMap<String, TraceEvent> failures = validator.firstFailures();
        failures.forEach((property, event) ->
                notes.add((properties.get(property) == PropertyVerdict.NOT_KEPT ? "does not keep " : "may not keep ")
                        + property + ": first in "
                        + (event.line() > 0 ? "line " + event.line() + ", " : "") + event.call()));
        for (String leftOut : validator.leftOut()) {
            notes.add(leftOut + ": in the others each property may fail");
        }
        if (!header.silent().isEmpty()) {
            notes.add("properties are judged after each line, and not after a step that no line shows");
        }
        Specification.of(header.arch())
                .onlyHere()
                .forEach(only -> notes.add(
                        "the specification has the switch " + only + ", which dev.longitude.kernel.Switch lacks"));
        return new Verdict(
                name,
                header,
                refusal,
                undecided,
                validator.events(),
                properties,
                failures,
                ImmutableMap.of(),
                notes.build(),
                null);
    }
}
