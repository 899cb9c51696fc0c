package dev.longitude.gallery;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Locale;

/** Where a fault may be caught. */
public enum Leg {
    /** A model of the specification must fail. */
    SPECIFICATION,
    /** A scenario of the reference implementation differs without the fault. */
    IMPLEMENTATION,
    /** A trace or a recording is refused by a kernel without the fault. */
    TRACE,
    /** A recipe fails in the matrix. */
    RECIPE;

    /** As the file and the pages name it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    @JsonCreator
    static Leg of(String name) {
        for (Leg leg : values()) {
            if (leg.toString().equals(name)) {
                return leg;
            }
        }
        throw new IllegalArgumentException("no leg: " + name);
    }
}
