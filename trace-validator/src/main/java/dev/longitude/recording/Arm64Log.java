package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Imports the ioctl log of an arm64 host. The kernel read the host's counter somewhere between the two readings of a
 * record; no tracepoint of arm64 tells an offset, so what later reads show is all that is known ({@link Arm64Hindsight}).
 */
final class Arm64Log {
    private static final int ENOENT = 2;
    private static final int EBUSY = 16;
    private static final int EINVAL = 22;

    private static final String TIMER_CNT = "0x603000000013df1a";
    private static final String PTIMER_CNT = "0x603000000013df01";

    /** CTL and CVAL of both timers: what they do is not compared, and they do not move a counter. */
    private static final ImmutableSet<String> TIMERS =
            ImmutableSet.of("0x603000000013df19", "0x603000000013df02", "0x603000000013df11", "0x603000000013df12");

    /** Operations that have nothing to do with the guest's time. Anything else unknown is taken to disturb it. */
    private static final ImmutableSet<String> UNRELATED = ImmutableSet.of(
            "KVM_GET_API_VERSION",
            "KVM_CHECK_EXTENSION",
            "KVM_CREATE_DEVICE",
            "KVM_CREATE_IRQCHIP",
            "KVM_ARM_PREFERRED_TARGET",
            "KVM_SET_USER_MEMORY_REGION",
            "KVM_GET_REG_LIST",
            "KVM_GET_MP_STATE",
            "KVM_SET_MP_STATE",
            "KVM_HAS_DEVICE_ATTR",
            "KVM_GET_DEVICE_ATTR",
            "close_vm");

    private final String source;
    private final KernelProfile kernel;
    private final List<IoctlRecord> records;
    private final List<TraceEvent> events = new ArrayList<>();
    private final ImmutableMultiset.Builder<String> notModelled = ImmutableMultiset.builder();
    private final ImmutableMultiset.Builder<String> unrelated = ImmutableMultiset.builder();
    private final List<ImportedTrace.Disturbance> disturbances = new ArrayList<>();
    private final Set<Integer> disturbed = new HashSet<>();
    private final Map<Integer, Set<Integer>> online = new HashMap<>();

    /** For each VM the vCPU that must be in a KVM_RUN which the log does not have. */
    private final Map<Integer, Integer> hidden = new HashMap<>();

    private int inferred;
    private int modelled;
    private int mostVcpus;

    private Arm64Log(String source, KernelProfile kernel, List<IoctlRecord> records) {
        this.source = source;
        this.kernel = kernel;
        this.records = records;
    }

    static ImportedTrace read(
            String source, KernelProfile kernel, boolean vhe, String origin, List<IoctlRecord> records)
            throws TraceFormatException {
        Arm64Log log = new Arm64Log(source, kernel, records);
        for (int i = 0; i < records.size(); i++) {
            int before = log.events.size();
            log.take(records.get(i), i);
            log.modelled += log.events.size() > before ? 1 : 0;
        }
        if (log.events.isEmpty()) {
            throw new TraceFormatException(source, "no operation of the log is modelled");
        }
        return new ImportedTrace(
                // (No recording yet of a host with FEAT_ECV. The CPUs after the last are for runs that are not
                // recorded.)
                new TraceHeader(
                        kernel, new TraceHeader.Arm64(vhe, false, log.pcpus() + log.inferred), log.mostVcpus, origin),
                Arm64Hindsight.of(log.events),
                log.modelled,
                log.notModelled.build(),
                log.unrelated.build(),
                ImmutableList.copyOf(log.disturbances),
                log.inferred == 0
                        ? "every vCPU's state follows from the log"
                        : log.inferred + " KVM_RUN that the log does not have was inferred from EBUSY");
    }

    private void take(IoctlRecord record, int index) throws TraceFormatException {
        switch (record.op()) {
            case "note" -> {}
            case "KVM_CREATE_VM" -> {
                if (record.failed() || record.vm() == null || online.containsKey(record.vm())) {
                    notModelled.add(record.op());
                } else {
                    online.put(record.vm(), new TreeSet<>());
                    add(record, Operation.CREATE_VM, Map.of(), Map.of());
                }
            }
            case "KVM_CREATE_VCPU" -> {
                if (!failed(record)) {
                    createVcpu(record);
                }
            }
            case "KVM_ARM_VCPU_INIT" -> {
                if (!failed(record)) {
                    onVcpu(record, Operation.INIT_VCPU, Map.of(), Map.of());
                }
            }
            case "KVM_SET_ONE_REG" -> setOneReg(record);
            case "KVM_GET_ONE_REG" -> getOneReg(record);
            case "KVM_SET_DEVICE_ATTR" -> setAttr(record);
            case "KVM_ARM_SET_COUNTER_OFFSET" -> setCounterOffset(record, index);
            case "KVM_RUN" -> {
                if (!failed(record)) {
                    run(record);
                }
            }
            default -> {
                if (UNRELATED.contains(record.op())) {
                    unrelated.add(record.op());
                } else {
                    disturb(record);
                }
            }
        }
    }

