package dev.longitude.recording;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.Map;

/** The events of an x86 VMM's operations on the rates of its guests' TSCs, kHz. */
final class X86Rates {
    private final X86Events operations;
    private final X86HostRate rate;
    private final Findings findings;
    private final X86Timers timers;

    X86Rates(X86Events operations, X86HostRate rate, Findings findings, X86Timers timers) {
        this.operations = operations;
        this.rate = rate;
        this.findings = findings;
        this.timers = timers;
    }

    void getTscKhz(Segment segment) throws TraceFormatException {
        Long khz = segment.record().ret();
        if (khz == null || khz <= 0 || khz > TraceHeader.MOST_TSC_KHZ || segment.vm() < 0) {
            findings.harmless(segment.record().op());
            return;
        }
        Map<Field, Object> seen = Map.of(Field.KHZ, khz.intValue());
        if (segment.record().vcpu() == null) {
            operations.onVm(segment, segment.when(), Operation.GET_VM_TSC_KHZ, Map.of(), seen, Map.of());
        } else if (operations.onVcpu(segment)) {
            operations.loadsBefore(segment, null);
            operations.onVcpu(segment, segment.when(), Operation.GET_TSC_KHZ, Map.of(), seen, Map.of());
        }
    }

    /**
     * Sets the rate of a vCPU or of vCPUs created later. A refused call matters too: it leaves the refused rate behind.
     */
    void setTscKhz(Segment segment) throws TraceFormatException {
        IoctlRecord record = segment.record();
        Long khz = record.args().u32("khz");
        Integer errno = record.failed() ? record.errno() : (Integer) 0;
        boolean onVm = record.vcpu() == null && segment.vm() >= 0;
        if (khz == null || errno == null || (errno != 0 && errno != KvmAbi.EINVAL)) {
            findings.stop(segment, "the log does not say which rate KVM_SET_TSC_KHZ set");
        } else if (rate.dependsOnScaling(khz)) {
            findings.stop(
                    segment,
                    "KVM_SET_TSC_KHZ to another rate than the host's depends on whether the host scales, and how, which nothing"
                            + " shows: record KVM_CHECK_EXTENSION of KVM_CAP_TSC_CONTROL, or note tsc-scaling-ratio-frac-bits in"
                            + " host.txt");
        } else if (khz > Integer.MAX_VALUE && errno == 0) {
            findings.stop(segment, "KVM_SET_TSC_KHZ to " + khz + " kHz is not modelled");
        } else if (operations.done(segment) && (onVm || operations.onVcpu(segment))) {
            // (A host that scales refuses all rates from max_guest_tsc_khz on alike, and that is 2^31 - 1 at most.)
            Map<Field, Object> args = Map.of(Field.KHZ, (int) Math.min(khz, Integer.MAX_VALUE));
            Map<Field, Object> result = Map.of(Field.ERRNO, errno);
            if (onVm) {
                operations.onVm(segment, segment.when(), Operation.SET_VM_TSC_KHZ, args, result, Map.of());
            } else {
                operations.loadsBefore(segment, null);
                timers.moves(segment, false);
                operations.onVcpu(segment, segment.when(), Operation.SET_TSC_KHZ, args, result, Map.of());
            }
        }
    }
}
