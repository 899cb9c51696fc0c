package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.TraceFormatException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The lists of the ioctl log format: the keys of the modelled operations, and the harmless operations, each with the
 * reason. Any other operation may have changed anything.
 */
final class IoctlTable {
    private static final String READS = "it only reads";
    private static final String MEMORY = "it is about the guest's memory";
    private static final String REGISTERS = "it is about registers that no clock of the guest depends on";
    private static final String INTERRUPTS = "it is about interrupts, and no interrupt moves a counter";
    private static final String DEVICES = "it is about a device, and no device is a clock of the model";
    private static final String EXITS = "it is about what the guest exits for";
    private static final String NO_TIMER = "it moves a timer that is not modelled";

    private static final ImmutableMap<String, String> HARMLESS = ImmutableMap.<String, String>builder()
            .put("KVM_GET_API_VERSION", READS)
            .put("KVM_CHECK_EXTENSION", READS)
            .put("KVM_GET_VCPU_MMAP_SIZE", READS)
            .put("KVM_GET_MSR_INDEX_LIST", READS)
            .put("KVM_GET_MSR_FEATURE_INDEX_LIST", READS)
            .put("KVM_GET_SUPPORTED_CPUID", READS)
            .put("KVM_GET_EMULATED_CPUID", READS)
            .put("KVM_GET_SUPPORTED_HV_CPUID", READS)
            .put("KVM_X86_GET_MCE_CAP_SUPPORTED", READS)
            .put("KVM_GET_CPUID2", READS)
            .put("KVM_GET_REGS", READS)
            .put("KVM_GET_SREGS", READS)
            .put("KVM_GET_SREGS2", READS)
            .put("KVM_GET_FPU", READS)
            .put("KVM_GET_XSAVE", READS)
            .put("KVM_GET_XSAVE2", READS)
            .put("KVM_GET_XCRS", READS)
            .put("KVM_GET_DEBUGREGS", READS)
            .put("KVM_GET_LAPIC", READS)
            .put("KVM_GET_VCPU_EVENTS", READS)
            .put("KVM_GET_NESTED_STATE", READS)
            .put("KVM_GET_MP_STATE", READS)
            .put("KVM_GET_IRQCHIP", READS)
            .put("KVM_GET_PIT2", READS)
            .put("KVM_GET_DIRTY_LOG", READS)
            .put("KVM_GET_STATS_FD", READS)
            .put("KVM_GET_REG_LIST", READS)
            .put("KVM_HAS_DEVICE_ATTR", READS)
            .put("KVM_ARM_PREFERRED_TARGET", READS)
            .put("KVM_SET_USER_MEMORY_REGION", MEMORY)
            .put("KVM_SET_USER_MEMORY_REGION2", MEMORY)
            .put("KVM_CLEAR_DIRTY_LOG", MEMORY)
            .put("KVM_RESET_DIRTY_RINGS", MEMORY)
            .put("KVM_SET_TSS_ADDR", MEMORY)
            .put("KVM_SET_IDENTITY_MAP_ADDR", MEMORY)
            .put("KVM_SET_REGS", REGISTERS)
            .put("KVM_SET_SREGS", REGISTERS)
            .put("KVM_SET_SREGS2", REGISTERS)
            .put("KVM_SET_FPU", REGISTERS)
            .put("KVM_SET_XSAVE", REGISTERS)
            .put("KVM_SET_XCRS", REGISTERS)
            .put("KVM_SET_DEBUGREGS", REGISTERS)
            .put("KVM_SET_GUEST_DEBUG", REGISTERS)
            .put("KVM_SET_VCPU_EVENTS", REGISTERS)
            .put("KVM_SET_MP_STATE", REGISTERS)
            .put("KVM_X86_SETUP_MCE", REGISTERS)
            .put("KVM_SET_CPUID", "what it shows of clocks to the guest changes none of them")
            .put("KVM_SET_CPUID2", "what it shows of clocks to the guest changes none of them")
            .put("KVM_SET_SIGNAL_MASK", "it is about signals of the VMM's thread")
            .put("KVM_SET_BOOT_CPU_ID", "it says which vCPU starts first")
            .put("KVM_CREATE_PIT2", NO_TIMER)
            .put("KVM_SET_PIT2", NO_TIMER)
            .put("KVM_REINJECT_CONTROL", NO_TIMER)
            .put("KVM_CREATE_IRQCHIP", INTERRUPTS)
            .put("KVM_SET_IRQCHIP", INTERRUPTS)
            .put("KVM_IRQ_LINE", INTERRUPTS)
            .put("KVM_IRQ_LINE_STATUS", INTERRUPTS)
            .put("KVM_INTERRUPT", INTERRUPTS)
            .put("KVM_NMI", INTERRUPTS)
            .put("KVM_SMI", INTERRUPTS)
            .put("KVM_SIGNAL_MSI", INTERRUPTS)
            .put("KVM_X86_SET_MSR_FILTER", EXITS)
            .put("KVM_SET_GSI_ROUTING", INTERRUPTS)
            .put("KVM_IRQFD", INTERRUPTS)
            .put("KVM_TPR_ACCESS_REPORTING", INTERRUPTS)
            .put("KVM_SET_VAPIC_ADDR", INTERRUPTS)
            .put("KVM_CREATE_DEVICE", DEVICES)
            .put("KVM_IOEVENTFD", DEVICES)
            .put("KVM_REGISTER_COALESCED_MMIO", DEVICES)
            .put("KVM_UNREGISTER_COALESCED_MMIO", DEVICES)
            .put("KVM_ARM_SET_DEVICE_ADDR", DEVICES)
            .put("KVM_ARM_VCPU_FINALIZE", REGISTERS)
            .buildOrThrow();

