package dev.longitude.evaluator;

import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;

/** The meanings of names at a place of a specification. TLC's parser gives each name a node of its own. */
final class Scope {
    /** The scope of the root module's definitions. */
    static final Scope ROOT = new Scope(null, null, null);

    private final @Nullable Scope outer;
    private final @Nullable SemanticNode name;
    private final @Nullable Meaning meaning;

    private Scope(@Nullable Scope outer, @Nullable SemanticNode name, @Nullable Meaning meaning) {
        this.outer = outer;
        this.name = name;
        this.meaning = meaning;
    }

    /** The meaning of a name. */
    sealed interface Meaning {}

    /** A value. */
    record BoundName(int slot) implements Meaning {}

    /** An operator with arguments. */
    record DefinedOperator(OpDefNode definition, Scope scope) implements Meaning {}

    /** An expression: an argument, a definition of a LET, or what an instance substitutes for a variable. */
    static final class NamedExpression implements Meaning {
        final ExprOrOpArgNode node;
        final Scope scope;

        /** The slot of its value; -1 if that depends on the next state. */
        final int slot;

        /** The compiled expression in the present state, after its first use. */
        @Nullable
        Expression compiled;

        NamedExpression(ExprOrOpArgNode node, Scope scope, int slot) {
            this.node = node;
            this.scope = scope;
            this.slot = slot;
        }
    }

    Scope with(SemanticNode inner, Meaning its) {
        return new Scope(this, inner, its);
    }

    /** The meaning of a name; null if no operator's scope defines it. */
    @Nullable
    Meaning of(SemanticNode wanted) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (wanted.equals(scope.name)) {
                return scope.meaning;
            }
        }
        return null;
    }
}
