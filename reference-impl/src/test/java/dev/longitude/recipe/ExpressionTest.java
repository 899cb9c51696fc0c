package dev.longitude.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a VMM's arithmetic may look like. */
class ExpressionTest {
    private static Expression sum(Expression left, Expression right, boolean minus) {
        return new Expression.Sum(left, right, minus);
    }

    private static Expression saved(String name) {
        return new Expression.Saved(name, null);
    }

    @Test
    void sumsGroupToTheLeft() {
        assertThat(Expression.parse(" a-b + 15"))
                .isEqualTo(sum(sum(saved("a"), saved("b"), true), new Expression.Literal(15), false));
        assertThat(Expression.parse("a - (b + 0)"))
                .isEqualTo(sum(saved("a"), sum(saved("b"), new Expression.Literal(0), false), true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "z", "A", "Z", "a09", "aZ.zA"})
    void aNameHasLettersDigitsAndAField(String name) {
        assertThat(Expression.parse(name)).isEqualTo(saved(name));
        assertThat(Expression.parse(name + "[3]")).isEqualTo(new Expression.Saved(name, 3));
    }

    @Test
    void aFunctionHasAnArgumentAndOneOfThemABit() {
        assertThat(Expression.parse("cycles(a)"))
                .isEqualTo(new Expression.Call(Expression.Function.CYCLES, saved("a"), 0));
        assertThat(Expression.parse("without(a, 8)"))
                .isEqualTo(new Expression.Call(Expression.Function.WITHOUT, saved("a"), 8));
    }

    @Test
    void everySavedValueIsPassedOn() {
        List<String> names = new ArrayList<>();
        Expression.parse("1 + scaled(a - b[0]) - (c.d)").forEachSaved(s -> names.add(s.name()));
        assertThat(names).containsExactly("a", "b", "c.d");
    }

    /** Twenty levels, of which the expression itself is one; beside each other there may be more. */
    @Test
    void parenthesesAreNestedToALimit() {
        assertThat(Expression.parse("(".repeat(19) + "1" + ")".repeat(19))).isEqualTo(new Expression.Literal(1));
        assertThatThrownBy(() -> Expression.parse("(".repeat(20) + "1" + ")".repeat(20)))
                .hasMessage("nested too deeply");
        assertThat(Expression.parse("(1)" + " + (1)".repeat(40))).isInstanceOf(Expression.Sum.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            ""          | after 0 characters: expected a number, a name or '(', found the end
            "_"         | after 0 characters: expected a number, a name or '(', found '_'
            "`"         | after 0 characters: expected a number, a name or '(', found '`'
            "{"         | after 0 characters: expected a number, a name or '(', found '{'
            "@"         | after 0 characters: expected a number, a name or '(', found '@'
            "["         | after 0 characters: expected a number, a name or '(', found '['
            "/"         | after 0 characters: expected a number, a name or '(', found '/'
            ":"         | after 0 characters: expected a number, a name or '(', found ':'
            "a b"       | after 2 characters: expected the end, '+' or '-', found 'b'
            "(a"        | after 2 characters: expected ')', found the end
            "a[0"       | after 3 characters: expected ']', found the end
            "a[b]"      | after 2 characters: expected a number from 0 to 15, found 'b'
            "16"        | after 0 characters: expected a number from 0 to 15, found '16'
            "015"       | after 0 characters: expected a number from 0 to 15, found '015'
            "cycles(a"  | after 8 characters: expected ')', found the end
            "without(a)" | after 9 characters: expected ',', found ')'
            "half(a)"   | after 0 characters: expected one of the functions cycles, scaled, atLeast0, without, found 'half'
            "without(a, 3)" | after 11 characters: expected a bit: 1, 2, 4 or 8, found '3'
            """)
    void aFaultSaysWhereAndWhatWouldBeRight(String text, String message) {
        assertThatThrownBy(() -> Expression.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