    /** An error of which nothing is modelled has changed nothing. */
    private boolean failed(IoctlRecord record) {
        if (record.failed()) {
            unrelated.add(record.op() + " (failed)");
        }
        return record.failed();
    }

    private void createVcpu(IoctlRecord record) throws TraceFormatException {
        boolean loops = !kernel.has(Switch.OFFSETS_OF_VM);
        if (loops) {
            onVcpu(record, Operation.BEGIN_CREATE_VCPU, Map.of(), Map.of());
            broadcast(record);
            onVcpu(record, Operation.BROADCAST_TO, Map.of(), Map.of());
        }
        onVcpu(record, Operation.CREATE_VCPU, Map.of(), Map.of());
        online(record).add(vcpu(record));
    }

    /** The loop goes through the vCPUs by their index. */
    private void broadcast(IoctlRecord record) throws TraceFormatException {
        for (int vcpu : online(record)) {
            add(record, Operation.BROADCAST_TO, ImmutableMap.of(Field.VCPU, vcpu), Map.of());
        }
    }

    private Set<Integer> online(IoctlRecord record) throws TraceFormatException {
        return online.computeIfAbsent(vm(record), vm -> new TreeSet<>());
    }

    private void setOneReg(IoctlRecord record) throws TraceFormatException {
        boolean timer = record.says("id", TIMER_CNT);
        if (!timer && !record.says("id", PTIMER_CNT)) {
            otherReg(record);
            return;
        }
        Long value = record.arg("value");
        if (value == null) {
            disturb(record);
            return;
        }
        boolean judged = !record.failed() || record.errno() == ENOENT || record.errno() == EBUSY;
        if (!judged) {
            unrelated.add(record.op() + " (failed)");
            return;
        }
        onVcpu(
                record,
                timer ? Operation.SET_TIMER_CNT : Operation.SET_PTIMER_CNT,
                ImmutableMap.of(Field.VALUE, value),
                ImmutableMap.of(Field.ERRNO, (int) record.errno()));
        if (!record.failed() && !kernel.has(Switch.OFFSETS_OF_VM)) {
            broadcast(record);
        }
    }

    private void otherReg(IoctlRecord record) {
        boolean set = record.op().equals("KVM_SET_ONE_REG");
        if (set && record.args().get("id") instanceof String id && TIMERS.contains(id)) {
            notModelled.add(record.op() + " of a timer");
        } else {
            unrelated.add(record.op() + " of others");
        }
    }

    private void getOneReg(IoctlRecord record) throws TraceFormatException {
        Long value = record.result("value");
        Map<Field, Object> results = new LinkedHashMap<>();
        if (value != null && !record.failed()) {
            results.put(Field.VALUE, value);
        }
        if (record.says("id", TIMER_CNT)) {
            if (!failed(record)) {
                onVcpu(record, Operation.GET_TIMER_CNT, Map.of(), results);
            }
        } else if (record.says("id", PTIMER_CNT)) {
            if (!record.failed() || record.errno() == ENOENT) {
                results.put(Field.ERRNO, (int) record.errno());
                onVcpu(record, Operation.GET_PTIMER_CNT, Map.of(), results);
            } else {
                unrelated.add(record.op() + " (failed)");
            }
        } else {
            otherReg(record);
        }
    }

    private void setAttr(IoctlRecord record) throws TraceFormatException {
        boolean vtimer = record.says("attr", "KVM_ARM_VCPU_TIMER_OFFSET_VTIMER");
        boolean ptimer = record.says("attr", "KVM_ARM_VCPU_TIMER_OFFSET_PTIMER");
        Long offset = record.arg("offset");
        if (!vtimer && !ptimer) {
            unrelated.add(record.op() + " of others");
        } else if (!failed(record)) {
            if (offset == null) {
                disturb(record);
                return;
            }
            onVcpu(
                    record,
                    vtimer ? Operation.SET_VTIMER_OFFSET : Operation.SET_PTIMER_OFFSET,
                    ImmutableMap.of(Field.OFFSET, offset),
                    Map.of());
            broadcast(record);
        }
    }

    private void setCounterOffset(IoctlRecord record, int index) throws TraceFormatException {
        Long offset = record.arg("counter_offset");
        Long reserved = record.arg("reserved");
        boolean judged = !record.failed() || record.errno() == EINVAL || record.errno() == EBUSY;
        if (!judged) {
            unrelated.add(record.op() + " (failed)");
        } else if (offset == null) {
            disturb(record);
        } else {
            if (record.errno() == EBUSY) {
                hide(record, index);
            } else if (!record.failed()) {
                reveal(record);
            }
            add(
                    record,
                    Operation.SET_COUNTER_OFFSET,
                    ImmutableMap.of(Field.OFFSET, offset, Field.RESERVED, reserved == null ? 0L : reserved),
                    ImmutableMap.of(Field.ERRNO, (int) record.errno()));
        }
    }

