package dev.longitude.kernel;

/**
 * One behaviour of KVM that changed between kernel versions. The constants mirror the fields of the records in {@code
 * spec/Kernels.tla}, name for name.
 */
public enum Switch {
    /**
     * A host write of the TSC by value joins the current generation only if userspace has set the TSC before. Without
     * it the first write to a guest less than a second old is taken for a late part of its creation, and the written
     * value is dropped. Linux 6.7, commit bf328e22e472.
     */
    USER_SET_TSC_GATE(
            "userSetTscGate",
            "6.7",
            "bf328e22e472",
            "the first TSC write by value to a young guest is honoured, not absorbed into the line of its creation"),

    /**
     * After a TSC write the masterclock is re-evaluated only where that can change it: for a new generation while it
     * is on, or where its state is not the wanted one. Without it every write asks for an update while the masterclock
     * is on. Linux 6.8, commit c52ffadc65e2.
     */
    TRACK_ONLY_ON_CHANGE(
            "trackOnlyOnChange",
            "6.8",
            "c52ffadc65e2",
            "a TSC write asks for a masterclock update only where that can change the masterclock");

    private final String specName;
    private final String since;
    private final String commit;
    private final String meaning;

    Switch(String specName, String since, String commit, String meaning) {
        this.specName = specName;
        this.since = since;
        this.commit = commit;
        this.meaning = meaning;
    }

    /** The name in the specification and in reports. */
    public String specName() {
        return specName;
    }

    /** The first Linux release with this behaviour, such as {@code 6.7}. */
    public String since() {
        return since;
    }

    /** The commit that brought it, abbreviated. */
    public String commit() {
        return commit;
    }

    /** What the kernel does where the switch is on, as one clause. */
    public String meaning() {
        return meaning;
    }
}
