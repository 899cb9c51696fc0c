package dev.longitude.unknowns;

import java.util.stream.LongStream;

/** The seeds of a randomised test: one to repeat a run, otherwise from 1 on. */
final class Seeds {
    private Seeds() {}

    /**
     * @param usual how many by default; {@code -Dunknowns.seeds=N} runs N times as many, {@code -Dunknowns.seed=S} only
     *     S
     */
    static LongStream of(long usual) {
        Long one = Long.getLong("unknowns.seed");
        return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, usual * Long.getLong("unknowns.seeds", 1));
    }
}
