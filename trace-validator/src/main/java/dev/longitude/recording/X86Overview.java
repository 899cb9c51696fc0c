package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Facts from an x86 host's whole log and tracepoints, collected before the importer reads the first operation. */
final class X86Overview {
    private final KernelProfile kernel;
    private final boolean unstable;

    /** Whether the tracepoints show the guests' MSR accesses. */
    private final boolean msrsAreShown;

    /** When the tracepoints show each VM's masterclock updates. */
    private final Map<Integer, List<Long>> updates = new HashMap<>();

    /** When the tracepoints show masterclock updates without a known operation. */
    private final List<Long> unowned = new ArrayList<>();

    /** When the kernel wrote the last tracepoint; 0 if there is none. */
    private final long end;

    /** The versions of the pages that the log reads and whose writes no tracepoint shows, in order of time. */
    private final Map<VcpuId, List<X86Vcpu.Version>> versionsRead = new HashMap<>();

    /** The VMs for which the log sets a rate that may differ from the host's. */
    private final Set<Integer> scaled = new HashSet<>();

    /** The observed flags of each vCPU's page, in order of time. */
    private final Map<VcpuId, List<X86Vcpu.Flags>> flags = new HashMap<>();

    /**
     * An overview of these operations.
     *
     * @param segments in order of time
     * @param unstable whether the host's TSC is unstable
     * @param points all tracepoints, in order of time, including those without a known operation
     */
    X86Overview(
            KernelProfile kernel, X86HostRate rate, boolean unstable, List<Segment> segments, List<Tracepoint> points)
            throws TraceFormatException {
        this.kernel = kernel;
        this.unstable = unstable;
        this.msrsAreShown = segments.stream().flatMap(s -> s.points().stream()).anyMatch(Tracepoint::isOfClockMsr);
        Set<Integer> showing = new HashSet<>();
        for (Segment segment : segments) {
            for (Tracepoint point : segment.points()) {
                if (point instanceof Tracepoint.UpdateMasterClock) {
                    updates.computeIfAbsent(segment.vm(), vm -> new ArrayList<>())
                            .add(point.tsc());
                } else if (point instanceof Tracepoint.PvclockUpdate page) {
                    showing.add(segment.vm());
                    flags(segment).add(new X86Vcpu.Flags(page.tsc(), page.flags()));
                }
            }
        }
        for (Segment segment : segments) {
            if (segment.is("KVM_SET_TSC_KHZ")
                    && rate.mayScale(segment.record().args().u32("khz"))) {
                scaled.add(segment.vm());
            }
            Long version = segment.is(IoctlRecord.PVCLOCK_PAGE) && !showing.contains(segment.vm())
                    ? segment.record().out().u32("version")
                    : null;
            if (version != null && version <= Integer.MAX_VALUE) {
                versionsRead
                        .computeIfAbsent(segment.id(), k -> new ArrayList<>())
                        .add(new X86Vcpu.Version(segment.when().hi(), version.intValue()));
            }
            Integer seen = segment.is(IoctlRecord.PVCLOCK_PAGE)
                    ? segment.record().out().count("flags")
                    : null;
            if (seen != null) {
                flags(segment).add(new X86Vcpu.Flags(segment.when().hi(), seen));
            }
        }
        Set<Tracepoint> owned = new HashSet<>();
        segments.forEach(s -> owned.addAll(s.points()));
        points.stream()
                .filter(p -> p instanceof Tracepoint.UpdateMasterClock && !owned.contains(p))
                .forEach(p -> unowned.add(p.tsc()));
        end = points.isEmpty() ? 0 : points.get(points.size() - 1).tsc();
        flags.values().forEach(f -> f.sort(Comparator.comparingLong(X86Vcpu.Flags::tsc)));
    }

    private List<X86Vcpu.Flags> flags(Segment segment) {
        return flags.computeIfAbsent(segment.id(), k -> new ArrayList<>());
    }

    boolean msrsAreShown() {
        return msrsAreShown;
    }

    /** A vCPU just after its creation. */
    X86Vcpu vcpu(Segment segment) {
        return new X86Vcpu(
                segment.vcpu(),
                unstable,
                versionsRead.getOrDefault(segment.id(), List.of()),
                !scaled.contains(segment.vm()) && !kernel.has(Switch.GUEST_WRITE_SYNCHRONIZES),
                new X86Vcpu.Updates(updates.getOrDefault(segment.vm(), List.of()), unowned, end),
                flags.getOrDefault(segment.id(), List.of()));
    }
}
