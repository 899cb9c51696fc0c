package dev.longitude.validator;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.SetMultimap;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;

/**
 * What the base clock may have been at writes of a TSC of a recording, as the judging of it from the beginning has shown
 * before: where a TSC that was caught up with came out tells it, long after the write.
 */
final class Hints {
    /** So many candidates for one write are one too many: it is not the write that is to blame. */
    private static final int MOST = 8;

    /** A write of a log. */
    private record Write(int line, int vm, int vcpu, Operation operation) {
        static Write of(TraceEvent event) {
            return new Write(event.line(), event.vm(), event.vcpu(), event.operation());
        }
    }

    private final SetMultimap<Write, Long> clocks = HashMultimap.create();

    /**
     * Notes what the base clock may have been at a write, ns.
     *
     * @return whether that is new
     */
    boolean add(TraceEvent write, long ns) {
        Write where = Write.of(write);
        return clocks.get(where).size() < MOST && clocks.put(where, ns);
    }

    /** What the base clock may have been at a write, ns. */
    ImmutableSet<Long> of(TraceEvent write) {
        return ImmutableSet.copyOf(clocks.get(Write.of(write)));
    }
}
