package dev.longitude.validator;

import com.google.common.collect.Sets;
import dev.longitude.spec.Specification;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.List;

/** The candidates that an event leads to from others, directly or after silent steps, judged and reduced. */
final class Successors {
    private final TraceHeader header;
    private final Specification specification;
    private final Platform platform;
    private final Transitions transitions;
    private final SilentSteps silentSteps;
    private final Reduction reduction;
    private final ReportedProperties properties;

    Successors(
            TraceHeader header,
            Specification specification,
            Platform platform,
            Transitions transitions,
            Reduction reduction,
            ReportedProperties properties) {
        this.header = header;
        this.specification = specification;
        this.platform = platform;
        this.transitions = transitions;
        this.silentSteps = new SilentSteps(header, specification, platform, transitions);
        this.reduction = reduction;
        this.properties = properties;
    }

    /** Takes an event from some candidates, after any silent steps. */
    Transitions.Outcome of(TraceEvent event, List<Candidate> before) {
        Transitions.Outcome direct = directly(event, before);
        if (header.silent().isEmpty() || isDecided(event, direct.after)) {
            return judged(event, before, direct);
        }
        Transitions.Outcome taken = new Transitions.Outcome();
        List<Transitions.Outcome> decided = new ArrayList<>();
        boolean mayDecide = Observation.isWhole(event);
        List<Candidate> reached = silentSteps.before(event, before, taken, candidates -> {
            if (mayDecide) {
                Transitions.Outcome attempt = directly(event, candidates);
                if (isDecided(event, attempt.after)) {
                    decided.add(attempt);
                }
            }
            return !decided.isEmpty();
        });
        if (!decided.isEmpty()) {
            return judged(event, before, decided.get(0));
        }
        Transitions.Outcome later = directly(event, reached);
        taken.after.addAll(direct.after);
        taken.after.addAll(later.after);
        for (Transitions.Outcome each : List.of(direct, later)) {
            taken.deadEnds.addAll(each.deadEnds);
            if (each.bound != null) {
                taken.stopAt(each.bound);
            }
        }
        return judged(event, before, taken);
    }

    private Transitions.Outcome directly(TraceEvent event, List<Candidate> before) {
        Transitions.Outcome taken = new Transitions.Outcome();
        for (int i = 0; i < before.size(); i++) {
            transitions.take(event, before.get(i), taken);
        }
        return taken;
    }

    /**
     * The same, with the properties of the report judged. If the event need not have happened, the candidates before it
     * stay too.
     */
    private Transitions.Outcome judged(TraceEvent event, List<Candidate> before, Transitions.Outcome taken) {
        for (int i = 0; i < taken.after.size(); i++) { // (no stream: this runs for each event)
            taken.after.set(i, properties.judged(taken.after.get(i), event));
        }
        if (event.optional()) {
            List<Candidate> happened = List.copyOf(taken.after);
            taken.after.clear();
            taken.after.addAll(reduction.withPassedBy(happened, before));
        }
        if (taken.after.size() > 1) {
            List<Candidate> reduced = reduction.reduced(taken.after);
            taken.after.clear();
            taken.after.addAll(reduced);
        }
        return taken;
    }

    /** Whether what an event shows leaves a single state after it, whatever was before. */
    boolean isDecided(TraceEvent event, List<Candidate> after) {
        return !after.isEmpty()
                && platform.isExact(event)
                && Sets.intersection(header.silent(), SilentSteps.HIDING).isEmpty()
                && Observation.isWhole(event)
                && after.stream().allMatch(c -> c.isKnown && isNothingHidden(c));
    }

    private boolean isNothingHidden(Candidate candidate) {
        return specification.nothingHidden(candidate.state);
    }
}