    /**
     * A vCPU is busy, and no record says which: it is the one that the log has nothing of for longest. That a KVM_RUN
     * does not return for so long is why it is not recorded yet.
     */
    private void hide(IoctlRecord record, int index) throws TraceFormatException {
        if (hidden.containsKey(vm(record))) {
            return;
        }
        Integer busy = online(record).stream()
                .max(Comparator.comparingInt(vcpu -> nextOf(vcpu, record, index)))
                .orElse(null);
        if (busy != null) {
            hidden.put(vm(record), busy);
            int pcpu = pcpus() + inferred++;
            add(record, Operation.VCPU_LOAD, ImmutableMap.of(Field.VCPU, busy, Field.PCPU, pcpu), Map.of());
        }
    }

    /** Which record is the next of a vCPU. */
    private int nextOf(int vcpu, IoctlRecord record, int index) {
        for (int i = index + 1; i < records.size(); i++) {
            IoctlRecord later = records.get(i);
            if (Integer.valueOf(vcpu).equals(later.vcpu()) && Objects.equals(record.vm(), later.vm())) {
                return i;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** How many CPUs the log names: a run that is not recorded is on one of its own, after them. */
    private int pcpus() {
        return records.stream()
                        .map(IoctlRecord::pcpu)
                        .filter(Objects::nonNull)
                        .mapToInt(pcpu -> pcpu)
                        .max()
                        .orElse(0)
                + 1;
    }

    /** The run that is not recorded has returned: its vCPU does something else, or all vCPUs are free. */
    private void reveal(IoctlRecord record) throws TraceFormatException {
        Integer vcpu = hidden.remove(vm(record));
        if (vcpu != null) {
            add(record, Operation.VCPU_PUT, ImmutableMap.of(Field.VCPU, vcpu, Field.RETURNS, true), Map.of());
        }
    }

    private void run(IoctlRecord record) throws TraceFormatException {
        int pcpu = record.pcpu() == null ? 0 : record.pcpu();
        onVcpu(record, Operation.VCPU_LOAD, ImmutableMap.of(Field.PCPU, pcpu), Map.of());
        onVcpu(record, Operation.ENTER_GUEST, Map.of(), Map.of());
        if (record.args().get("guest") instanceof String guest) {
            for (String read : guest.split(",", -1)) {
                Long value = record.result(read);
                switch (read) {
                    case "cntvct" -> onVcpu(record, Operation.GUEST_READ_CNTVCT, Map.of(), seen(value));
                    case "cntpct" -> onVcpu(record, Operation.GUEST_READ_CNTPCT, Map.of(), seen(value));
                    case "cntfrq" -> {} // the rate is the host's, and nobody can set it
                    default -> notModelled.add("KVM_RUN (guest " + read + ")");
                }
            }
        }
        onVcpu(record, Operation.EXIT_GUEST, Map.of(), Map.of());
        onVcpu(record, Operation.VCPU_PUT, ImmutableMap.of(Field.RETURNS, true), Map.of());
    }

    private static Map<Field, Object> seen(@Nullable Long value) {
        return value == null ? Map.of() : ImmutableMap.of(Field.VALUE, value);
    }

    private void disturb(IoctlRecord record) {
        notModelled.add(record.op());
        Integer vm = record.vm();
        if (vm != null && disturbed.add(vm)) {
            disturbances.add(new ImportedTrace.Disturbance(record.line(), vm, record.op()));
        }
    }

    private void onVcpu(IoctlRecord record, Operation operation, Map<Field, Object> args, Map<Field, Object> results)
            throws TraceFormatException {
        int vcpu = vcpu(record);
        if (Integer.valueOf(vcpu).equals(hidden.get(vm(record)))) {
            reveal(record);
        }
        mostVcpus = Math.max(mostVcpus, vcpu + 1);
        add(
                record,
                operation,
                ImmutableMap.<Field, Object>builder()
                        .put(Field.VCPU, vcpu)
                        .putAll(args)
                        .buildOrThrow(),
                results);
    }

    private void add(IoctlRecord record, Operation operation, Map<Field, Object> args, Map<Field, Object> results)
            throws TraceFormatException {
        Interval when = record.host();
        if (when == null) {
            throw new TraceFormatException(
                    source,
                    record.line(),
                    1,
                    "expected host_cntvct, the host's counter before and after " + record.op());
        }
        events.add(new TraceEvent(
                record.line(),
                vm(record),
                HostTime.of(when),
                operation,
                ImmutableMap.copyOf(args),
                ImmutableMap.copyOf(results),
                ImmutableMap.of()));
    }

    private int vm(IoctlRecord record) throws TraceFormatException {
        return required(record, "vm", record.vm());
    }

    private int vcpu(IoctlRecord record) throws TraceFormatException {
        return required(record, "vcpu", record.vcpu());
    }

    private int required(IoctlRecord record, String what, @Nullable Integer value) throws TraceFormatException {
        if (value == null) {
            throw new TraceFormatException(source, record.line(), 1, "expected the " + what + " of " + record.op());
        }
        return value;
    }
}
