package dev.longitude.recipe;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of a VMM, on words modulo 2^64: numbers, saved values, sums and differences, and a few functions.
 *
 * <pre>
 * expression = term { ("+" | "-") term }
 * term       = number | name [ "." field ] [ "[" vCPU "]" ] | function "(" expression [ "," number ] ")"
 *            | "(" expression ")"
 * </pre>
 */
public sealed interface Expression {
    /** A number. */
    record Literal(int value) implements Expression {}

    /**
     * A saved value.
     *
     * @param name the step's name for it, with the field where it has fields
     * @param vcpu the vCPU that saved it; null: the vCPU that the step is for, or the VM
     */
    record Saved(String name, @Nullable Integer vcpu) implements Expression {}

    /** A sum, or a difference. */
    record Sum(Expression left, Expression right, boolean minus) implements Expression {}

    /** A function of one expression; {@code number} is for {@link Function#WITHOUT}. */
    record Call(Function function, Expression of, int number) implements Expression {}

    /** The functions. */
    enum Function {
        /** Converts ns to cycles of the guest's counter. */
        CYCLES("cycles"),
        /** A value of the host's counter as the guest sees it, before its offset. */
        SCALED("scaled"),
        /** 0 for a negative value. */
        AT_LEAST_0("atLeast0"),
        /** Flags without one of their bits. */
        WITHOUT("without");

        private final String specName;

        Function(String specName) {
            this.specName = specName;
        }

        /** The name in recipes and the specification. */
        public String specName() {
            return specName;
        }
    }

    /** The largest number in a recipe: the models' words are short. */
    int MOST = 15;

    /** Passes every saved value in it to {@code what}. */
    default void forEachSaved(Consumer<Saved> what) {
        if (this instanceof Saved saved) {
            what.accept(saved);
        } else if (this instanceof Sum sum) {
            sum.left().forEachSaved(what);
            sum.right().forEachSaved(what);
        } else if (this instanceof Call call) {
            call.of().forEachSaved(what);
        }
    }

    /**
     * Reads an expression.
     *
     * @throws IllegalArgumentException with the fault, and after how many characters it is
     */
    static Expression parse(String text) {
        return new Parser(text).whole();
    }

    /** A recursive descent through the grammar above. */
    final class Parser {
        private static final ImmutableSet<Character> OPERATORS = ImmutableSet.of('+', '-');
        private static final int DEEPEST = 20;

        private final List<String> tokens = new ArrayList<>();
        private final List<Integer> places = new ArrayList<>();
        private int next;
        private int depth;

        private Parser(String text) {
            int i = 0;
            while (i < text.length()) {
                char c = text.charAt(i);
                int from = i;
                if (Character.isWhitespace(c)) {
                    i++;
                    continue;
                }
                if (isWord(c)) {
                    while (i < text.length() && (isWord(text.charAt(i)) || text.charAt(i) == '.')) {
                        i++;
                    }
                } else {
                    i++;
                }
                tokens.add(text.substring(from, i));
                places.add(from);
            }
            tokens.add("");
            places.add(text.length());
        }

        private static boolean isWord(char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        }

        private Expression whole() {
            Expression all = expression();
            if (!peek().isEmpty()) {
                throw wrong("the end, '+' or '-'");
            }
            return all;
        }

        private Expression expression() {
            if (++depth > DEEPEST) {
                throw new IllegalArgumentException("nested too deeply");
            }
            Expression left = term();
            while (!peek().isEmpty() && OPERATORS.contains(peek().charAt(0))) {
                boolean minus = take().equals("-");
                left = new Sum(left, term(), minus);
            }
            depth--;
            return left;
        }

        private Expression term() {
            if (peek().equals("(")) {
                take();
                Expression inner = expression();
                expect(")");
                return inner;
            }
            if (peek().isEmpty() || !isWord(peek().charAt(0))) {
                throw wrong("a number, a name or '('");
            }
            if (Character.isDigit(peek().charAt(0))) {
                return new Literal(number());
            }
            String name = take();
            if (peek().equals("(")) {
                return call(name);
            }
            if (peek().equals("[")) {
                take();
                int vcpu = number();
                expect("]");
                return new Saved(name, vcpu);
            }
            return new Saved(name, null);
        }

        private Expression call(String name) {
            Function function = null;
            for (Function f : Function.values()) {
                if (f.specName().equals(name)) {
                    function = f;
                }
            }
            if (function == null) {
                next--;
                throw wrong("one of the functions cycles, scaled, atLeast0, without");
            }
            take();
            Expression of = expression();
            int number = 0;
            if (function == Function.WITHOUT) {
                expect(",");
                number = number();
                if (Integer.bitCount(number) != 1) {
                    next--;
                    throw wrong("a bit: 1, 2, 4 or 8");
                }
            }
            expect(")");
            return new Call(function, of, number);
        }

        private int number() {
            String text = peek();
            if (!text.matches("\\d{1,2}") || Integer.parseInt(text) > MOST) {
                throw wrong("a number from 0 to " + MOST);
            }
            take();
            return Integer.parseInt(text);
        }

        private void expect(String token) {
            if (!peek().equals(token)) {
                throw wrong("'" + token + "'");
            }
            take();
        }

        private String peek() {
            return tokens.get(next);
        }

        private String take() {
            return tokens.get(next++);
        }

        private IllegalArgumentException wrong(String expected) {
            return new IllegalArgumentException("after " + places.get(next) + " characters: expected " + expected
                    + ", found " + (peek().isEmpty() ? "the end" : "'" + peek() + "'"));
        }
    }
}
