package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.SignedOffset;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The timeline of some events of a trace: of its first ones, or of those around the one that is refused. */
final class TraceTimeline {
    private static final int WORD_BITS = 64;

    /** The most lanes; the vCPUs that come later share the last one. */
    private static final int MOST_LANES = 9;

    /** The most differences that stand above the timeline. */
    private static final int MOST_DIFFERENCES = 2;

    private static final double NS_PER_SECOND = 1e9;
    private static final double CYCLES_PER_KHZ = 1e3;

    private final TraceHeader header;
    private final InputFile.Excerpt excerpt;
    private final Verdict verdict;
    private final boolean severalVms;
    private final Map<List<Integer>, Integer> lanes = new LinkedHashMap<>();
    private final Set<Integer> causes;

    private TraceTimeline(InputFile.Excerpt excerpt, Verdict verdict) {
        this.header = excerpt.header();
        this.excerpt = excerpt;
        this.verdict = verdict;
        this.severalVms = excerpt.events().stream()
                        .mapToInt(TraceEvent::vm)
                        .filter(vm -> vm >= 0)
                        .distinct()
                        .count()
                > 1;
        this.causes = causes(verdict.refusal());
        for (TraceEvent event : excerpt.events()) {
            if (event.vcpu() >= 0 && lanes.size() < MOST_LANES - 1) {
                lanes.putIfAbsent(key(event), lanes.size() + 1);
            }
        }
    }

    static Timeline of(InputFile.Excerpt excerpt, Verdict verdict) {
        return new TraceTimeline(excerpt, verdict).timeline();
    }

    private static ImmutableSet<Integer> causes(@Nullable Refusal refusal) {
        if (refusal == null) {
            return ImmutableSet.of();
        }
        ImmutableSet.Builder<Integer> lines = ImmutableSet.builder();
        refusal.causes().stream()
                .filter(c -> !c.silent())
                .forEach(c -> lines.add(c.step().line()));
        refusal.conflict().forEach(c -> lines.add(c.event().line()));
        return lines.build();
    }

    private static List<Integer> key(TraceEvent event) {
        return List.of(event.vm(), event.vcpu());
    }

    private int lane(TraceEvent event) {
        return event.vcpu() < 0 ? 0 : lanes.getOrDefault(key(event), MOST_LANES);
    }

    private ImmutableList<String> laneNames() {
        ImmutableList.Builder<String> names = ImmutableList.<String>builder().add("VMM, host");
        lanes.keySet().forEach(key -> names.add((severalVms ? "VM " + key.get(0) + " " : "") + "vCPU " + key.get(1)));
        if (excerpt.events().stream().anyMatch(e -> lane(e) == MOST_LANES)) {
            names.add("other vCPUs");
        }
        return names.build();
    }

