package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Merges the behaviours of the VMs of one host: an event of the host is an event of each VM that exists then. */
final class Behaviours {
    private final Map<Integer, Deque<Witness.Step>> rest = new TreeMap<>();

    /** For each VM, how many events of the host came before it. (No VM ends, so it missed no others.) */
    private final Map<Integer, Integer> missed = new TreeMap<>();

    private final List<TraceEvent> hostEvents;
    private final ImmutableList.Builder<TraceEvent> merged = ImmutableList.builder();
    private int hostEventsMerged;

    private Behaviours(Map<Integer, List<Witness.Step>> behaviours, List<TraceEvent> hostEvents) {
        this.hostEvents = hostEvents;
        behaviours.forEach((subject, steps) -> {
            rest.put(subject, new ArrayDeque<>(steps));
            missed.put(
                    subject,
                    hostEvents.size()
                            - (int) steps.stream().filter(Behaviours::isOfHost).count());
        });
    }

    /**
     * One behaviour.
     *
     * @param behaviours by subject
     * @param subjects the subject of each event of the trace, in order; {@link TraceEvent#HOST} on x86 for one of the
     *     host
     * @param hostEvents those of the host, in order
     */
    static ImmutableList<TraceEvent> merged(
            Map<Integer, List<Witness.Step>> behaviours, List<Integer> subjects, List<TraceEvent> hostEvents) {
        Behaviours all = new Behaviours(behaviours, hostEvents);
        int seen = 0;
        for (int subject : subjects) {
            if (all.rest.containsKey(subject)) {
                all.step(subject);
            } else if (seen++ == all.hostEventsMerged) {
                all.hostEvent();
            }
        }
        return all.merged.build();
    }

    private static boolean isOfHost(Witness.Step step) {
        return step.event().operation().isOfHost() && !step.silent();
    }

    /** A VM's next step that an event shows, and the steps before it. */
    private void step(int subject) {
        Deque<Witness.Step> steps = rest.get(subject);
        boolean shown = false;
        while (!shown && steps != null && !steps.isEmpty()) {
            if (isOfHost(steps.getFirst())) {
                hostEvent();
            } else {
                Witness.Step step = steps.removeFirst();
                merged.add(step.event());
                shown = !step.silent();
            }
        }
    }

    /** The next event of the host, and the steps before it of any VM that exists. */
    private void hostEvent() {
        TraceEvent event = hostEvents.get(hostEventsMerged);
        for (Map.Entry<Integer, Deque<Witness.Step>> each : rest.entrySet()) {
            boolean there = missed.getOrDefault(each.getKey(), 0) <= hostEventsMerged;
            Deque<Witness.Step> steps = each.getValue();
            while (there && !isOfHost(steps.getFirst())) {
                merged.add(steps.removeFirst().event());
            }
            event = there ? steps.removeFirst().event() : event;
        }
        merged.add(event.of(TraceEvent.HOST));
        hostEventsMerged++;
    }
}