    /** The keys of a modelled operation, with the types of their values. */
    record Keys(ImmutableMap<String, PayloadType> args, ImmutableMap<String, PayloadType> out) {}

    private static final ImmutableMap<String, PayloadType> NOTHING = ImmutableMap.of();
    private static final ImmutableMap<String, PayloadType> CLOCK = ImmutableMap.of(
            "clock", PayloadType.WORD,
            "flags", PayloadType.U32,
            "realtime", PayloadType.WORD,
            "host_tsc", PayloadType.WORD);

    private static final ImmutableMap<String, Keys> LISTED = ImmutableMap.<String, Keys>builder()
            .put("KVM_CREATE_VM", new Keys(NOTHING, NOTHING))
            .put("KVM_CREATE_VCPU", new Keys(ImmutableMap.of("id", PayloadType.VCPU_ID), NOTHING))
            .put(
                    "KVM_RUN",
                    new Keys(
                            ImmutableMap.of(
                                    "guest", PayloadType.TEXT,
                                    "index", PayloadType.MSR,
                                    "data", PayloadType.WORD,
                                    "note", PayloadType.FREE,
                                    "immediate_exit", PayloadType.WORD),
                            ImmutableMap.of(
                                    "guest_tsc", PayloadType.WORD,
                                    "data", PayloadType.WORD,
                                    "cntvct", PayloadType.WORD,
                                    "cntpct", PayloadType.WORD,
                                    "cntfrq", PayloadType.FREE,
                                    "exit", PayloadType.FREE)))
            .put(
                    "KVM_SET_MSRS",
                    new Keys(
                            ImmutableMap.of(
                                    "index", PayloadType.MSR,
                                    "data", PayloadType.WORD,
                                    "nmsrs", PayloadType.U32,
                                    "clock_msrs", PayloadType.MSRS,
                                    "complete", PayloadType.WORD),
                            NOTHING))
            .put(
                    "KVM_GET_MSRS",
                    new Keys(
                            ImmutableMap.of("index", PayloadType.MSR, "nmsrs", PayloadType.FREE),
                            ImmutableMap.of(
                                    "data", PayloadType.WORD,
                                    "clock_msrs", PayloadType.MSRS,
                                    "index", PayloadType.FREE,
                                    "nmsrs", PayloadType.FREE)))
            .put(
                    "KVM_SET_DEVICE_ATTR",
                    new Keys(
                            ImmutableMap.of(
                                    "group", PayloadType.NAME_OR_WORD,
                                    "attr", PayloadType.NAME_OR_WORD,
                                    "offset", PayloadType.WORD),
                            NOTHING))
            .put(
                    "KVM_GET_DEVICE_ATTR",
                    new Keys(
                            ImmutableMap.of("group", PayloadType.NAME_OR_WORD, "attr", PayloadType.NAME_OR_WORD),
                            ImmutableMap.of("offset", PayloadType.WORD)))
            .put("KVM_SET_LAPIC", new Keys(ImmutableMap.of("lvtt", PayloadType.U32), NOTHING))
            .put(
                    "KVM_SET_CPUID2",
                    new Keys(
                            ImmutableMap.of("tsc_deadline_timer", PayloadType.WORD, "nent", PayloadType.FREE), NOTHING))
            .put("KVM_GET_CLOCK", new Keys(NOTHING, CLOCK))
            .put("KVM_SET_CLOCK", new Keys(CLOCK, NOTHING))
            .put("KVM_KVMCLOCK_CTRL", new Keys(NOTHING, NOTHING))
            .put("KVM_GET_TSC_KHZ", new Keys(NOTHING, NOTHING))
            .put("KVM_SET_TSC_KHZ", new Keys(ImmutableMap.of("khz", PayloadType.U32), NOTHING))
            .put(
                    "KVM_CHECK_EXTENSION",
                    new Keys(
                            ImmutableMap.of("cap", PayloadType.NAME_OR_WORD, "num", PayloadType.NAME_OR_WORD), NOTHING))
            .put(
                    Capabilities.ENABLE_CAP,
                    new Keys(ImmutableMap.of("num", PayloadType.WORD, "arg0", PayloadType.FREE), NOTHING))
            .put(
                    "KVM_GET_ONE_REG",
                    new Keys(
                            ImmutableMap.of("id", PayloadType.NAME_OR_WORD, "reg", PayloadType.TEXT),
                            ImmutableMap.of("value", PayloadType.REGISTER_VALUE)))
            .put(
                    "KVM_SET_ONE_REG",
                    new Keys(
                            ImmutableMap.of(
                                    "id", PayloadType.NAME_OR_WORD,
                                    "reg", PayloadType.TEXT,
                                    "value", PayloadType.REGISTER_VALUE),
                            NOTHING))
            .put(
                    "KVM_ARM_VCPU_INIT",
                    new Keys(ImmutableMap.of("target", PayloadType.FREE, "features0", PayloadType.FREE), NOTHING))
            .put(
                    "KVM_ARM_SET_COUNTER_OFFSET",
                    new Keys(
                            ImmutableMap.of("counter_offset", PayloadType.WORD, "reserved", PayloadType.WORD), NOTHING))
            .put(
                    IoctlRecord.PVCLOCK_PAGE,
                    new Keys(
                            NOTHING,
                            ImmutableMap.of(
                                    "version", PayloadType.U32,
                                    "tsc_timestamp", PayloadType.WORD,
                                    "system_time", PayloadType.WORD,
                                    "mul", PayloadType.U32,
                                    "shift", PayloadType.SIGNED_BYTE,
                                    "flags", PayloadType.COUNT)))
            .put(IoctlRecord.CLOSE_VM, new Keys(NOTHING, NOTHING))
            .buildOrThrow();

