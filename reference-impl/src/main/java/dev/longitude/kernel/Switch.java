package dev.longitude.kernel;

/**
 * One behaviour of KVM that changed between kernel versions, or that somebody has proposed to change. The constants
 * mirror the fields of the records in {@code spec/Kernels.tla}, name for name.
 */
public enum Switch {
    /**
     * A vCPU that writes again within its generation is counted again. Until Linux 3.16; mended by 0d3da0d26e3c.
     */
    COUNTS_EVERY_MATCH(
            "countsEveryMatch", "until 3.16, mended by 0d3da0d26e3c", "a vCPU that writes twice is counted twice"),

    /**
     * A TSC write asks for a masterclock update only where the masterclock is to be switched. Until Linux 3.18; mended
     * by 7f187922ddf6.
     */
    TRACKS_ONLY_STATE(
            "tracksOnlyState",
            "until 3.18, mended by 7f187922ddf6",
            "the masterclock goes on counting from an instant before the TSC write"),

    /** The guest's write of its TSC is taken for one of userspace's. Until Linux 5.9; mended by 0c899c25d754. */
    GUEST_WRITE_SYNCHRONIZES(
            "guestWriteSynchronizes",
            "until 5.9, mended by 0c899c25d754",
            "the guest's own write of its TSC is synchronised, and may be dropped"),

    /**
     * KVM_SET_CLOCK corrects by kvmclock as it is a little after the masterclock was updated. Until Linux 5.11; mended
     * by 77fcbe823f00.
     */
    SET_CLOCK_FROM_NOW(
            "setClockFromNow",
            "until 5.11, mended by 77fcbe823f00",
            "KVM_SET_CLOCK sets the clock a little later than it updates the masterclock"),

    /**
     * KVM_GET_CLOCK looks whether the masterclock is on a second time, for its flags. Until Linux 5.15; mended by
     * 55c0cefbdbda.
     */
    READS_FLAG_LATER(
            "readsFlagLater",
            "until 5.15, mended by 55c0cefbdbda",
            "KVM_GET_CLOCK reads its flags after it has computed the clock"),

    /** The guest's write of TSC_ADJUST asks for its page to be written anew. Linux 5.15, commit d9130a2dfdd4. */
    ADJUST_ASKS(
            "adjustAsks", "since 5.15, d9130a2dfdd4", "the guest's write of TSC_ADJUST leads to a new kvmclock page"),

    /** KVM_CLOCK_REALTIME and KVM_CLOCK_HOST_TSC. Linux 5.16, commit c68dc1b577ea. */
    CLOCK_REALTIME(
            "clockRealtime",
            "since 5.16, c68dc1b577ea",
            "KVM_GET_CLOCK and KVM_SET_CLOCK know real time and the host's TSC"),

    /** The attribute KVM_VCPU_TSC_OFFSET. Linux 5.16, commit 828ca89628bf. */
    TSC_OFFSET_ATTR("tscOffsetAttr", "since 5.16, 828ca89628bf", "a vCPU's TSC offset can be set and read"),

    /**
     * A host write of the TSC by value joins the current generation only if userspace has set the TSC before. Without
     * it the first write to a guest less than a second old is taken for a late part of its creation, and the written
     * value is dropped. Linux 6.7, commit bf328e22e472.
     */
    USER_SET_TSC_GATE(
            "userSetTscGate",
            "since 6.7, bf328e22e472",
            "the first TSC write by value to a young guest is honoured, not absorbed into the line of its creation"),

    /**
     * After a TSC write the masterclock is re-evaluated only where that can change it: for a new generation while it
     * is on, or where its state is not the wanted one. Without it every write asks for an update while the masterclock
     * is on. Linux 6.8, commit c52ffadc65e2.
     */
    TRACK_ONLY_ON_CHANGE(
            "trackOnlyOnChange",
            "since 6.8, c52ffadc65e2",
            "a TSC write asks for a masterclock update only where that can change the masterclock"),

    /**
     * A vCPU notes its generation before the write opens a new one, so that its next matched write counts as joining.
     * Posted only: patch 02/12 of the series, v2 and v3, July 2021; the merged 58d4277be9b6 has the right order.
     */
    RECORDS_GENERATION_EARLY(
            "recordsGenerationEarly",
            "posted only: the series v2 and v3, patch 02/12",
            "the vCPU that opens a generation is counted a second time when it writes again"),

    /** Reading the offset attribute returns ENXIO. Posted only: patch 03/12 of the series, v2. */
    GET_TSC_OFFSET_FAILS(
            "getTscOffsetFails",
            "posted only: the series v2, patch 03/12",
            "reading the TSC offset returns ENXIO with the offset copied out"),

    /** KVM_SET_CLOCK refuses the flags that KVM_GET_CLOCK returns. Posted only: patch 01/12 of the series, v2. */
    REFUSES_OWN_FLAGS(
            "refusesOwnFlags",
            "posted only: the series v2, patch 01/12",
            "KVM_SET_CLOCK refuses the flags that KVM_GET_CLOCK returns"),

