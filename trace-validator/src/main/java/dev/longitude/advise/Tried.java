package dev.longitude.advise;

/**
 * What a search has tried.
 *
 * @param single candidates with one change
 * @param pairs candidates with two, besides those combined from what fixes other properties
 * @param judged those of both that no simulated run refuted, and TLC judged
 * @param bounded whether it stopped at a bound
 */
public record Tried(int single, int pairs, int judged, boolean bounded) {
    @Override
    public String toString() {
        return single + " candidates with one change" + (pairs == 0 ? "" : " and " + pairs + " with two")
                + (bounded ? ", not all that there are" : "") + "; simulated runs refuted all but " + judged
                + ", which TLC judged";
    }
}
