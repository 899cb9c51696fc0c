package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.recording.VmmOperation.Kind;
import dev.longitude.recording.VmmOperation.Outcome;
import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceFormatException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the operations of a log's records. */
final class OperationReader {
    private final String source;
    private final List<VmmOperation> operations = new ArrayList<>();

    /** The number of the VM that has a log's number at the moment. */
    private final Map<Integer, Integer> alive = new HashMap<>();

    private int vms;

    private OperationReader(String source) {
        this.source = source;
    }

    /** The operations, in order of the instants before the calls; what only reads or is harmless is left out. */
    static ImmutableList<VmmOperation> read(String source, List<IoctlRecord> records) throws TraceFormatException {
        OperationReader reader = new OperationReader(source);
        List<IoctlRecord> inOrder = new ArrayList<>();
        Map<IoctlRecord, Long> begins = new HashMap<>();
        long latest = 0;
        for (IoctlRecord record : records) {
            Interval host = record.host();
            latest = host == null ? latest : host.lo();
            begins.put(record, latest);
            inOrder.add(record);
        }
        inOrder.sort(Comparator.<IoctlRecord>comparingLong(r -> begins.getOrDefault(r, 0L))
                .thenComparingInt(IoctlRecord::line));
        for (IoctlRecord record : inOrder) {
            reader.take(record);
        }
        return ImmutableList.copyOf(reader.operations);
    }

    private void take(IoctlRecord record) throws TraceFormatException {
        switch (record.op()) {
            case "KVM_CREATE_VM" -> {
                Integer label = record.vm();
                if (label != null && !record.failed()) {
                    alive.put(label, vms++);
                    add(record, Kind.CREATE_VM, ImmutableMap.of());
                }
            }
            case IoctlRecord.CLOSE_VM -> {
                add(record, Kind.CLOSE_VM, ImmutableMap.of());
                alive.remove(record.vm());
            }
            case "KVM_CREATE_VCPU" -> add(record, Kind.CREATE_VCPU, ImmutableMap.of());
            case "KVM_RUN" -> run(record);
            case "KVM_SET_MSRS" -> setMsrs(record);
            case "KVM_GET_MSRS" -> msrs(record, MsrList.returned(record), false);
            case "KVM_SET_LAPIC" -> add(record, Kind.SET_LAPIC, ImmutableMap.of());
            case "KVM_GET_CLOCK" -> add(record, Kind.GET_CLOCK, clock(record.out()));
            case "KVM_SET_CLOCK" -> add(record, Kind.SET_CLOCK, clock(record.args()));
            case "KVM_KVMCLOCK_CTRL" -> add(record, Kind.KVMCLOCK_CTRL, ImmutableMap.of());
            case "KVM_GET_TSC_KHZ" -> add(record, Kind.GET_TSC_KHZ, named("khz", record.ret()));
            case "KVM_SET_TSC_KHZ" ->
                add(
                        record,
                        record.vcpu() == null ? Kind.SET_VM_TSC_KHZ : Kind.SET_TSC_KHZ,
                        named("khz", record.args().u32("khz")));
            case "KVM_GET_DEVICE_ATTR" -> attribute(record, Kind.GET_TSC_OFFSET, record.out());
            case "KVM_SET_DEVICE_ATTR" -> attribute(record, Kind.SET_TSC_OFFSET, record.args());
            case "KVM_GET_ONE_REG" -> register(record, record.out(), false);
            case "KVM_SET_ONE_REG" -> register(record, record.args(), true);
            case "KVM_ARM_VCPU_INIT" -> add(record, Kind.INIT_VCPU, ImmutableMap.of());
            case "KVM_ARM_SET_COUNTER_OFFSET" ->
                add(
                        record,
                        Kind.SET_COUNTER_OFFSET,
                        named("offset", record.args().word("counter_offset")));
            case IoctlRecord.NOTE,
                    IoctlRecord.PVCLOCK_PAGE,
                    "KVM_CHECK_EXTENSION",
                    "KVM_SET_CPUID2",
                    Capabilities.ENABLE_CAP -> {
                // They set no clock.
            }
            default -> {
                if (IoctlTable.harmless(record.op()).isEmpty() && !record.failedWith(KvmAbi.ENOTTY)) {
                    add(record, Kind.UNKNOWN, ImmutableMap.of());
                }
            }
        }
    }

    private void run(IoctlRecord record) throws TraceFormatException {
        Long immediateExit = record.args().word("immediate_exit");
        boolean loads = immediateExit != null && immediateExit != 0 && record.failedWith(KvmAbi.EINTR);
        add(record, loads ? Kind.VCPU_LOAD : Kind.ENTER_GUEST, ImmutableMap.of());
    }

