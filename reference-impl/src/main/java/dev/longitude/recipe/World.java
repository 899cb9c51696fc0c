package dev.longitude.recipe;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The circumstances of a migration. */
public enum World {
    /** Counters of one rate, real-time clocks as close to each other as the recipe requires, an old guest. */
    USUAL("usual"),
    /** The destination's counter is faster or slower, and its hardware scales. */
    OTHER_RATE("other-rate"),
    /** The destination's CLOCK_REALTIME was stepped: it is off by more than the blackout, ahead or behind. */
    STEPPED_CLOCK("stepped-clock"),
    /** The guest is a second old, or less, when it is saved. */
    YOUNG_GUEST("young-guest");

    private final String specName;

    World(String specName) {
        this.specName = specName;
    }

    /** The name in recipes and reports. */
    public String specName() {
        return specName;
    }

    /** The world of that name, if there is one. */
    public static Optional<World> named(String specName) {
        return Arrays.stream(values()).filter(w -> w.specName.equals(specName)).findFirst();
    }

    /** All names, for messages. */
    public static String names() {
        return Arrays.stream(values()).map(World::specName).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return specName;
    }
}
