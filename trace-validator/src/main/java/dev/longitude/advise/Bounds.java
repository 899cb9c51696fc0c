package dev.longitude.advise;

/**
 * How far a search goes. All single changes are always tried, and so are pairs of changes of which the second may mend
 * what the first breaks.
 *
 * @param pairs how many other candidates with two changes are tried, the cheapest first
 * @param seconds the most seconds for candidates with two changes of one property; 0: no limit
 */
public record Bounds(int pairs, int seconds) {
    /** By default, and for the committed advice. */
    public static final Bounds USUAL = new Bounds(1_000, 0);
}