    private Timeline timeline() {
        List<TraceEvent> events = excerpt.events();
        int refused = refused(events);
        List<Map<String, String>> states = states(events);
        ImmutableList.Builder<Timeline.Step> steps = ImmutableList.builder();
        Map<String, String> before = Map.of();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            steps.add(new Timeline.Step(
                    event.line(),
                    event.call(),
                    Math.min(lane(event), MOST_LANES),
                    seconds(event, events.get(0)),
                    i == refused
                            ? Timeline.Role.FAULT
                            : causes.contains(event.line()) ? Timeline.Role.CAUSE : Timeline.Role.PLAIN,
                    ImmutableList.of(event.counter().toString(), returns(event)),
                    Timeline.Change.between(before, states.get(i))));
            before = states.get(i);
        }
        TraceCurves curves = new TraceCurves(header, events, lanes, laneNames());
        Refusal refusal = verdict.refusal();
        return new Timeline(
                refusal == null ? "Events" : "Around the refused event",
                "line",
                says(refused),
                refusal == null ? Mark.NONE : Mark.FAILS,
                curves.unit(),
                laneNames(),
                ImmutableList.of("host counter", "returns"),
                steps.build(),
                curves.all(),
                null,
                refused < 0 || refused == events.size() - 1
                        ? ImmutableList.of()
                        : ImmutableList.of(new Timeline.Span(refused + 1, events.size() - 1, "unjudged", "not judged")),
                refusal == null || refused < 0 ? null : curves.gap(refused, refusal),
                ImmutableMap.of(),
                WORD_BITS);
    }

    /** Which event is the refused one, or -1. */
    private int refused(List<TraceEvent> events) {
        Refusal refusal = verdict.refusal();
        if (refusal != null) {
            for (int i = 0; i < events.size(); i++) {
                if (events.get(i).line() == refusal.event().line()
                        && events.get(i).operation() == refusal.event().operation()) {
                    return i;
                }
            }
        }
        return -1;
    }

    private ImmutableList<String> says(int refused) {
        ImmutableList.Builder<String> says = ImmutableList.builder();
        Refusal refusal = verdict.refusal();
        if (refusal != null) {
            says.add("Line " + refusal.event().line() + " is refused: "
                    + refusal.event().call() + " under " + refusal.kernel() + ".");
            refusal.first().differences().stream()
                    .limit(MOST_DIFFERENCES)
                    .forEach(d -> says.add(d.what() + ": expected " + SignedOffset.in(d.what(), d.expected())
                            + ", observed " + SignedOffset.in(d.what(), d.observed()) + "."));
            if (refusal.first().differences().size() > MOST_DIFFERENCES) {
                says.add("All differences stand below.");
            }
            if (refused < 0) {
                says.add("The event is not among those shown.");
            }
        }
        long last = excerpt.skipped() + excerpt.events().size();
        says.add(
                excerpt.skipped() == 0 && !excerpt.isCut()
                        ? "All " + last + " events are shown."
                        : "Shown: events " + (excerpt.skipped() + 1) + " to " + last
                                + (excerpt.isCut() ? "; more follow." : ", the last."));
        if (excerpt.events().stream().noneMatch(e -> !e.state().isEmpty())) {
            says.add("The file shows no state: the inspector has what operations returned, not what KVM kept.");
        }
        return says.build();
    }

    /** The observed results. */
    private static String returns(TraceEvent event) {
        StringJoiner text = new StringJoiner(", ");
        for (Map.Entry<Field, Object> result : event.results().entrySet()) {
            text.add(result.getKey().name() + " " + TraceEvent.show(result.getKey(), result.getValue()));
        }
        return text.toString();
    }

    /** Since the first event; of an interval its beginning. */
    private @Nullable Double seconds(TraceEvent event, TraceEvent first) {
        Interval ns = event.when().ns();
        Interval firstNs = first.when().ns();
        if (ns != null && firstNs != null) {
            return (ns.lo() - firstNs.lo()) / NS_PER_SECOND;
        }
        return header.host() instanceof TraceHeader.X86 host
                ? (Double) ((event.counter().lo() - first.counter().lo()) / (CYCLES_PER_KHZ * host.tscKhz()))
                : null;
    }

    /** What has been observed of the state after each event, by place: the latest observation of each variable. */
    private List<Map<String, String>> states(List<TraceEvent> events) {
        Map<String, Map<String, String>> variables = new HashMap<>();
        List<Map<String, String>> states = new ArrayList<>();
        for (TraceEvent event : events) {
            for (Map.Entry<StateVariable, Object> shown : event.state().entrySet()) {
                String name = (severalVms ? "VM " + event.vm() + " " : "")
                        + shown.getKey().specName();
                variables.put(name, places(name, shown.getKey().kind(), shown.getValue()));
            }
            Map<String, String> state = new TreeMap<>();
            variables.values().forEach(state::putAll);
            states.add(state);
        }
        return states;
    }

    private static ImmutableMap<String, String> places(String name, Kind kind, Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return ImmutableMap.of(name, TraceEvent.show(kind.each(), value));
        }
        ImmutableMap.Builder<String, String> places = ImmutableMap.builder();
        map.forEach((key, each) -> places.put(name + "[" + key + "]", TraceEvent.show(kind.each(), each)));
        return places.buildOrThrow();
    }
}
