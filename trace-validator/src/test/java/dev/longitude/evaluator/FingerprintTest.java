package dev.longitude.evaluator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

class FingerprintTest {
    private final Fingerprint fingerprints = new Fingerprint();

    private static Value[] values(Value... values) {
        return values;
    }

    private static Value set(int... numbers) {
        Value[] elements = new Value[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            elements[i] = IntValue.gen(numbers[i]);
        }
        return new SetEnumValue(elements, false);
    }

    /** A value of each kind that states contain, new at each call; none is like another. */
    private static Value[] parts(int number) {
        return new Value[] {
            IntValue.gen(number),
            number == 1 ? BoolValue.ValTrue : BoolValue.ValFalse,
            new StringValue("text" + number),
            new TupleValue(values(IntValue.gen(number), IntValue.gen(5))),
            set(0, number),
            new FcnRcdValue(values(IntValue.gen(0), IntValue.gen(7)), values(IntValue.gen(number), set(1)), true),
            new RecordValue(
                    new UniqueString[] {UniqueString.uniqueStringOf("a"), UniqueString.uniqueStringOf("b")},
                    values(IntValue.gen(number), set(2)),
                    false)
        };
    }

    @Test
    void equalValuesHaveOneAndOthersHaveOthers() {
        for (int i = 0; i < parts(1).length; i++) {
            long print = fingerprints.of(parts(1)[i]);
            assertThat(new Fingerprint().of(parts(1)[i])).as("part %s", i).isEqualTo(print);
            assertThat(fingerprints.of(parts(2)[i])).as("part %s", i).isNotEqualTo(print);
            for (int j = 0; j < i; j++) {
                assertThat(fingerprints.of(parts(1)[j])).isNotEqualTo(print);
            }
        }
    }

    @Test
    void whatTheOrderOfPartsMeansDependsOnTheKind() {
        assertThat(fingerprints.of(set(3, 1, 1))).isEqualTo(fingerprints.of(set(1, 3)));
        assertThat(fingerprints.of(new TupleValue(values(IntValue.gen(1), IntValue.gen(3)))))
                .isNotEqualTo(fingerprints.of(new TupleValue(values(IntValue.gen(3), IntValue.gen(1)))));
    }

    @Test
    void tuplesAndRecordsAreFunctions() {
        assertThat(fingerprints.of(new TupleValue(values(IntValue.gen(4), set(9)))))
                .isEqualTo(fingerprints.of(new FcnRcdValue(
                        values(IntValue.gen(2), IntValue.gen(1)), values(set(9), IntValue.gen(4)), false)));
        assertThat(fingerprints.of(parts(1)[6]))
                .isEqualTo(fingerprints.of(new FcnRcdValue(
                        values(new StringValue("b"), new StringValue("a")), values(set(2), IntValue.gen(1)), false)));
    }

    @Test
    void aViewHasTheFingerprintOfItsValue() {
        Value[] one = parts(1);
        Value[] other = parts(2);
        for (int i = 0; i < 3 * one.length; i++) { // (the same objects come again, as those of a state do)
            Value[] mixed = one.clone();
            mixed[i % one.length] = other[i % one.length];
            Value view = new TupleValue(values(new TupleValue(mixed), TupleValue.EmptyTuple, IntValue.gen(i)));
            assertThat(fingerprints.ofView(view)).isEqualTo(new Fingerprint().of(view));
        }
    }
}
