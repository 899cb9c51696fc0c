package dev.longitude.report;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.check.CheckResult;
import dev.longitude.model.ModelCheck;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A model, a scenario or a bundled recording that {@code check} has checked, as a subject of a report. */
public final class ModelSubject {
    private ModelSubject() {}

    /** The result of a check. */
    public static Subject of(CheckResult result) {
        ModelCheck.Outcome outcome = result.outcome();
        ModelCheck.Violation violation = outcome == null ? null : outcome.violation();
        ImmutableList<Timeline> timelines =
                violation == null ? ImmutableList.of() : ImmutableList.of(ModelTimeline.of(violation));
        return new Subject(
                result.what(),
                mark(result.status()),
                result.status().toString(),
                outcome == null ? "" : outcome.model().about(),
                rows(result, violation),
                sections(result),
                timelines);
    }

    private static Mark mark(CheckResult.Status status) {
        return switch (status) {
            case HOLDS -> Mark.HOLDS;
            case FAILS -> Mark.FAILS;
            case UNDECIDED -> Mark.UNKNOWN;
        };
    }

    private static ImmutableList<Subject.Row> rows(CheckResult result, ModelCheck.@Nullable Violation violation) {
        ImmutableList.Builder<Subject.Row> rows = ImmutableList.builder();
        if (violation != null) {
            boolean expected = result.status() == CheckResult.Status.HOLDS;
            rows.add(new Subject.Row(
                    violation.property(),
                    expected ? Mark.WARNS : Mark.FAILS,
                    expected ? "violated, as it must be" : "violated",
                    "",
                    0,
                    null));
        } else if (result.outcome() != null && result.status() == CheckResult.Status.HOLDS) {
            for (String property : Splitter.on(' ').split(result.expected())) {
                rows.add(new Subject.Row(property, Mark.HOLDS, "holds", "", null, null));
            }
        }
        return rows.build();
    }

    private static ImmutableList<Subject.Section> sections(CheckResult result) {
        ImmutableList.Builder<Subject.Section> sections = ImmutableList.builder();
        sections.add(Subject.Section.ofLines(
                "Checked",
                ImmutableList.of(
                        result.expected(), result.size() + String.format(Locale.ROOT, ", %.1f s", result.seconds()))));
        if (result.fault() != null) {
            sections.add(Subject.Section.ofLines(
                    "What is wrong", result.fault().lines().collect(ImmutableList.toImmutableList())));
        }
        return sections.build();
    }
}
