package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A restore as a VMM carries it out: more than one stop if the guest runs before all is set.
 *
 * @param stops in order; the guest runs after each
 * @param begins the index of the first stop that sets a clock of the guest. What the VM ran before it is not known
 */
record Restore(ImmutableList<Stop> stops, int begins) {
    /**
     * The restore to which a stop belongs.
     *
     * @param all the stops of its recording
     * @param save the stop in which the numbers were saved
     * @param stays whether the VM is the saved one
     */
    static Restore of(List<Stop> all, Stop save, Stop stop, boolean stays) {
        List<Stop> ofVm = all.stream().filter(s -> s.vm() == stop.vm()).collect(Collectors.toList());
        int at = ofVm.indexOf(stop);
        int from = at;
        if (!stays) {
            from = 0;
        } else if (!stop.equals(save) && !stop.restoresCounter()) {
            // The guest that ran in between has its own counter still: it was not replaced by a snapshot.
            from = ofVm.indexOf(save);
        }
        int to = at + 1;
        while (to < ofVm.size() && isLate(ofVm.get(to))) {
            to++;
        }
        ImmutableList<Stop> stops = ImmutableList.copyOf(ofVm.subList(from, to));
        int begins = 0;
        while (!stays && begins < at - from && !setsClock(stops.get(begins))) {
            begins++;
        }
        return new Restore(stops, begins);
    }

    private static boolean setsClock(Stop stop) {
        return stop.restoresCounter() || stop.has(o -> o.is(Kind.SET_CLOCK));
    }

    /** Whether it sets a clock, and neither saves one nor restores a counter: it belongs to the restore before it. */
    private static boolean isLate(Stop stop) {
        return stop.has(o -> o.is(Kind.SET_CLOCK) && !o.failed())
                && !stop.restoresCounter()
                && !stop.has(o -> o.kind().saves());
    }

    /** Whether a stop is none: the VMM only called the VM, while vCPUs may have been in the guest. */
    static boolean isWhileRunning(Stop stop) {
        return !stop.steps().isEmpty()
                && !stop.steps().get(0).mayRun().isEmpty()
                && stop.operations().allMatch(o -> o.vcpu() < 0);
    }

    Stop last() {
        return stops.get(stops.size() - 1);
    }

    /**
     * What of it no recipe can say.
     *
     * @param vcpus the vCPUs that the VM has
     */
    ImmutableList<String> unknown(Set<Integer> vcpus) {
        ImmutableList.Builder<String> unknown = ImmutableList.builder();
        for (int i = 0; i < stops.size(); i++) {
            Stop stop = stops.get(i);
            if (i < begins) {
                stop.runs().stream()
                        .findFirst()
                        .ifPresent(run -> unknown.add("line " + run.line() + ": what the VM ran before the restore; a"
                                + " recipe restores into a VM that has not run"));
            } else if (i > 0
                    && isWhileRunning(stop)
                    && !stop.steps().get(0).mayRun().containsAll(vcpus)) {
                unknown.add("line " + stop.steps().get(0).operation().line() + ": done while of the vCPUs only "
                        + stop.steps().get(0).mayRun().stream().sorted().toList()
                        + " may have been in the guest; a recipe cannot say that");
            }
        }
        return unknown.build();
    }

    /** The first line and the last one. */
    static String lines(Stop stop) {
        List<VmmOperation> all =
                Stream.concat(stop.operations(), stop.runs().stream()).collect(Collectors.toList());
        return "lines " + all.get(0).line() + " to " + all.get(all.size() - 1).line();
    }
}
