package dev.longitude.recording;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The request of an ioctl as a tool prints it. Source of the numbers: {@code include/uapi/linux/kvm.h} of Linux 7.3, for
 * a machine of 64 bits.
 */
final class IoctlRequest {
    private static final ImmutableMap<Long, String> NAMES = ImmutableMap.<Long, String>builder()
            .put(0x0000ae00L, "KVM_GET_API_VERSION")
            .put(0x0000ae01L, "KVM_CREATE_VM")
            .put(0x0000ae03L, "KVM_CHECK_EXTENSION")
            .put(0x0000ae04L, "KVM_GET_VCPU_MMAP_SIZE")
            .put(0x0000ae41L, "KVM_CREATE_VCPU")
            .put(0x0000ae47L, "KVM_SET_TSS_ADDR")
            .put(0x0000ae60L, "KVM_CREATE_IRQCHIP")
            .put(0x0000ae71L, "KVM_REINJECT_CONTROL")
            .put(0x0000ae78L, "KVM_SET_BOOT_CPU_ID")
            .put(0x0000ae80L, "KVM_RUN")
            .put(0x0000ae9aL, "KVM_NMI")
            .put(0x0000aea2L, "KVM_SET_TSC_KHZ")
            .put(0x0000aea3L, "KVM_GET_TSC_KHZ")
            .put(0x0000aeadL, "KVM_KVMCLOCK_CTRL")
            .put(0x0000aeb7L, "KVM_SMI")
            .put(0x0000aec7L, "KVM_RESET_DIRTY_RINGS")
            .put(0x0000aeceL, "KVM_GET_STATS_FD")
            .put(0x4004ae86L, "KVM_INTERRUPT")
            .put(0x4004ae8bL, "KVM_SET_SIGNAL_MASK")
            .put(0x4004ae99L, "KVM_SET_MP_STATE")
            .put(0x4004aec2L, "KVM_ARM_VCPU_FINALIZE")
            .put(0x4008ae48L, "KVM_SET_IDENTITY_MAP_ADDR")
            .put(0x4008ae61L, "KVM_IRQ_LINE")
            .put(0x4008ae6aL, "KVM_SET_GSI_ROUTING")
            .put(0x4008ae89L, "KVM_SET_MSRS")
            .put(0x4008ae8aL, "KVM_SET_CPUID")
            .put(0x4008ae90L, "KVM_SET_CPUID2")
            .put(0x4008ae93L, "KVM_SET_VAPIC_ADDR")
            .put(0x4008ae9cL, "KVM_X86_SETUP_MCE")
            .put(0x4010ae42L, "KVM_GET_DIRTY_LOG")
            .put(0x4010ae67L, "KVM_REGISTER_COALESCED_MMIO")
            .put(0x4010ae68L, "KVM_UNREGISTER_COALESCED_MMIO")
            .put(0x4010aeabL, "KVM_GET_ONE_REG")
            .put(0x4010aeacL, "KVM_SET_ONE_REG")
            .put(0x4010aeb5L, "KVM_ARM_SET_COUNTER_OFFSET")
            .put(0x4018aee1L, "KVM_SET_DEVICE_ATTR")
            .put(0x4018aee2L, "KVM_GET_DEVICE_ATTR")
            .put(0x4018aee3L, "KVM_HAS_DEVICE_ATTR")
            .put(0x4020ae46L, "KVM_SET_USER_MEMORY_REGION")
            .put(0x4020ae76L, "KVM_IRQFD")
            .put(0x4020aea5L, "KVM_SIGNAL_MSI")
            .put(0x4020aeaeL, "KVM_ARM_VCPU_INIT")
            .put(0x4030ae7bL, "KVM_SET_CLOCK")
            .put(0x4040ae77L, "KVM_CREATE_PIT2")
            .put(0x4040ae79L, "KVM_IOEVENTFD")
            .put(0x4040aea0L, "KVM_SET_VCPU_EVENTS")
            .put(0x4048ae9bL, "KVM_SET_GUEST_DEBUG")
            .put(0x4068aea3L, "KVM_ENABLE_CAP")
            .put(0x4070aea0L, "KVM_SET_PIT2")
            .put(0x4080aea2L, "KVM_SET_DEBUGREGS")
            .put(0x4090ae82L, "KVM_SET_REGS")
            .put(0x40a0ae49L, "KVM_SET_USER_MEMORY_REGION2")
            .put(0x4138ae84L, "KVM_SET_SREGS")
            .put(0x4140aecdL, "KVM_SET_SREGS2")
            .put(0x4188aea7L, "KVM_SET_XCRS")
            .put(0x4188aec6L, "KVM_X86_SET_MSR_FILTER")
            .put(0x41a0ae8dL, "KVM_SET_FPU")
            .put(0x4400ae8fL, "KVM_SET_LAPIC")
            .put(0x5000aea5L, "KVM_SET_XSAVE")
            .put(0x8004ae98L, "KVM_GET_MP_STATE")
            .put(0x8008ae9dL, "KVM_X86_GET_MCE_CAP_SUPPORTED")
            .put(0x8020aeafL, "KVM_ARM_PREFERRED_TARGET")
            .put(0x8030ae7cL, "KVM_GET_CLOCK")
            .put(0x8040ae9fL, "KVM_GET_VCPU_EVENTS")
            .put(0x8070ae9fL, "KVM_GET_PIT2")
            .put(0x8080aea1L, "KVM_GET_DEBUGREGS")
            .put(0x8090ae81L, "KVM_GET_REGS")
            .put(0x8138ae83L, "KVM_GET_SREGS")
            .put(0x8140aeccL, "KVM_GET_SREGS2")
            .put(0x8188aea6L, "KVM_GET_XCRS")
            .put(0x81a0ae8cL, "KVM_GET_FPU")
            .put(0x8208ae63L, "KVM_SET_IRQCHIP")
            .put(0x8400ae8eL, "KVM_GET_LAPIC")
            .put(0x9000aea4L, "KVM_GET_XSAVE")
            .put(0x9000aecfL, "KVM_GET_XSAVE2")
            .put(0xc004ae02L, "KVM_GET_MSR_INDEX_LIST")
            .put(0xc004ae0aL, "KVM_GET_MSR_FEATURE_INDEX_LIST")
            .put(0xc008ae05L, "KVM_GET_SUPPORTED_CPUID")
            .put(0xc008ae09L, "KVM_GET_EMULATED_CPUID")
            .put(0xc008ae67L, "KVM_IRQ_LINE_STATUS")
            .put(0xc008ae88L, "KVM_GET_MSRS")
            .put(0xc008ae91L, "KVM_GET_CPUID2")
            .put(0xc008aeb0L, "KVM_GET_REG_LIST")
            .put(0xc008aec1L, "KVM_GET_SUPPORTED_HV_CPUID")
            .put(0xc00caee0L, "KVM_CREATE_DEVICE")
            .put(0xc018aec0L, "KVM_CLEAR_DIRTY_LOG")
            .put(0xc028ae92L, "KVM_TPR_ACCESS_REPORTING")
            .put(0xc080aebeL, "KVM_GET_NESTED_STATE")
            .put(0xc208ae62L, "KVM_GET_IRQCHIP")
            .buildOrThrow();

