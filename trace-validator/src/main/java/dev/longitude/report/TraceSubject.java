package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.SignedOffset;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The verdict on a trace or a recording as a subject of a report. */
public final class TraceSubject {
    /** The most events that a page shows before the one that is refused; of a trace that conforms, all in all. */
    static final int EVENTS_BEFORE = 100;

    /** The most events that a page shows from the refused one on. */
    static final int EVENTS_AFTER = 20;

    private TraceSubject() {}

    /**
     * A verdict.
     *
     * @param file to read the events from once more; null if it cannot be read twice
     */
    public static Subject of(Verdict verdict, @Nullable InputFile file) throws TraceFormatException, IOException {
        Refusal refusal = verdict.refusal();
        ImmutableList<Timeline> timelines = ImmutableList.of();
        if (file != null) {
            InputFile.Excerpt excerpt = refusal == null
                    ? file.excerpt(0, 0, EVENTS_BEFORE)
                    : file.excerpt(refusal.event().line(), EVENTS_BEFORE, EVENTS_AFTER);
            timelines = excerpt.events().isEmpty()
                    ? ImmutableList.of()
                    : ImmutableList.of(TraceTimeline.of(excerpt, verdict));
        }
        return new Subject(
                verdict.source(),
                refusal != null ? Mark.FAILS : verdict.undecided() != null ? Mark.UNKNOWN : Mark.HOLDS,
                verdict.name(),
                about(verdict),
                rows(verdict),
                sections(verdict, file != null),
                timelines);
    }

    /** A file that cannot be judged. */
    public static Subject unusable(String file, String why) {
        return new Subject(
                file,
                Mark.UNKNOWN,
                "unusable",
                "",
                ImmutableList.of(),
                ImmutableList.of(Subject.Section.ofLines(
                        "Why it cannot be judged", why.lines().collect(ImmutableList.toImmutableList()))),
                ImmutableList.of());
    }

    private static String about(Verdict verdict) {
        TraceHeader header = verdict.header();
        return header.arch() + ", judged by " + header.kernel() + "; " + verdict.events() + " events conform; from: "
                + header.origin();
    }

    private static ImmutableList<Subject.Row> rows(Verdict verdict) {
        ImmutableList.Builder<Subject.Row> rows = ImmutableList.builder();
        verdict.properties().forEach((name, kept) -> {
            if (verdict.refusal() == null || kept == PropertyVerdict.NOT_KEPT) {
                rows.add(new Subject.Row(
                        name,
                        mark(kept),
                        kept.toString(),
                        verdict.notes().stream()
                                .filter(note -> note.contains(" keep " + name + ": "))
                                .map(note -> note.substring(note.indexOf(": ") + 2))
                                .findFirst()
                                .orElse(""),
                        null,
                        null));
            }
        });
        return rows.build();
    }

    /** The properties of which a refused trace shows nothing: it was not judged to its end. */
    private static ImmutableList<String> unjudged(Verdict verdict) {
        return verdict.properties().entrySet().stream()
                .filter(e -> e.getValue() != PropertyVerdict.NOT_KEPT)
                .map(Map.Entry::getKey)
                .collect(ImmutableList.toImmutableList());
    }

    private static Mark mark(PropertyVerdict kept) {
        return switch (kept) {
            case KEPT -> Mark.HOLDS;
            case NOT_KEPT -> Mark.FAILS;
            case MAY_NOT_BE_KEPT -> Mark.UNKNOWN;
        };
    }

    private static ImmutableList<Subject.Section> sections(Verdict verdict, boolean readTwice) {
        ImmutableList.Builder<Subject.Section> sections = ImmutableList.builder();
        Refusal refusal = verdict.refusal();
        if (refusal != null) {
            sections.addAll(sections(refusal));
            sections.add(Subject.Section.ofLines(
                    "Properties that were not judged to the end",
                    ImmutableList.of(String.join(", ", unjudged(verdict)))));
        }
        if (verdict.undecided() != null) {
            sections.add(Subject.Section.ofLines("Why it is undecided", ImmutableList.of(verdict.undecided())));
        }
        if (!verdict.notes().isEmpty()) {
            sections.add(Subject.Section.ofLines("Notes", verdict.notes()));
        }
        if (!verdict.others().isEmpty()) {
            sections.add(new Subject.Section(
                    "Operations that do not concern the guest's time",
                    ImmutableList.of(),
                    ImmutableList.of("operation", "how often"),
                    verdict.others().entrySet().stream()
                            .map(e -> ImmutableList.of(e.getKey(), e.getValue().toString()))
                            .collect(ImmutableList.toImmutableList())));
        }
        if (!readTwice) {
            sections.add(Subject.Section.ofLines(
                    "No timeline", ImmutableList.of("Standard input cannot be read a second time.")));
        }
        return sections.build();
    }

