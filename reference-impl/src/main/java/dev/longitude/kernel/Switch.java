package dev.longitude.kernel;

/**
 * One behaviour of KVM that changed between kernel versions, or that somebody has proposed to change. The constants
 * mirror the fields of the records in {@code spec/Kernels.tla}, name for name.
 */
public enum Switch {
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
            "vCPUs with equal offsets are matched, however they came to them");

    private final String specName;
    private final String source;
    private final String meaning;

    Switch(String specName, String source, String meaning) {
        this.specName = specName;
        this.source = source;
        this.meaning = meaning;
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