    /**
     * A write that joins is remembered with the value that the line has at that instant. Without it the dropped value
     * is remembered, 0 for a creation, and the next write is measured by it. Posted only: "Cleaning up the KVM clock
     * mess" v6, patch 16.
     */
    KEEPS_LINE_ON_MATCH(
            "keepsLineOnMatch",
            "posted only: the clock-mess series v6, patch 16",
            "a vCPU's creation between two writes by value does not spoil the one-second window"),

    /** A host write of 0 is a value like others; only creation is forced to join. In no kernel, and not posted. */
    ZERO_IS_A_VALUE("zeroIsAValue", "in no kernel", "a host write of 0 sets the TSC to 0"),

    /**
     * The rate that later vCPUs get cannot be set any more once there is a vCPU. Without it vCPUs of one VM may get
     * different rates. Linux 6.17, commit dcbe5a466c12.
     */
    VM_TSC_KHZ_FIRST(
            "vmTscKhzFirst", "since 6.17, dcbe5a466c12", "KVM_SET_TSC_KHZ on the VM is refused once there is a vCPU"),

    /**
     * A vCPU whose rate is set goes on from the value that its TSC has, and counts as written. Without it the offset
     * stays, and the TSC jumps. Posted only: "Cleaning up the KVM clock mess" v6, patch 27.
     */
    SYNCHRONIZES_ON_KHZ(
            "synchronizesOnKhz",
            "posted only: the clock-mess series v6, patch 27",
            "a vCPU's TSC goes on from where it is when its rate is set"),

    /** A refused KVM_SET_TSC_KHZ leaves the rate as it was. In no kernel, and not posted. */
    REFUSAL_KEEPS_KHZ("refusalKeepsKhz", "in no kernel", "a refused KVM_SET_TSC_KHZ leaves the rate as it was"),

    /**
     * The masterclock looks at whether the offsets are equal, not at who wrote in which generation. Posted only:
     * "Cleaning up the KVM clock mess" v6, patches 18 and 19, here in their simplest form.
     */
    MATCHES_OFFSETS(
            "matchesOffsets",
            "posted only: the clock-mess series v6, patches 18 and 19",
            "vCPUs with equal offsets are matched, however they came to them"),

    /**
     * The masterclock is switched when a vCPU is created, not when one runs first. Posted only: "Cleaning up the KVM
     * clock mess" v6, patch 5.
     */
    MASTER_CLOCK_AT_CREATION(
            "masterClockAtCreation",
            "posted only: the clock-mess series v6, patch 5",
            "KVM_GET_CLOCK tells the host's TSC before a vCPU has run"),

    /**
     * KVM_GET_CLOCK computes from the guest's TSC at the guest's rate. "Cleaning up the KVM clock mess" v6, patch 10;
     * abdef42276d8, on its way to 7.4.
     */
    CLOCK_IN_GUEST_RATE(
            "clockInGuestRate",
            "abdef42276d8, in no release",
            "KVM_GET_CLOCK computes the clock at the guest's rate, as the guest does"),

    /** The rate in the page is scaled in Hz, not in kHz. Posted only: "Cleaning up the KVM clock mess" v6, patch 2. */
    RATES_IN_HZ(
            "ratesInHz", "posted only: the clock-mess series v6, patch 2", "kvmclock's page has the rate to the hertz"),

    /**
     * Where a TSC should be is computed right for an instant before its generation began. "Cleaning up the KVM clock
     * mess" v6, patch 12; d9173f59df3a, on its way to 7.4.
     */
    SIGNED_CATCH_UP(
            "signedCatchUp",
            "d9173f59df3a, in no release",
            "catching up does not take a small negative difference for a huge one"),

    /**
     * One vCPU works off a masterclock update for all that were asked. Posted only: "Cleaning up the KVM clock mess"
     * v6, patch 24.
     */
    ONE_UPDATE(
            "oneUpdate",
            "posted only: the clock-mess series v6, patch 24",
            "one vCPU performs a masterclock update for all"),

    /**
     * What is added to the vCPUs' offsets when the host comes back with an earlier TSC is added to the VM's line too.
     * Posted only: "Cleaning up the KVM clock mess" v6, patch 17.
     */
    RESUME_MOVES_LINE(
            "resumeMovesLine",
            "posted only: the clock-mess series v6, patch 17",
            "a vCPU created after the host's suspend joins the line of the others"),

    /** The guest's write of its TSC asks for its page to be written anew. In no kernel, and not posted. */
    GUEST_WRITE_ASKS("guestWriteAsks", "in no kernel", "the guest's write of its TSC leads to a new kvmclock page"),

    /**
     * A host write of the TSC, by value or by offset, asks for the vCPU's page to be written anew. In no kernel, and not
     * posted.
     */
    TSC_WRITE_ASKS("tscWriteAsks", "in no kernel", "a host write of the TSC leads to a new kvmclock page"),

    /** KVM_SET_SYSTEM_COUNTER_STATE gives one vCPU its offsets. Posted only: the series, v1, June 2021. */
    SYSTEM_COUNTER_STATE(
            Arch.ARM64,
            "systemCounterState",
            "posted only: the series v1",
            "KVM_SET_SYSTEM_COUNTER_STATE gives one vCPU its offsets"),

