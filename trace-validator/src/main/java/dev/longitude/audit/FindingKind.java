package dev.longitude.audit;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an audit finds. {@code trace-validator/AUDIT.md} has the same table. */
public enum FindingKind {
    CREATED_BETWEEN_WRITES(
            Arch.X86,
            "created-between-writes",
            "a vCPU was created between the TSC writes of two vCPUs",
            "its vCPUs' TSCs differ: time goes back when a thread moves, and the masterclock is off",
            "create all vCPUs before the first TSC write, or give all of them one KVM_VCPU_TSC_OFFSET afterwards",
            k -> !k.has(Switch.KEEPS_LINE_ON_MATCH)),
    OFFSETS_DIFFER(
            Arch.X86,
            "offsets-differ",
            "vCPUs entered the guest with different TSC offsets",
            "its vCPUs' TSCs differ: time goes back when a thread moves, and the masterclock is off",
            "give all vCPUs one KVM_VCPU_TSC_OFFSET before the first KVM_RUN",
            k -> true),
    FIRST_TSC_WRITE_IGNORED(
            Arch.X86,
            "first-tsc-write-ignored",
            "KVM ignored the first TSC write of a new VM, within a second of its age: a read-back shows another value",
            "its TSC continues from the creation of the VM instead of the saved value",
            "set KVM_VCPU_TSC_OFFSET, which KVM always takes as it is",
            k -> !k.has(Switch.USER_SET_TSC_GATE)),
    TSC_WRITE_IGNORED(
            Arch.X86,
            "tsc-write-ignored",
            "KVM ignored the TSC write of a restore, within a second of an earlier one: a read-back shows another value",
            "its TSC continues from the VMM's start or reset instead of the saved value",
            "set KVM_VCPU_TSC_OFFSET, which KVM always takes as it is",
            k -> true),
    DEADLINE_BEFORE_TSC(
            Arch.X86,
            "deadline-before-tsc",
            "MSR_IA32_TSC_DEADLINE was written before the TSC",
            "its timer was armed against another TSC: it fires too early, or hours too late",
            "write MSR_IA32_TSC_DEADLINE after the last write of the TSC and of its offset",
            k -> true),
    DEADLINE_BEFORE_LAPIC(
            Arch.X86,
            "deadline-before-lapic",
            "MSR_IA32_TSC_DEADLINE was written before the first KVM_SET_LAPIC",
            "its timer never fires: KVM drops a deadline while the timer is not in TSC-deadline mode",
            "call KVM_SET_LAPIC before MSR_IA32_TSC_DEADLINE is written",
            k -> true),
    CLOCK_NOT_SET(
            Arch.X86,
            "clock-not-set",
            "a guest with kvmclock was restored without KVM_SET_CLOCK",
            "its kvmclock starts anew at the age of the new VM: time goes back",
            "call KVM_SET_CLOCK before the first KVM_RUN",
            k -> true),
    CLOCK_SET_LATE(
            Arch.X86,
            "clock-set-late",
            "KVM_SET_CLOCK moved kvmclock after the guest had run",
            "its kvmclock jumps while it runs",
            "call KVM_SET_CLOCK before the first KVM_RUN after a stop",
            k -> true),
    CLOCK_SET_AGAIN(
            Arch.X86,
            "clock-set-again",
            "KVM_SET_CLOCK set the value of an earlier KVM_SET_CLOCK once more, and the guest had run in between",
            "its kvmclock goes back to the earlier stop",
            "call KVM_GET_CLOCK at each stop",
            k -> true),
    CTRL_MISSING(
            Arch.X86,
            "kvmclock-ctrl-missing",
            "a guest with kvmclock was stopped or restored, and KVM_KVMCLOCK_CTRL did not mark it",
            "its watchdogs take the stop for a lockup: soft lockup and RCU stall warnings",
            "call KVM_KVMCLOCK_CTRL on each vCPU before it runs again, on a restore too",
            k -> true),
    CTRL_ON_VM(
            Arch.X86,
            "kvmclock-ctrl-on-vm",
            "KVM_KVMCLOCK_CTRL was called on the VM's descriptor",
            "nothing: KVM answers ENOTTY, and the guest is not told that it was stopped",
            "call it on each vCPU's descriptor",
            k -> true),
    RATE_NOT_SET(
            Arch.X86,
            "rate-not-set",
            "a guest was restored without KVM_SET_TSC_KHZ on a host of another rate",
            "its TSC runs at the new host's rate: timers and its clock drift",
            "call KVM_SET_TSC_KHZ with the rate that the guest had before the TSC is written",
            k -> true),
    CLOCKS_PARTED(
            Arch.X86,
            "clocks-parted",
            "the TSC and kvmclock moved by different times over a stop",
            "its time depends on its clocksource: tsc and kvm-clock differ by that much",
            "set both from one instant: kvmclock by KVM_CLOCK_REALTIME and the TSC by an offset advanced alike, or"
                    + " neither",
            k -> true),
    SET_REFUSED(
            null,
            "set-refused",
            "KVM refused to set something, and the VMM ran the guest",
            "the clock or timer is as if it had not been set",
            "check the result, and stop the restore",
            k -> true),
    MSRS_CUT_SHORT(
            Arch.X86,
            "msrs-cut-short",
            "KVM_SET_MSRS wrote fewer MSRs than it was given",
            "the MSRs after the refused one have not been set, the TSC or a timer perhaps among them",
            "compare the result with the number of MSRs, and write the rest",
            k -> true),
    SET_AFTER_OFFSET(
            Arch.ARM64,
            "counter-set-after-offset",
            "a counter was set by value after KVM_ARM_SET_COUNTER_OFFSET",
            "its counter does not change: KVM ignores the write and reports success",
            "set the counter by KVM_ARM_SET_COUNTER_OFFSET alone",
            k -> k.has(Switch.SET_COUNTER_OFFSET) && !k.has(Switch.IGNORED_WRITE_FAILS)),
    CREATED_AFTER_COUNTER(
            Arch.ARM64,
            "created-after-counter",
            "a vCPU was created after the counter had been set or the guest had run",
            "its virtual counter starts anew at 0 on all vCPUs: time goes back",
            "create all vCPUs before a counter is set, or use KVM_ARM_SET_COUNTER_OFFSET, which stays",
            k -> !k.has(Switch.CREATION_KEEPS_LINE)),
    COUNTER_SET_AFTER_RUN(
            Arch.ARM64,
            "counter-set-after-run",
            "a counter was set on a vCPU after another vCPU had entered the guest",
            "the counter of the running vCPUs jumps: one vCPU's write moves all",
            "set the counters of all vCPUs before the first of them runs",
            k -> !k.has(Switch.SET_NEEDS_ALL_VCPUS)),
    COUNTERS_UNEQUAL(
            Arch.ARM64,
            "counters-unequal",
            "the vCPUs got different counters: the last write counts for all of them",
            "its counter is behind what a vCPU had before: time goes back",
            "write one value, once, or set one offset for the VM",
            k -> true),
    CVAL_BEFORE_COUNTER(
            Arch.ARM64,
            "cval-before-counter",
            "an armed timer's compare value was set before the counter",
            "its timer may fire at once or never",
            "set the counter first, then the timer's compare value, then its control",
            k -> k.has(Switch.SET_COUNTER_OFFSET) && !k.has(Switch.CVAL_CANNOT_WRAP));

