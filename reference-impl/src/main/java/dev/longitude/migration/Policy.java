package dev.longitude.migration;

/** What a guest's counter does over the blackout of a migration. */
public enum Policy {
    /** It advances, as if the guest had run. */
    ADVANCE,
    /** It continues from where it was. */
    FREEZE
}
