package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.properties.Reproducible;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.SyncWindow;
import dev.longitude.x86.TimeScale;
import dev.longitude.x86.TscScaling;
import java.math.BigInteger;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Each encoding is its method: otherwise a proof would be of something else. */
@AddLifecycleHook(Reproducible.class)
class EncodingProperties {
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term C = Term.word("c");

    /** Words of every size, and those at the ends. */
    @Provide
    Arbitrary<Long> words() {
        return Arbitraries.oneOf(
                Arbitraries.longs(),
                Arbitraries.longs().between(-2, 2),
                Arbitraries.integers().between(0, 63).map(bit -> 1L << bit),
                Arbitraries.integers().between(0, 63).map(bit -> (1L << bit) - 1));
    }

    private static Computation at(long a, long b, long c) {
        return new Computation(Map.of("a", unsigned(a), "b", unsigned(b), "c", unsigned(c)));
    }

    @Property
    void scaled(@ForAll("words") long cycles, @ForAll("words") long ratio) {
        for (TscScaling scaling : new TscScaling[] {TscScaling.INTEL, TscScaling.AMD}) {
            BigInteger encoded = at(cycles, ratio, 0).of(Encodings.scaled(A, B, scaling.fracBits()));
            assertThat(encoded).isEqualTo(unsigned(scaling.scale(cycles, ratio)));
        }
    }

    @Property
    void inWindow(@ForAll("words") long value, @ForAll("words") long expected, @ForAll("words") long hz) {
        assertThat(at(value, expected, hz).holds(Encodings.inWindow(A, B, C)))
                .isEqualTo(SyncWindow.contains(value, expected, hz));
    }

    @Property
    void converted(
            @ForAll("words") long delta,
            @ForAll @LongRange(min = 0, max = (1L << 32) - 1) long mult,
            @ForAll @IntRange(min = -32, max = 32) int shift) {
        Computation computation = new Computation(Map.of("a", unsigned(delta), "mult", unsigned(mult)));
        assertThat(computation.of(Encodings.converted(A, Term.word("mult", 32), shift)))
                .isEqualTo(unsigned(new TimeScale(mult, shift).apply(delta)));
    }

    @Property
    void clockAt(
            @ForAll("words") long tsc,
            @ForAll("words") long stamp,
            @ForAll("words") long time,
            @ForAll @LongRange(min = 0, max = (1L << 32) - 1) long mult,
            @ForAll @IntRange(min = -32, max = 32) int shift) {
        Computation computation = new Computation(
                Map.of("a", unsigned(tsc), "b", unsigned(stamp), "c", unsigned(time), "mult", unsigned(mult)));
        assertThat(computation.of(Encodings.clockAt(A, B, C, Term.word("mult", 32), shift)))
                .isEqualTo(unsigned(new PvclockPage.Contents(stamp, time, new TimeScale(mult, shift), 0).at(tsc)));
    }

    /** Generated only, not proved; {@code TimeScaleTest} has the worst input. */
    @Property
    void aMultiplierIsAtLeastAHalfButForOneUnit(
            @ForAll @LongRange(min = 1, max = 1L << 40) long scaledHz,
            @ForAll @LongRange(min = 1, max = 1L << 40) long baseHz) {
        Assume.that(baseHz >> 32 <= scaledHz && scaledHz >> 31 <= baseHz);
        assertThat(TimeScale.of(scaledHz, baseHz).mult()).isGreaterThanOrEqualTo((1L << 31) - 1);
    }
}
