package dev.longitude.kernel;

/** A kernel that is no release: patches that were posted or proposed, on a release. */
public enum Posting {
    /** The series' arm64 side as posted in June 2021 (v1), on a kernel of that time. */
    SERIES_V1("series-v1", new Release(5, 13, 0)),
    /** The series as posted in July 2021 (v2), on a kernel of that time. */
    SERIES_V2("series-v2", new Release(5, 14, 0)),
    /** The newest kernel with every correction that was proposed or is known to be needed. */
    CORRECTED("corrected", new Release(99, 0, 0));

    private final String specName;
    private final Release base;

    Posting(String specName, Release base) {
        this.specName = specName;
        this.base = base;
    }

    /** The name in the specification, on the command line and in traces. */
    public String specName() {
        return specName;
    }

    /** The release that it is based on; 99.0 is later than all. */
    public Release base() {
        return base;
    }
}
