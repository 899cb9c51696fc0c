package dev.longitude.evaluator;

import static dev.longitude.evaluator.ExpressionCode.condition;
import static dev.longitude.evaluator.ExpressionCode.valued;
import static dev.longitude.evaluator.ExpressionCode.word;

import org.jspecify.annotations.Nullable;

/** The code of the operators of {@link Words64}, on known words and on words that may be unknown. */
final class WordOperators {
    private WordOperators() {}

    /** On known words; null if there is no such operator. */
    static @Nullable Expression known(String name, Expression[] args) {
        return switch (name) {
            case "IsWord64" -> isWord(args[0]);
            case "SecondInCycles64" -> word(frame -> args[0].number(frame) * 1000L);
            case "PvclockMul64" -> valued(frame -> Words64.pvclockMul(args[0].value(frame)));
            case "PvclockShift64" -> valued(frame -> Words64.pvclockShift(args[0].value(frame)));
            case "Add64" -> word(frame -> args[0].bits(frame) + args[1].bits(frame));
            case "Sub64" -> word(frame -> args[0].bits(frame) - args[1].bits(frame));
            case "Less64" -> condition(frame -> Long.compareUnsigned(args[0].bits(frame), args[1].bits(frame)) < 0);
            case "Before64" -> condition(frame -> args[0].bits(frame) - args[1].bits(frame) < 0);
            case "SameNs64" -> condition(frame -> Words64.sameNs(args[0].bits(frame), args[1].bits(frame)));
            case "KeepsPace64" ->
                condition(frame -> Words64.keepsPace(args[0].number(frame), args[1].bits(frame), args[2].bits(frame)));
            case "CyclesToNs64" -> word(frame -> Words64.cyclesToNs(args[0].number(frame), args[1].bits(frame)));
            case "NsToCycles64" -> word(frame -> Words64.nsToCycles(args[0].number(frame), args[1].bits(frame)));
            case "PvclockNs64" ->
                word(frame -> Words64.scaleDelta(args[2].bits(frame), args[0].bits(frame), args[1].number(frame)));
            case "Scale64" ->
                word(frame -> Words64.scale(args[0].number(frame), args[1].bits(frame), args[2].bits(frame)));
            default -> null;
        };
    }

    private static Expression isWord(Expression word) {
        return condition(frame -> Words64.isWord(word.value(frame)).val);
    }

    /** The same on {@linkplain SymbolicWords words that may be unknown}. */
    static @Nullable Expression symbolic(String name, Expression[] args) {
        return switch (name) {
            case "IsWord64" -> isWord(args[0]);
            case "Add64" -> valued(frame -> SymbolicWords.add(args[0].value(frame), args[1].value(frame)));
            case "Sub64" -> valued(frame -> SymbolicWords.sub(args[0].value(frame), args[1].value(frame)));
            case "Less64" -> condition(frame -> SymbolicWords.less(args[0].value(frame), args[1].value(frame)));
            case "Before64" -> condition(frame -> SymbolicWords.before(args[0].value(frame), args[1].value(frame)));
            case "SameNs64" -> condition(frame -> SymbolicWords.sameNs(args[0].value(frame), args[1].value(frame)));
            case "KeepsPace64" ->
                condition(frame ->
                        SymbolicWords.keepsPace(args[0].number(frame), args[1].value(frame), args[2].value(frame)));
            case "CyclesToNs64" ->
                valued(frame -> SymbolicWords.cyclesToNs(args[0].number(frame), args[1].value(frame)));
            case "NsToCycles64" ->
                valued(frame -> SymbolicWords.nsToCycles(args[0].number(frame), args[1].value(frame)));
            case "PvclockNs64" ->
                valued(frame ->
                        SymbolicWords.pvclockNs(args[0].value(frame), args[1].number(frame), args[2].value(frame)));
            case "Scale64" ->
                valued(frame -> SymbolicWords.scale(args[0].number(frame), args[1].value(frame), args[2].value(frame)));
            default -> null;
        };
    }
}
