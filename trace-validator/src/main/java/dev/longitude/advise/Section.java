package dev.longitude.advise;

import java.util.Locale;

/** A part of a recipe's file that lists steps. */
enum Section {
    /** Before the guest first runs. */
    BOOT,
    /** On the source. */
    SAVE,
    /** On the destination, until the guest runs again. */
    RESTORE;

    /** The key in the file. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
