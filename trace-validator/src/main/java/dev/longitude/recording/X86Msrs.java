package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import java.util.Map;
import java.util.Optional;

/** The events of an x86 VMM's reads and writes of its vCPUs' MSRs. */
final class X86Msrs {
    private final X86Events operations;
    private final EventList events;
    private final Findings findings;
    private final X86Timers timers;

    X86Msrs(X86Events operations, EventList events, Findings findings, X86Timers timers) {
        this.operations = operations;
        this.events = events;
        this.findings = findings;
        this.timers = timers;
    }

    void setMsrs(Segment segment) throws TraceFormatException {
        Optional<ImmutableList<MsrList.Entry>> written = MsrList.written(segment.record());
        if (written.isEmpty()) {
            findings.unshown(
                    segment, "the log does not say which MSRs KVM_SET_MSRS wrote: one of them may be the TSC's");
            if (findings.orderOnly() && segment.isOnVcpu()) {
                operations.vcpu(segment).mayHavePage();
            }
            return;
        }
        if (segment.isOnVcpu() && written.get().stream().noneMatch(e -> e.msr() == KvmAbi.Msr.TSC)) {
            operations.loadsBefore(segment, null);
        }
        int before = events.size();
        for (int i = 0; i < written.get().size(); i++) {
            MsrList.Entry entry = written.get().get(i);
            if (entry.msr() == KvmAbi.Msr.TSC && segment.isOnVcpu()) {
                timers.moves(
                        segment,
                        written.get().subList(i, written.get().size()).stream()
                                .anyMatch(later -> later.msr() == KvmAbi.Msr.TSC_DEADLINE));
            }
            if (!setMsr(segment, entry)) {
                return;
            }
        }
        if (events.size() == before) {
            findings.harmless("KVM_SET_MSRS of MSRs that move no counter");
        }
    }

    /** Whether the events after the MSR can be judged. */
    private boolean setMsr(Segment segment, MsrList.Entry entry) throws TraceFormatException {
        KvmAbi.Msr msr = entry.msr();
        Long data = entry.data();
        ImmutableMap<Field, Object> value = data == null ? ImmutableMap.of() : ImmutableMap.of(Field.VALUE, data);
        if (msr == null) {
            findings.stop(
                    segment, "it is not known what a write of MSR 0x" + Long.toHexString(entry.index()) + " moves");
            return false;
        }
        switch (msr) {
            case WALL_CLOCK, WALL_CLOCK_NEW, HV_TIME_REF_COUNT -> {
                return true;
            }
            case TSC_DEADLINE -> {
                if (segment.isOnVcpu() && operations.onVcpu(segment)) {
                    timers.write(segment, data);
                } else {
                    timers.forget(segment.vm());
                }
                return true;
            }
            case HV_REFERENCE_TSC -> {
                boolean asks = data == null || (data & 1) != 0;
                if (asks && !operations.onVcpu(segment)) {
                    return false;
                }
                if (asks) {
                    askForMasterclockUpdate(segment, data != null);
                }
                return true;
            }
            default -> {}
        }
        if (!operations.onVcpu(segment)) {
            return false;
        }
        switch (msr) {
            case TSC -> operations.write(segment, Operation.WRITE_TSC, value);
            case TSC_ADJUST -> {
                operations.vcpu(segment).setAdjust(data);
                operations.onVcpu(segment, segment.when(), Operation.WRITE_TSC_ADJUST, value, Map.of(), Map.of());
            }
            default -> {
                ImmutableMap<Field, Object> active =
                        data == null ? ImmutableMap.of() : ImmutableMap.of(Field.ACTIVE, (data & 1) != 0);
                operations.vcpu(segment).setActive(data != null && (data & 1) != 0);
                operations.vcpu(segment).ask();
                operations.onVcpu(segment, segment.when(), Operation.WRITE_SYSTEM_TIME, active, Map.of(), Map.of());
            }
        }
        return true;
    }

    /** KVM requests a masterclock update from the vCPU, which performs it on its next entry. */
    private void askForMasterclockUpdate(Segment segment, boolean sure) {
        Operation asked = Operation.ASK_FOR_MASTERCLOCK_UPDATE;
        if (sure) {
            operations.onVcpu(segment, segment.when(), asked, Map.of(), Map.of(), Map.of());
        } else {
            events.addOptional(
                    segment, segment.lane(), segment.when(), asked, ImmutableMap.of(Field.VCPU, segment.vcpu()));
        }
    }

    void getMsrs(Segment segment) throws TraceFormatException {
        int before = events.size();
        for (MsrList.Entry entry : MsrList.returned(segment.record())) {
            boolean tsc = entry.msr() == KvmAbi.Msr.TSC;
            Long data = entry.data();
            boolean shows = (tsc || entry.msr() == KvmAbi.Msr.TSC_ADJUST) && data != null;
            if (entry.msr() == KvmAbi.Msr.TSC_DEADLINE && data != null && segment.isOnVcpu()) {
                operations.onVcpu(segment);
                if (events.size() == before) {
                    operations.loadsBefore(segment, null);
                }
                timers.read(segment, data);
            }
            if (shows && !segment.isOnVcpu()) {
                findings.notModelled(segment.record().op()); // it only reads
                return;
            }
            if (shows && operations.onVcpu(segment)) {
                if (events.size() == before) {
                    operations.loadsBefore(segment, null);
                }
                operations.onVcpu(
                        segment,
                        segment.when(),
                        tsc ? Operation.READ_TSC : Operation.READ_TSC_ADJUST,
                        Map.of(),
                        Map.of(Field.VALUE, data),
                        Map.of());
            }
        }
        if (events.size() == before) {
            findings.harmless("KVM_GET_MSRS of MSRs that show no counter");
        }
    }
}