    /** KVMIO: the type of all of KVM's ioctls. */
    private static final int KVMIO = 0xae;

    /** Of strace: {@code _IOC(_IOC_READ|_IOC_WRITE, 0xae, 0x88, 0x8)}. */
    private static final Pattern PARTS = Pattern.compile("_IOC\\(((?:_IOC_[A-Z]{1,8}\\|?){1,2}), 0x([0-9a-f]{1,2}),"
            + " (?:0x)?([0-9a-f]{1,2}), (?:0x)?([0-9a-f]{1,4})\\)");

    /** Of perf, where it knows no name: type, number within the type, direction. */
    private static final Pattern PERF_PARTS =
            Pattern.compile("\\(0x([0-9a-f]{1,2}), (?:0x)?([0-9a-f]{1,2}), (?:0x)?([0-3])\\)");

    private static final Pattern NUMBER = Pattern.compile("0x([0-9a-f]{1,8})");

    /** What a request looks like in a line of strace or perf. */
    static final String TEXT = "(?:_IOC)?\\([^()]{1,64}\\)|\\w{1,64}(?: or \\w{1,64}){0,8}";

    private static final int TYPE_SHIFT = 8;
    private static final int SIZE_SHIFT = 16;
    private static final int DIRECTION_SHIFT = 30;
    private static final int BYTE = 0xff;
    private static final long WRITE = 1;
    private static final long READ = 2;
    private static final int HEX = 16;

