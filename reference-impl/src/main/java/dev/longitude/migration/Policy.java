package dev.longitude.migration;

/** What a guest's counter does over the blackout of a migration. */
public enum Policy {
    /** It goes on, as if the guest had run. */
    ADVANCE,
    /** It goes on where it was. */
    FREEZE
}
