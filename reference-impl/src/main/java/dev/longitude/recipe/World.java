package dev.longitude.recipe;

import dev.longitude.kernel.Arch;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The circumstances of a migration, as {@code spec/Migration.tla} defines them. */
public enum World {
    /** Counters of one rate, real-time clocks as close to each other as the recipe requires, an old guest. */
    USUAL("usual"),
    /** The destination's counter has almost the same rate: within tsc_tolerance_ppm KVM does not scale. */
    NEAR_RATE("near-rate"),
    /** The destination's counter is faster or slower, and its hardware scales. */
    OTHER_RATE("other-rate"),
    /** The destination's counter is faster or slower, and its hardware cannot scale. */
    CANNOT_SCALE("cannot-scale"),
    /** The new VM is on the source's host. */
    SAME_HOST("same-host"),
    /** The destination's CLOCK_REALTIME was stepped: it is off by more than the blackout, ahead or behind. */
    STEPPED_CLOCK("stepped-clock"),
    /** The guest is a second old, or less, when it is saved. */
    YOUNG_GUEST("young-guest"),
    /** The blackout lasts for less than the second within which KVM treats two writes of a TSC as one. */
    SHORT("short");

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

    /** Whether the destination's counter has another rate than the source's. */
    public boolean changesRate() {
        return this == NEAR_RATE || this == OTHER_RATE || this == CANNOT_SCALE;
    }

    /**
     * Why a recipe cannot show there anything that it does not show in {@link #USUAL}, if so.
     *
     * @param recipe as its file describes it
     */
    Optional<String> sameAsUsualFor(Recipe recipe) {
        return switch (this) {
            case USUAL -> Optional.empty();
            case NEAR_RATE, OTHER_RATE, CANNOT_SCALE ->
                recipe.arch() == Arch.ARM64
                        ? Optional.of("KVM does not scale a counter on aarch64")
                        : unless(recipe.moves(), "the VM stays on its host");
            case SAME_HOST ->
                recipe.moves()
                        ? unless(recipe.usesHostCounter(), "the recipe uses no value of a host's counter")
                        : Optional.of("the VM stays where it is");
            case STEPPED_CLOCK -> unless(recipe.usesRealtime(), "the recipe does not use CLOCK_REALTIME");
            case YOUNG_GUEST -> unless(recipe.arch() == Arch.X86, "KVM on aarch64 treats a young guest like any other");
            case SHORT ->
                unless(
                        recipe.goesByWallClocks() || (recipe.arch() == Arch.X86 && !recipe.moves()),
                        "neither KVM nor the recipe compares the blackout with anything");
        };
    }

    private static Optional<String> unless(boolean differs, String why) {
        return differs ? Optional.empty() : Optional.of(why);
    }

    @Override
    public String toString() {
        return specName;
    }
}
