package dev.longitude.kernel;

import org.jspecify.annotations.Nullable;

/**
 * One behaviour of KVM that changed between kernel versions, or that a patch proposes to change, with the kernels in
 * which it is on. Its {@link #meaning} says what it does; {@code spec/Kernels.tla}, which has the same table, name for
 * name, says it at length. (Names of stable releases are from the kernel's change logs as Debian's packages carry them.
 * Of other stable releases nothing is known; they count as unchanged.)
 */
public enum Switch {
    COUNTS_EVERY_MATCH(
            "countsEveryMatch", Versions.until("3.17", "0d3da0d26e3c"), "a vCPU that writes twice is counted twice"),
    TRACKS_ONLY_STATE(
            "tracksOnlyState",
            Versions.until("3.19", "7f187922ddf6"),
            "the masterclock goes on counting from an instant before the TSC write"),
    SLEWED_BASE_CLOCK(
            "slewedBaseClock",
            Versions.until("5.6", "53fafdbb8b21"),
            "the host's base clock follows NTP's corrections, unlike the TSC"),
    GUEST_WRITE_SYNCHRONIZES(
            "guestWriteSynchronizes",
            Versions.until("5.10", "0c899c25d754"),
            "the guest's own write of its TSC is synchronised, and may be dropped"),
    SET_CLOCK_FROM_NOW(
            "setClockFromNow",
            Versions.until("5.12", "77fcbe823f00"),
            "KVM_SET_CLOCK sets the clock a little later than it updates the masterclock"),
    READS_FLAG_LATER(
            "readsFlagLater",
            Versions.until("5.16", "55c0cefbdbda"),
            "KVM_GET_CLOCK reads its flags after it has computed the clock"),
    ADJUST_ASKS(
            "adjustAsks",
            Versions.since("5.15", "d9130a2dfdd4", "5.14.4", "5.10.65"),
            "the guest's write of TSC_ADJUST leads to a new kvmclock page"),
    CLOCK_REALTIME(
            "clockRealtime",
            Versions.since("5.16", "c68dc1b577ea").andIn(Posting.SERIES_V2),
            "KVM_GET_CLOCK and KVM_SET_CLOCK know real time and the host's TSC"),
    TSC_OFFSET_ATTR(
            "tscOffsetAttr",
            Versions.since("5.16", "828ca89628bf").andIn(Posting.SERIES_V2),
            "a vCPU's TSC offset can be set and read"),
    USER_SET_TSC_GATE(
            "userSetTscGate",
            Versions.since("6.7", "bf328e22e472"),
            "the first TSC write by value to a young guest is honoured, not absorbed into the line of its creation"),
    TRACK_ONLY_ON_CHANGE(
            "trackOnlyOnChange",
            Versions.since("6.8", "c52ffadc65e2"),
            "a TSC write asks for a masterclock update only where that can change the masterclock"),
    RECORDS_GENERATION_EARLY(
            "recordsGenerationEarly",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2 and v3, patch 02/12"),
            "the vCPU that opens a generation is counted a second time when it writes again"),
    GET_TSC_OFFSET_FAILS(
            "getTscOffsetFails",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2, patch 03/12"),
            "reading the TSC offset returns ENXIO with the offset copied out"),
    READS_UNSET_TSC(
            "readsUnsetTsc",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2 to v5, patch 01"),
            "KVM_GET_CLOCK computes with a TSC that it has not read, if the clocksource has left the TSC"),
    REFUSES_OWN_FLAGS(
            "refusesOwnFlags",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2, patch 01/12"),
            "KVM_SET_CLOCK refuses the flags that KVM_GET_CLOCK returns"),
    KEEPS_LINE_ON_MATCH(
            "keepsLineOnMatch",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 16"),
            "a vCPU's creation between two writes by value does not spoil the one-second window"),
    ZERO_IS_A_VALUE(
            "zeroIsAValue", Versions.in(Posting.CORRECTED, "in no kernel"), "a host write of 0 sets the TSC to 0"),
    VM_TSC_KHZ_FIRST(
            "vmTscKhzFirst",
            Versions.since("6.17", "dcbe5a466c12"),
            "KVM_SET_TSC_KHZ on the VM is refused once there is a vCPU"),
    SYNCHRONIZES_ON_KHZ(
            "synchronizesOnKhz",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 27"),
            "a vCPU's TSC goes on from where it is when its rate is set"),
    REFUSAL_KEEPS_KHZ(
            "refusalKeepsKhz",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "a refused KVM_SET_TSC_KHZ leaves the rate as it was"),
    MATCHES_OFFSETS(
            "matchesOffsets",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patches 18 and 19"),
            "vCPUs with equal offsets are matched, however they came to them"),
    MASTER_CLOCK_AT_CREATION(
            "masterClockAtCreation",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 5"),
            "KVM_GET_CLOCK returns the host's TSC before a vCPU has run"),
    CLOCK_IN_GUEST_RATE(
            "clockInGuestRate",
            Versions.in(Posting.CORRECTED, "abdef42276d8, in no release"),
            "KVM_GET_CLOCK computes the clock at the guest's rate, as the guest does"),
    CLOCK_FALLS_BACK(
            "clockFallsBack",
            Versions.in(Posting.CORRECTED, "25f75fb43fd5, in no release"),
            "KVM_GET_CLOCK takes the base clock once the host's clocksource has left the TSC"),
    RATES_IN_HZ(
            "ratesInHz",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 2"),
            "kvmclock's page has the rate to the hertz"),
    SIGNED_CATCH_UP(
            "signedCatchUp",
            Versions.in(Posting.CORRECTED, "d9173f59df3a, in no release"),
            "catching up does not take a small negative difference for a huge one"),
    ONE_UPDATE(
            "oneUpdate",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 24"),
            "one vCPU performs a masterclock update for all"),
    RESUME_MOVES_LINE(
            "resumeMovesLine",
            Versions.in(Posting.CORRECTED, "posted only: the clock-mess series v6, patch 17"),
            "a vCPU created after the host's suspend joins the line of the others"),
    GUEST_WRITE_ASKS(
            "guestWriteAsks",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "the guest's write of its TSC leads to a new kvmclock page"),
    TSC_WRITE_ASKS(
            "tscWriteAsks",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "a host write of the TSC leads to a new kvmclock page"),
    SYSTEM_COUNTER_STATE(
            Arch.ARM64,
            "systemCounterState",
            Versions.in(Posting.SERIES_V1, "posted only: the series v1"),
            "KVM_SET_SYSTEM_COUNTER_STATE gives one vCPU its offsets"),
    TRAPS_IN_IOCTL(
            Arch.ARM64,
            "trapsInIoctl",
            Versions.in(Posting.SERIES_V1, "posted only: the series v1"),
            "the traps of the physical counter are written once, on one CPU"),
    TIMER_OFFSET_ATTRS(
            Arch.ARM64,
            "timerOffsetAttrs",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2 and v3"),
            "a counter's offset is an attribute of a vCPU, and set for all of them"),
    GET_VTIMER_FALLS_THROUGH(
            Arch.ARM64,
            "getVtimerFallsThrough",
            Versions.in(Posting.SERIES_V2, "posted only: the series v2 and v3"),
            "reading the virtual counter's offset returns the physical one's"),
    OFFSETS_OF_VM(
            Arch.ARM64,
            "offsetsOfVm",
            Versions.since("6.3", "47053904e182"),
            "a counter's offset is the VM's, and set in one step"),
    SET_COUNTER_OFFSET(
            Arch.ARM64,
            "setCounterOffset",
            Versions.since("6.4", "30ec7997d175"),
            "KVM_ARM_SET_COUNTER_OFFSET sets both counters of the VM"),
    PTIMER_CNT(
            Arch.ARM64,
            "ptimerCnt",
            Versions.since("6.4", "680232a94c12"),
            "the physical counter can be read and set by value"),
    USES_CNTPOFF(
            Arch.ARM64,
            "usesCntpoff",
            Versions.since("6.4", "v4 of Marc Zyngier's patches, March 2023"),
            "CNTPOFF_EL2 spares the traps of the physical counter"),
    TRAPS_AT_LOAD(
            Arch.ARM64,
            "trapsAtLoad",
            Versions.since("6.4", "v4 of Marc Zyngier's patches, March 2023"),
            "the traps are set up when a vCPU is loaded"),
    FLIPS_CVAL(
            Arch.ARM64,
            "flipsCval",
            Versions.since("6.6", "9404673293b0"),
            "the guest's timer is compared with the right counter while the host runs"),
    CVAL_CANNOT_WRAP(
            Arch.ARM64,
            "cvalCannotWrap",
            Versions.since("7.4", "49930b1b557c", "7.3.4", "6.12.118"),
            "a compare value that wraps is programmed as now or never"),
    CREATION_KEEPS_LINE(
            Arch.ARM64,
            "creationKeepsLine",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "a vCPU that is created late does not rewind the others"),
    SET_NEEDS_ALL_VCPUS(
            Arch.ARM64,
            "setNeedsAllVcpus",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "a counter cannot be set by value while a vCPU is in KVM_RUN"),
    IGNORED_WRITE_FAILS(
            Arch.ARM64,
            "ignoredWriteFails",
            Versions.in(Posting.CORRECTED, "in no kernel"),
            "setting a counter by value fails once KVM_ARM_SET_COUNTER_OFFSET was used");

    private final Arch arch;
    private final String specName;
    private final Versions versions;
    private final String meaning;

    Switch(String specName, Versions versions, String meaning) {
        this(Arch.X86, specName, versions, meaning);
    }

    Switch(Arch arch, String specName, Versions versions, String meaning) {
        this.arch = arch;
        this.specName = specName;
        this.versions = versions;
        this.meaning = meaning;
    }

    /** The architecture whose KVM it changes. */
    public Arch arch() {
        return arch;
    }

    /** The name in the specification and in reports. */
    public String specName() {
        return specName;
    }

    /** The kernels in which it is on, and the commit or patch. */
    public Versions versions() {
        return versions;
    }

    /** Whether it is on in a release with a posting on it, or none. */
    boolean isOn(Release release, @Nullable Posting posting) {
        return versions.areOn(release, posting);
    }

    /** What the kernel does where the switch is on, as one clause. */
    public String meaning() {
        return meaning;
    }
}