    private final @Nullable Arch arch;
    private final String id;
    private final String order;
    private final String guest;
    private final String instead;
    /** Not serialised, and without state: each reads switches. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final Predicate<KernelProfile> on;

    FindingKind(
            @Nullable Arch arch, String id, String order, String guest, String instead, Predicate<KernelProfile> on) {
        this.arch = arch;
        this.id = id;
        this.order = order;
        this.guest = guest;
        this.instead = instead;
        this.on = on;
    }

    /** Its identifier in every output. */
    public String id() {
        return id;
    }

    /** What the VMM did, in one clause. */
    public String order() {
        return order;
    }

    /** What the guest sees. */
    public String guest() {
        return guest;
    }

    /** What to do instead. */
    public String instead() {
        return instead;
    }

    /** Whether a guest on that kernel sees it. */
    public boolean isOn(KernelProfile kernel) {
        return on.test(kernel);
    }

    /** The architectures, for a table. */
    public String arch() {
        return arch == null ? "both" : arch.machine();
    }

    /** The kernels on which a guest sees it, of those that stand for all others on an architecture. */
    public String kernels(Arch recorded) {
        ImmutableList<KernelProfile> all = KernelProfile.showing(recorded);
        ImmutableList<KernelProfile> these = all.stream().filter(on).collect(toImmutableList());
        return these.size() == all.size()
                ? "all"
                : these.stream().map(KernelProfile::toString).collect(Collectors.joining(", "));
    }

    /** The same for the architecture that it is of. */
    public String kernels() {
        return kernels(arch == null ? Arch.X86 : arch);
    }
}