    /** What is below may be a pointer or a number. */
    private static final long LOWEST_POINTER = 1L << 32;

    private static final String OR = " or ";

    private IoctlRequest() {}

    /**
     * The name of one of KVM's ioctls; empty if the request is not KVM's. An unknown number is its own name.
     *
     * @param text a name, several names of one number, the number's parts, or the number
     */
    static Optional<String> exact(String text) {
        Matcher number = NUMBER.matcher(text);
        if (number.matches()) {
            return named(Long.parseLong(number.group(1), HEX));
        }
        Matcher parts = PARTS.matcher(text);
        if (parts.matches()) {
            long direction = (parts.group(1).contains("READ") ? READ : 0)
                    | (parts.group(1).contains("WRITE") ? WRITE : 0);
            return named(direction << DIRECTION_SHIFT
                    | Long.parseLong(parts.group(4), HEX) << SIZE_SHIFT
                    | Long.parseLong(parts.group(2), HEX) << TYPE_SHIFT
                    | Long.parseLong(parts.group(3), HEX));
        }
        List<String> names = kvms(text);
        if (names.contains("KVM_GET_ONE_REG")) {
            return Optional.of("KVM_GET_ONE_REG"); // (KVM_ARM_SET_DEVICE_ADDR has its number, and is harmless too)
        }
        return joined(names);
    }

    private static List<String> kvms(String text) {
        return Splitter.on(OR)
                .splitToStream(text)
                .filter(n -> n.startsWith("KVM_"))
                .toList();
    }

    private static Optional<String> joined(List<String> names) {
        return names.isEmpty() ? Optional.empty() : Optional.of(String.join(OR, names));
    }

    private static Optional<String> named(long number) {
        if (((number >> TYPE_SHIFT) & BYTE) != KVMIO) {
            return Optional.empty();
        }
        return Optional.of(NAMES.getOrDefault(number, String.format(Locale.ROOT, "ioctl 0x%08x", number)));
    }

    /**
     * The same as {@code perf trace} prints it. Its names stand for the number within the type alone: it prints
     * KVM_ENABLE_CAP for KVM_GET_TSC_KHZ. An ioctl that takes a pointer has a direction, and one that takes none has not.
     *
     * @param arg the argument
     */
    static Optional<String> ofPerf(String text, long arg) {
        Matcher parts = PERF_PARTS.matcher(text);
        if (parts.matches()) {
            long type = Long.parseLong(parts.group(1), HEX);
            long nr = Long.parseLong(parts.group(2), HEX);
            long direction = Long.parseLong(parts.group(3), HEX);
            if (type != KVMIO) {
                return Optional.empty();
            }
            Optional<String> name = any(NAMES.entrySet().stream()
                    .filter(e -> nr(e.getKey()) == nr && e.getKey() >> DIRECTION_SHIFT == direction)
                    .map(Map.Entry::getValue)
                    .toList());
            return name.isPresent() ? name : Optional.of(String.format(Locale.ROOT, "ioctl 0xae, 0x%02x", nr));
        }
        Optional<Long> number = NAMES.entrySet().stream()
                .filter(e -> e.getValue().equals(text))
                .map(Map.Entry::getKey)
                .findFirst();
        if (number.isEmpty()) {
            return exact(text);
        }
        List<Map.Entry<Long, String>> ofNr = NAMES.entrySet().stream()
                .filter(e -> nr(e.getKey()) == nr(number.get()))
                .toList();
        List<String> fitting = ofNr.stream()
                .filter(e -> arg == 0 || Long.compareUnsigned(arg, LOWEST_POINTER) >= 0)
                .filter(e -> arg == 0 == (e.getKey() >> DIRECTION_SHIFT == 0))
                .map(Map.Entry::getValue)
                .toList();
        return any(
                ofNr.size() == 1 || fitting.isEmpty()
                        ? ofNr.stream().map(Map.Entry::getValue).toList()
                        : fitting);
    }

    private static long nr(long number) {
        return number & BYTE;
    }

    /** One name for all, if it makes no difference which of them it was. */
    private static Optional<String> any(List<String> names) {
        boolean harmless = names.stream().allMatch(n -> IoctlTable.harmless(n).isPresent());
        return harmless && !names.isEmpty() ? Optional.of(names.get(0)) : joined(names);
    }

    /** The names whose numbers are known. */
    static ImmutableList<String> known() {
        return NAMES.values().asList();
    }
}