    /** In the arguments of every operation. */
    static final String THREAD = "thread";

    private IoctlTable() {}

    /** Why an operation that is not modelled cannot have changed a guest's clock; empty if it may have. */
    static Optional<String> harmless(String op) {
        return Optional.ofNullable(HARMLESS.get(op));
    }

    /** The operations that are harmless, by name, each with the reason. */
    static ImmutableMap<String, String> harmless() {
        return HARMLESS;
    }

    /** The operations whose keys the format lists, by name. */
    static ImmutableMap<String, Keys> listed() {
        return LISTED;
    }

    /**
     * Checks the payload of a record. The importer reads nothing of an operation that the format does not list, so that
     * may have any payload.
     *
     * @param unlisted takes the keys that the format does not list
     * @throws TraceFormatException if a value is not of its key's type
     */
    static void check(String op, Payload args, Payload out, Consumer<String> unlisted) throws TraceFormatException {
        PayloadType.LABEL.check(args, THREAD, args);
        Keys keys = LISTED.get(op);
        if (keys != null) {
            check(keys.args(), "args.", args, args, unlisted);
            check(keys.out(), "out.", out, args, unlisted);
        }
    }

    private static void check(
            ImmutableMap<String, PayloadType> keys,
            String prefix,
            Payload values,
            Payload args,
            Consumer<String> unlisted)
            throws TraceFormatException {
        for (String name : values.names()) {
            PayloadType type = keys.get(name);
            if (type != null) {
                type.check(values, name, args);
            } else if (!name.equals(THREAD)) {
                unlisted.accept(prefix + name);
            }
        }
    }
}
