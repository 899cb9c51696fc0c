package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * KVM's ioctls as a tool shows them that prints no payload: which call, on what, between which two places in the order,
 * with which result. They become the records of an ioctl log whose counters show nothing but that order.
 */
final class ShownCalls {
    /** The importer reads the whole file. */
    static final int MOST_CALLS = 1_000_000;

    /** Between two places in the order, cycles or ticks: any number would do. */
    private static final long APART = 1 << 16;

    private static final long FIRST = 1L << 40;

    /** The ioctls whose argument is a number, and the key of that number in an ioctl log. */
    private static final ImmutableMap<String, String> BY_VALUE = ImmutableMap.of(
            "KVM_CREATE_VCPU", "id",
            "KVM_SET_TSC_KHZ", "khz",
            "KVM_CHECK_EXTENSION", "cap");

    /** The ioctl whose result is a number that the guest's time depends on. */
    private static final String RETURNS_VALUE = "KVM_GET_TSC_KHZ";

    /** What x86 does not have. */
    private static final String ARM = "KVM_ARM_";

    /** What arm64 does not have. */
    private static final ImmutableSet<String> X86 = ImmutableSet.of(
            "KVM_SET_MSRS",
            "KVM_GET_MSRS",
            "KVM_SET_TSC_KHZ",
            "KVM_GET_TSC_KHZ",
            "KVM_SET_LAPIC",
            "KVM_GET_LAPIC",
            "KVM_SET_CPUID2",
            "KVM_GET_SREGS",
            "KVM_SET_SREGS",
            "KVM_GET_CLOCK",
            "KVM_SET_CLOCK",
            "KVM_KVMCLOCK_CTRL",
            "KVM_GET_SUPPORTED_CPUID",
            "KVM_SET_TSS_ADDR");

    /**
     * One call.
     *
     * @param line where it begins in the file, from 1
     * @param thread the label of its thread; null: it is not shown
     * @param on what it is for
     * @param op its name
     * @param begin its place in the order
     * @param arg its argument if that is a number or a name; null: it is unknown, or a pointer
     */
    record Call(
            int line,
            @Nullable String thread,
            Target on,
            String op,
            long begin,
            @Nullable Object arg) {}

    /**
     * What a call acts on.
     *
     * @param vm the number of the VM; null: none, or unknown
     * @param vcpu the id of the vCPU; null: none, or unknown
     */
    record Target(@Nullable Integer vm, @Nullable Integer vcpu) {
        static final Target NONE = new Target(null, null);
    }

    /**
     * The result of a call.
     *
     * @param ret what it returned; null: unknown
     * @param errno why it failed, or 0; null: unknown
     */
    record Result(@Nullable Long ret, @Nullable Integer errno) {
        static final Result UNKNOWN = new Result(null, null);
    }

    private record Shown(Call call, long end, Result result) {}

    private final String source;
    private final List<Shown> calls = new ArrayList<>();
    private int payloads;
    private int unseen;

    /** @param source the file's name in messages */
    ShownCalls(String source) {
        this.source = source;
    }

    /**
     * Adds a call.
     *
     * @param end its place in the order when it had ended, or when the file ends; the place where it begins, if nothing
     *     shows its end
     */
    void add(Call call, long end, Result result) throws TraceFormatException {
        if (calls.size() == MOST_CALLS) {
            throw new TraceFormatException(source, call.line(), 1, "more than " + MOST_CALLS + " ioctls");
        }
        Long ret = result.ret();
        boolean returned = call.op().equals(RETURNS_VALUE) && ret != null && ret > 0;
        payloads += returned || (call.arg() != null && BY_VALUE.containsKey(call.op())) ? 1 : 0;
        calls.add(new Shown(call, end, result));
    }

    /** Adds a call that the file does not show, and that must have been. */
    void addUnseen(Call call, long end) throws TraceFormatException {
        add(call, end, Result.UNKNOWN);
        unseen++;
    }

    /** How many calls the file shows. */
    int size() {
        return calls.size() - unseen;
    }

    /** How many of them show a value: an argument or a result that is no pointer. */
    int payloads() {
        return payloads;
    }

    /** The architecture whose ioctls succeed here; null if both have them all. */
    @Nullable
    LogArchitecture architecture() {
        for (Shown each : calls) {
            Long ret = each.result.ret();
            if (ret == null || ret >= 0) {
                if (X86.contains(each.call.op())) {
                    return LogArchitecture.X86;
                }
                if (each.call.op().startsWith(ARM)) {
                    return LogArchitecture.ARM64;
                }
            }
        }
        return null;
    }

    /** The records, in the order of the file. */
    ImmutableList<IoctlRecord> records(LogArchitecture arch) {
        return calls.stream().map(c -> record(c, arch)).collect(ImmutableList.toImmutableList());
    }

    private IoctlRecord record(Shown shown, LogArchitecture arch) {
        Call call = shown.call;
        String key = BY_VALUE.get(call.op());
        Object arg = call.arg();
        Payload args = Payload.of(source, call.line(), key == null || arg == null ? Map.of() : Map.of(key, arg));
        return new IoctlRecord(
                call.line(),
                null,
                call.on().vm(),
                call.on().vcpu(),
                call.op(),
                call.thread(),
                args,
                Payload.empty(source, call.line()),
                shown.result.ret(),
                shown.result.errno(),
                0,
                0,
                null,
                arch,
                new Interval(FIRST + call.begin() * APART, FIRST + shown.end * APART),
                ImmutableSet.of());
    }
}
