package dev.longitude.evaluator;

import static java.util.Objects.requireNonNull;

import dev.longitude.evaluator.Expression.Condition;
import dev.longitude.evaluator.Expression.Constant;
import dev.longitude.evaluator.Expression.Word;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import tla2sany.semantic.StringNode;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** The code of each TLA+ construct that has a value, built from the code of its parts. */
final class ExpressionCode {
    private ExpressionCode() {}

    /** A variable of the present or, primed, of the next state. */
    static Expression variable(UniqueString name, boolean primed) {
        int place = name.getVarLoc();
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value value = (primed ? frame.then : frame.now)[place];
                if (value == null) {
                    throw new IllegalStateException(name + (primed ? "'" : "") + " has no value yet");
                }
                return value;
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** A value that has been bound. */
    static Expression slot(int slot) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return requireNonNull(frame.slots[slot]);
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** An expression that is evaluated once. */
    static Expression kept(Expression inner, int slot) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value value = frame.slots[slot];
                if (value == null) {
                    value = inner.value(frame);
                    frame.slots[slot] = value;
                }
                return value;
            }

            @Override
            boolean isSimple() {
                return true;
            }
        };
    }

    /** An expression that clears its cached values before it is evaluated. */
    static Expression forgetting(List<Integer> kept, Expression body) {
        if (kept.isEmpty() || body.isConstant()) {
            return body;
        }
        int[] those = kept.stream().mapToInt(i -> i).toArray();
        return new Expression() {
            @Override
            Value value(Frame frame) {
                forget(those, frame);
                return body.value(frame);
            }

            @Override
            boolean holds(Frame frame) {
                forget(those, frame);
                return body.holds(frame);
            }

            @Override
            long bits(Frame frame) {
                forget(those, frame);
                return body.bits(frame);
            }
        };
    }

    static void forget(int[] those, Frame frame) {
        for (int slot : those) {
            frame.slots[slot] = null;
        }
    }

    static Expression valued(Function<Frame, Value> value) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return value.apply(frame);
            }
        };
    }

    static Expression word(ToLongFunction<Frame> bits) {
        return new Word() {
            @Override
            long bits(Frame frame) {
                return bits.applyAsLong(frame);
            }
        };
    }

    static Expression condition(Predicate<Frame> holds) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return holds.test(frame);
            }
        };
    }

    static Expression and(Expression... all) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Expression each : all) {
                    if (!each.holds(frame)) {
                        return false;
                    }
                }
                return true;
            }
        };
    }

    static Expression or(Expression... all) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Expression each : all) {
                    if (each.holds(frame)) {
                        return true;
                    }
                }
                return false;
            }
        };
    }

    static Expression not(Expression inner) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return !inner.holds(frame);
            }
        };
    }

    static Expression either(Expression[] parts) {
        return new Expression() {
            private Expression one(Frame frame) {
                return parts[parts[0].holds(frame) ? 1 : 2];
            }

            @Override
            Value value(Frame frame) {
                return one(frame).value(frame);
            }

            @Override
            boolean holds(Frame frame) {
                return one(frame).holds(frame);
            }

            @Override
            long bits(Frame frame) {
                return one(frame).bits(frame);
            }
        };
    }

    static Expression changed(Expression base, Expression[] path, int slot, Expression there) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return changed(base.value(frame), 0, frame);
            }

            private Value changed(Value value, int depth, Frame frame) {
                if (depth == path.length) {
                    frame.slots[slot] = value;
                    return there.value(frame);
                }
                Value key = path[depth].value(frame);
                if (key instanceof StringValue string && value instanceof RecordValue record) {
                    UniqueString name = string.getVal();
                    Value part = record.values[Values.place(value, name)];
                    return Values.with(value, name, changed(part, depth + 1, frame));
                }
                return Values.hasKey(value, key)
                        ? Values.with(value, key, changed(Values.apply(value, key), depth + 1, frame))
                        : value;
            }
        };
    }

    static Expression application(Expression[] parts) {
        Expression function = parts[0];
        Expression key = parts[1];
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return Values.apply(function.value(frame), key.value(frame));
            }
        };
    }

    static Expression selection(Expression record, StringNode field) {
        UniqueString name = field.getRep();
        return new Expression() {
            // Where the field was in the last record: nearly always it is there again. (Threads may share this.)
            private int last;

            @Override
            Value value(Frame frame) {
                Value value = record.value(frame);
                int place = last;
                if (value instanceof RecordValue in && place < in.names.length && in.names[place] == name) {
                    return in.values[place];
                }
                place = Values.place(value, name);
                last = place;
                return ((RecordValue) value).values[place];
            }
        };
    }

    static Expression tuple(Expression[] parts) {
        return folded(
                new Expression() {
                    @Override
                    Value value(Frame frame) {
                        return new TupleValue(values(parts, frame));
                    }
                },
                parts);
    }

    static Expression set(Expression[] parts) {
        return folded(
                new Expression() {
                    @Override
                    Value value(Frame frame) {
                        return Values.setOf(values(parts, frame));
                    }

                    @Override
                    Value[] elements(Frame frame) {
                        return parts.length == 1 ? values(parts, frame) : super.elements(frame);
                    }
                },
                parts);
    }

    static Value[] values(Expression[] parts, Frame frame) {
        Value[] values = new Value[parts.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = parts[i].value(frame);
        }
        return values;
    }

    /** Folds an expression of constants to a constant. */
    static Expression folded(Expression whole, Expression... parts) {
        return Arrays.stream(parts).allMatch(Expression::isConstant)
                ? new Constant(whole.value(Frame.of(State.EMPTY, 0)))
                : whole;
    }

    /** DOMAIN of a function. */
    static final class Domain extends Expression {
        private final Expression function;

        Domain(Expression function) {
            this.function = function;
        }

        @Override
        Value value(Frame frame) {
            return Values.sorted(elements(frame));
        }

        @Override
        Value[] elements(Frame frame) {
            return Values.keys(function.value(frame));
        }

        @Override
        boolean isSimple() {
            return function.isSimple();
        }
    }

    static Expression union(Expression[] sets) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                return Values.union(Values.set(sets[0].value(frame)), Values.set(sets[1].value(frame)));
            }

            @Override
            Value[] elements(Frame frame) {
                return Values.union(sets[0].elements(frame), sets[1].elements(frame));
            }
        };
    }

    static Expression intersection(Expression[] sets) {
        return valued(frame -> Values.intersection(Values.set(sets[0].value(frame)), Values.set(sets[1].value(frame))));
    }

    /** One set without the elements of another. */
    static final class Difference extends Expression {
        private final Expression one;
        private final Expression other;

        Difference(Expression[] sets) {
            this.one = sets[0];
            this.other = sets[1];
        }

        @Override
        Value value(Frame frame) {
            return Values.difference(Values.set(one.value(frame)), Values.set(other.value(frame)));
        }
    }

    static Expression subset(Expression[] sets) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return Values.isSubset(Values.set(sets[0].value(frame)), Values.set(sets[1].value(frame)));
            }
        };
    }

    static Expression equal(Expression[] sides, boolean symbolic) {
        Expression left = sides[0];
        Expression right = sides[1];
        if (right instanceof Constant constant && constant.value instanceof StringValue string) {
            return condition(frame -> left.value(frame) instanceof StringValue other
                    ? other.getVal() == string.getVal()
                    : string.equals(left.value(frame)));
        }
        if (left instanceof Word || right instanceof Word) {
            return new Condition() {
                @Override
                boolean holds(Frame frame) {
                    return left.bits(frame) == right.bits(frame);
                }
            };
        }
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return same(symbolic, left.value(frame), right.value(frame));
            }
        };
    }

    /** (Without unknown words, there is no search for them.) */
    static boolean same(boolean symbolic, Value one, Value other) {
        return symbolic ? SymbolicWords.same(one, other) : one.equals(other);
    }

    static Expression unchanged(int[] places, boolean symbolic) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (int place : places) {
                    Value then = requireNonNull(frame.then[place], "an unchanged variable has no value yet");
                    Value now = frame.now[place];
                    if (now == null || !same(symbolic, then, now)) {
                        return false;
                    }
                }
                return true;
            }
        };
    }

    static Expression in(Expression value, Expression set) {
        if (set instanceof Domain domain) {
            return new Condition() {
                @Override
                boolean holds(Frame frame) {
                    return Values.hasKey(domain.function.value(frame), value.value(frame));
                }
            };
        }
        if (set instanceof Difference difference && value.isSimple()) {
            return and(in(value, difference.one), not(in(value, difference.other)));
        }
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                return Values.isIn(value.value(frame), set.value(frame));
            }
        };
    }
}