    private static List<Subject.Section> sections(Refusal refusal) {
        ImmutableList.Builder<Subject.Section> sections = ImmutableList.builder();
        for (Refusal.Reason reason : refusal.shownReasons()) {
            sections.add(section(refusal, reason));
        }
        if (!refusal.conflict().isEmpty()) {
            sections.add(new Subject.Section(
                    "These cannot hold together",
                    ImmutableList.of("A separate checker has confirmed that these contradict each other."),
                    ImmutableList.of("line", "operation", "what it shows"),
                    refusal.conflict().stream()
                            .map(c -> ImmutableList.of(
                                    Integer.toString(c.event().line()),
                                    c.event().call(),
                                    c.text()))
                            .collect(ImmutableList.toImmutableList())));
        }
        ImmutableList.Builder<String> passes = ImmutableList.builder();
        for (Switch flip : refusal.flips()) {
            passes.add((refusal.kernel().has(flip) ? "Without " : "With ") + flip.specName() + " (" + flip.versions()
                    + "): " + flip.meaning());
        }
        if (!refusal.possible().isEmpty()) {
            passes.add("Possible instead: "
                    + String.join(
                            ", ",
                            refusal.possible().stream().map(Operation::specName).toList()));
        }
        if (!passes.build().isEmpty()) {
            sections.add(Subject.Section.ofLines("What would pass", passes.build()));
        }
        if (!refusal.causes().isEmpty()) {
            sections.add(new Subject.Section(
                    "Earlier steps that it rests on",
                    ImmutableList.of(),
                    ImmutableList.of("line", "operation", "what matters of it"),
                    refusal.causes().stream()
                            .map(c -> ImmutableList.of(
                                    (c.silent() ? "unseen, before " : "")
                                            + c.step().line(),
                                    c.step().call(),
                                    String.join(", ", c.variables())))
                            .collect(ImmutableList.toImmutableList())));
        }
        return sections.build();
    }

    private static Subject.Section section(Refusal refusal, Refusal.Reason reason) {
        ImmutableList.Builder<String> lines = ImmutableList.builder();
        lines.add("Line " + refusal.event().line() + ", event " + refusal.number() + ": "
                + refusal.event().call() + " at host counter " + refusal.event().counter() + ", under "
                + refusal.kernel() + ".");
        if (reason.conjunct() != null) {
            lines.add("First false conjunct: " + reason.conjunct());
        }
        if (!reason.sides().isEmpty()) {
            lines.add("In which " + all(reason.sides()));
        }
        if (!reason.decisions().isEmpty()) {
            lines.add("Where " + all(reason.decisions()));
        }
        if (refusal.states() > 1) {
            lines.add("So in " + reason.states() + " of the " + refusal.states()
                    + " states that were possible before it; every one refuses it.");
        }
        return new Subject.Section(
                reason.differences().isEmpty() ? "Why it is refused" : "Expected and observed",
                lines.build(),
                reason.differences().isEmpty()
                        ? ImmutableList.of()
                        : ImmutableList.of("", "expected", "observed", "observed minus expected"),
                reason.differences().stream()
                        .map(d -> row(
                                d.what(),
                                SignedOffset.in(d.what(), d.expected()),
                                SignedOffset.in(d.what(), d.observed())))
                        .collect(ImmutableList.toImmutableList()));
    }

    private static ImmutableList<String> row(String what, String expected, String observed) {
        return ImmutableList.of(what, expected, observed, difference(expected, observed));
    }

    private static String all(Map<String, String> values) {
        return String.join(
                ", ",
                values.entrySet().stream()
                        .map(e -> e.getKey() + " = " + SignedOffset.in(e.getKey(), e.getValue()))
                        .toList());
    }

    /** The difference of two 64-bit words, or of those of one vCPU, as a signed number; empty if they are none. */
    private static String difference(String expected, String observed) {
        String prefix = commonKey(expected, observed);
        String before = expected.substring(prefix.length()).replace("}", "");
        String after = observed.substring(prefix.length()).replace("}", "");
        if (!before.matches("-?\\d{1,20}") || !after.matches("-?\\d{1,20}")) {
            return "";
        }
        long difference = new BigInteger(after).subtract(new BigInteger(before)).longValue();
        return (difference > 0 ? "+" : "") + difference;
    }

    private static String commonKey(String expected, String observed) {
        int colon = expected.indexOf(": ");
        String key = colon < 0 ? "" : expected.substring(0, colon + 2);
        return observed.startsWith(key) ? key : "";
    }
}