    /**
     * Under VHE the traps of the physical counter are written in the ioctl, on the CPU that it runs on. Posted only: the
     * series, v1, June 2021.
     */
    TRAPS_IN_IOCTL(
            Arch.ARM64,
            "trapsInIoctl",
            "posted only: the series v1",
            "the traps of the physical counter are written once, on one CPU"),

    /** A vCPU has the attributes OFFSET_VTIMER and OFFSET_PTIMER. Posted only: the series, v2 and v3, July 2021. */
    TIMER_OFFSET_ATTRS(
            Arch.ARM64,
            "timerOffsetAttrs",
            "posted only: the series v2 and v3",
            "a counter's offset is an attribute of a vCPU, and set for all of them"),

    /** Reading OFFSET_VTIMER returns the physical offset. Posted only: the series, v2 and v3, July 2021. */
    GET_VTIMER_FALLS_THROUGH(
            Arch.ARM64,
            "getVtimerFallsThrough",
            "posted only: the series v2 and v3",
            "reading the virtual counter's offset returns the physical one's"),

    /**
     * A counter's offset is the VM's. Without it each vCPU has its own, and setting one is a loop over them. Linux 6.3,
     * commit 47053904e182, for the virtual counter; until 6.4 the physical one's cannot be set, and is 0.
     */
    OFFSETS_OF_VM(
            Arch.ARM64,
            "offsetsOfVm",
            "since 6.3, 47053904e182",
            "a counter's offset is the VM's, and set in one step"),

    /** KVM_ARM_SET_COUNTER_OFFSET; once used, nothing else moves the VM's counters. Linux 6.4. */
    SET_COUNTER_OFFSET(
            Arch.ARM64, "setCounterOffset", "since 6.4", "KVM_ARM_SET_COUNTER_OFFSET sets both counters of the VM"),

    /** KVM_SET_ONE_REG and KVM_GET_ONE_REG know the physical counter. Linux 6.4, commit 680232a94c12. */
    PTIMER_CNT(Arch.ARM64, "ptimerCnt", "since 6.4, 680232a94c12", "the physical counter can be read and set by value"),

    /**
     * The hardware subtracts the physical offset, where it can (FEAT_ECV under VHE): CNTHCTL_EL2 has its ECV bit set.
     * Linux 6.4.
     */
    USES_CNTPOFF(Arch.ARM64, "usesCntpoff", "since 6.4", "CNTPOFF_EL2 spares the traps of the physical counter"),

    /** Under VHE the traps are set up when a vCPU is loaded, not at each entry. Linux 6.4. */
    TRAPS_AT_LOAD(Arch.ARM64, "trapsAtLoad", "since 6.4", "the traps are set up when a vCPU is loaded"),

    /**
     * While the host runs, the compare value of the guest's timer is corrected by the offset. Linux 6.6, commit
     * 9404673293b0.
     */
    FLIPS_CVAL(
            Arch.ARM64,
            "flipsCval",
            "since 6.6, 9404673293b0",
            "the guest's timer is compared with the right counter while the host runs"),

    /** The sum of compare value and offset is not allowed to wrap. Linux 7.3.4, commit 49930b1b557c. */
    CVAL_CANNOT_WRAP(
            Arch.ARM64,
            "cvalCannotWrap",
            "since 7.3.4, 49930b1b557c",
            "a compare value that wraps is programmed as now or never"),

    /** A vCPU that is created beside others joins them. In no kernel, and not posted. */
    CREATION_KEEPS_LINE(
            Arch.ARM64, "creationKeepsLine", "in no kernel", "a vCPU that is created late does not rewind the others"),

    /** A counter cannot be set by value while a vCPU is in KVM_RUN. In no kernel, and not posted. */
    SET_NEEDS_ALL_VCPUS(
            Arch.ARM64,
            "setNeedsAllVcpus",
            "in no kernel",
            "a counter cannot be set by value while a vCPU is in KVM_RUN"),

    /** Setting a counter by value says so where it does nothing. In no kernel, and not posted. */
    IGNORED_WRITE_FAILS(
            Arch.ARM64,
            "ignoredWriteFails",
            "in no kernel",
            "setting a counter by value fails once KVM_ARM_SET_COUNTER_OFFSET was used");

    private final Arch arch;
    private final String specName;
    private final String source;
    private final String meaning;

    Switch(String specName, String source, String meaning) {
        this(Arch.X86, specName, source, meaning);
    }

    Switch(Arch arch, String specName, String source, String meaning) {
        this.arch = arch;
        this.specName = specName;
        this.source = source;
        this.meaning = meaning;
    }

    /** The architecture whose KVM it is about. */
    public Arch arch() {
        return arch;
    }

    /** The name in the specification and in reports. */
    public String specName() {
        return specName;
    }

    /** The first release and the commit, or where it was posted. */
    public String source() {
        return source;
    }

    /** What the kernel does where the switch is on, as one clause. */
    public String meaning() {
        return meaning;
    }
}
