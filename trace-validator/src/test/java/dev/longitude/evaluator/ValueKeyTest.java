package dev.longitude.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

class ValueKeyTest {
    /** A value of each kind that states contain, new at each call. */
    private static Value[] parts(int number) {
        return new Value[] {
            IntValue.gen(number),
            BoolValue.ValTrue,
            Words64.word(-1L - number),
            new SetEnumValue(new Value[] {IntValue.gen(0), IntValue.gen(number)}, false).normalize(),
            new FcnRcdValue(
                    new Value[] {IntValue.gen(0), IntValue.gen(7)},
                    new Value[] {IntValue.gen(number), Words64.word(3)},
                    true)
        };
    }

    private static ValueKey key(Value... parts) {
        return new ValueKey(new TupleValue(new Value[] {new TupleValue(parts), IntValue.gen(1)}));
    }

    @Test
    void equalValuesAreOneKey() {
        assertThat(key(parts(1))).isEqualTo(key(parts(1))).hasSameHashCodeAs(key(parts(1)));
    }

    @Test
    void aValueThatDiffersAnywhereIsAnotherKey() {
        for (int i = 0; i < parts(1).length; i++) {
            Value[] parts = parts(1);
            parts[i] = i == 1 ? BoolValue.ValFalse : parts(2)[i];
            assertThat(key(parts)).as("part %s", i).isNotEqualTo(key(parts(1)));
            assertThat(key(parts).hashCode())
                    .as("part %s", i)
                    .isNotEqualTo(key(parts(1)).hashCode());
        }
    }
}