    private void setMsrs(IoctlRecord record) throws TraceFormatException {
        Long taken = record.ret();
        Long asked = record.args().has("index") ? (Long) 1L : record.args().u32("nmsrs");
        if (!record.failed() && taken != null && asked != null && taken < asked) {
            add(record, Kind.MSRS_CUT_SHORT, ImmutableMap.of("taken", taken, "asked", asked));
        }
        Optional<ImmutableList<MsrList.Entry>> written = MsrList.written(record);
        if (written.isPresent()) {
            msrs(record, written.get(), true);
        } else {
            add(record, Kind.UNKNOWN, ImmutableMap.of());
        }
    }

    private void msrs(IoctlRecord record, List<MsrList.Entry> entries, boolean write) {
        for (MsrList.Entry entry : entries) {
            KvmAbi.Msr msr = entry.msr();
            Kind kind = msr == null ? null : msr(msr, write);
            if (kind != null) {
                add(record, kind, named("value", entry.data()));
            }
        }
    }

    private static @Nullable Kind msr(KvmAbi.Msr msr, boolean write) {
        return switch (msr) {
            case TSC -> write ? Kind.WRITE_TSC : Kind.READ_TSC;
            case SYSTEM_TIME, SYSTEM_TIME_NEW -> write ? Kind.WRITE_SYSTEM_TIME : Kind.READ_SYSTEM_TIME;
            case TSC_DEADLINE -> write ? Kind.WRITE_TSC_DEADLINE : Kind.READ_TSC_DEADLINE;
            // A host's write of TSC_ADJUST leaves the offset; the others are no clocks of the guest.
            default -> null;
        };
    }

    private void attribute(IoctlRecord record, Kind kind, Payload values) throws TraceFormatException {
        Payload args = record.args();
        boolean tscCtrl = is(args, "group", "KVM_VCPU_TSC_CTRL", KvmAbi.VCPU_TSC_CTRL);
        boolean tscOffset = is(args, "attr", "KVM_VCPU_TSC_OFFSET", KvmAbi.VCPU_TSC_OFFSET);
        if (record.vcpu() != null && tscCtrl && tscOffset) {
            add(record, kind, named("offset", values.word("offset")));
        } else if (kind == Kind.SET_TSC_OFFSET
                && record.vcpu() != null
                && !record.failed()
                && (!args.has("group") || (tscCtrl && !args.has("attr")))) {
            add(record, Kind.UNKNOWN, ImmutableMap.of());
        }
    }

    private static boolean is(Payload args, String key, String name, long number) throws TraceFormatException {
        if (!args.has(key)) {
            return false;
        }
        if (args.isName(key)) {
            return name.equals(args.text(key));
        }
        Long word = args.word(key);
        return word != null && word == number;
    }

    private void register(IoctlRecord record, Payload values, boolean write) throws TraceFormatException {
        Arm64Register register = Arm64Register.of(source, record);
        KvmAbi.ArmRegister timer = register.timer();
        if (timer == null) {
            if (write && !register.known() && !record.failed()) {
                add(record, Kind.UNKNOWN, ImmutableMap.of());
            }
            return;
        }
        Kind kind = switch (timer) {
            case TIMER_CNT -> write ? Kind.SET_TIMER_CNT : Kind.GET_TIMER_CNT;
            case PTIMER_CNT -> write ? Kind.SET_PTIMER_CNT : Kind.GET_PTIMER_CNT;
            case TIMER_CVAL -> write ? Kind.SET_VTIMER_CVAL : null;
            case TIMER_CTL -> write ? Kind.SET_VTIMER_CTL : null;
            case PTIMER_CVAL -> write ? Kind.SET_PTIMER_CVAL : null;
            case PTIMER_CTL -> write ? Kind.SET_PTIMER_CTL : null;
        };
        if (kind != null) {
            add(record, kind, named("value", values.word("value")));
        }
    }

    private static ImmutableMap<String, Long> clock(Payload values) throws TraceFormatException {
        ImmutableMap.Builder<String, Long> all = ImmutableMap.builder();
        all.putAll(named("clock", values.word("clock")));
        all.putAll(named("flags", values.u32("flags")));
        all.putAll(named("realtime", values.word("realtime")));
        all.putAll(named("hostTsc", values.word("host_tsc")));
        return all.buildOrThrow();
    }

    private static ImmutableMap<String, Long> named(String name, @Nullable Long value) {
        return value == null ? ImmutableMap.of() : ImmutableMap.of(name, value);
    }

    /** A log that begins midway has VMs whose creation it lacks. */
    private int vm(@Nullable Integer label) {
        return label == null ? -1 : alive.computeIfAbsent(label, l -> vms++);
    }

    private void add(IoctlRecord record, Kind kind, ImmutableMap<String, Long> values) {
        Interval host = record.host();
        Integer vcpu = record.vcpu();
        Integer errno = record.errno();
        operations.add(new VmmOperation(
                record.line(),
                vm(record.vm()),
                vcpu == null ? -1 : vcpu,
                kind,
                values,
                record.failed() ? Outcome.FAILED : record.hasOutcome() ? Outcome.DONE : Outcome.UNKNOWN,
                errno == null ? 0 : errno,
                host == null ? 0 : host.lo(),
                host == null ? 0 : host.hi(),
                record.rt(),
                record.thread()));
    }
}
