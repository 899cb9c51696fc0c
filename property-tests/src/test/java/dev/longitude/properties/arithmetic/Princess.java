package dev.longitude.properties.arithmetic;

import static java.util.Objects.requireNonNull;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sosy_lab.common.ShutdownManager;
import org.sosy_lab.common.configuration.Configuration;
import org.sosy_lab.common.log.LogManager;
import org.sosy_lab.java_smt.SolverContextFactory;
import org.sosy_lab.java_smt.SolverContextFactory.Solvers;
import org.sosy_lab.java_smt.api.BitvectorFormula;
import org.sosy_lab.java_smt.api.BitvectorFormulaManager;
import org.sosy_lab.java_smt.api.BooleanFormula;
import org.sosy_lab.java_smt.api.BooleanFormulaManager;
import org.sosy_lab.java_smt.api.Model;
import org.sosy_lab.java_smt.api.ProverEnvironment;
import org.sosy_lab.java_smt.api.SolverContext;
import org.sosy_lab.java_smt.api.SolverContext.ProverOptions;
import org.sosy_lab.java_smt.api.SolverException;

/** Princess, an SMT solver in Java, on words of fixed width. */
final class Princess implements Solver {
    @Override
    public Result solve(Fact fact) {
        ShutdownManager shutdown = ShutdownManager.create();
        try (SolverContext context = SolverContextFactory.createSolverContext(
                        Configuration.defaultConfiguration(),
                        LogManager.createNullLogManager(),
                        shutdown.getNotifier(),
                        Solvers.PRINCESS);
                ProverEnvironment prover = context.newProverEnvironment(ProverOptions.GENERATE_MODELS)) {
            Encoding encoding = new Encoding(context);
            prover.addConstraint(encoding.of(fact));
            for (BooleanFormula definition : encoding.definitions) {
                prover.addConstraint(definition);
            }
            if (prover.isUnsat()) {
                return new Result(Answer.UNSATISFIABLE, Map.of());
            }
            Map<String, BigInteger> values = new LinkedHashMap<>();
            try (Model model = prover.getModel()) {
                encoding.variables.forEach((name, formula) -> {
                    BigInteger value = model.evaluate(formula);
                    values.put(name, value == null ? BigInteger.ZERO : value);
                });
            }
            return new Result(Answer.SATISFIABLE, values);
        } catch (SolverException e) {
            return new Result(Answer.UNKNOWN, Map.of());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Encoding {
        private final BitvectorFormulaManager words;
        private final BooleanFormulaManager facts;
        private final Map<String, BitvectorFormula> variables = new LinkedHashMap<>();
        private final Map<Term.Quotient, BitvectorFormula> quotients = new HashMap<>();
        private final List<BooleanFormula> definitions = new ArrayList<>();

        Encoding(SolverContext context) {
            words = context.getFormulaManager().getBitvectorFormulaManager();
            facts = context.getFormulaManager().getBooleanFormulaManager();
        }

        BitvectorFormula of(Term term) {
            if (term instanceof Term.Variable variable) {
                return variables.computeIfAbsent(
                        variable.name(), name -> words.makeVariable(variable.width(), "v_" + name));
            } else if (term instanceof Term.Constant constant) {
                return words.makeBitvector(constant.width(), constant.value());
            } else if (term instanceof Term.Binary binary) {
                BitvectorFormula left = of(binary.left());
                BitvectorFormula right = of(binary.right());
                return switch (binary.operator()) {
                    case PLUS -> words.add(left, right);
                    case MINUS -> words.subtract(left, right);
                    case TIMES -> words.multiply(left, right);
                };
            } else if (term instanceof Term.Shift shift) {
                return shifted(of(shift.word()), shift.by(), term.width());
            } else if (term instanceof Term.Resized resized) {
                BitvectorFormula word = of(resized.word());
                int before = resized.word().width();
                return resized.width() > before
                        ? words.extend(word, resized.width() - before, false)
                        : words.extract(word, resized.width() - 1, 0);
            }
            if (term instanceof Term.Quotient quotient) {
                return quotients.containsKey(quotient) ? requireNonNull(quotients.get(quotient)) : defined(quotient);
            }
            Term.Choice choice = (Term.Choice) term;
            return facts.ifThenElse(of(choice.condition()), of(choice.then()), of(choice.otherwise()));
        }

        /** A word of its own: its product with the divisor is at most the dividend, and less than a divisor smaller. */
        private BitvectorFormula defined(Term.Quotient quotient) {
            int width = quotient.width();
            BitvectorFormula word = words.extend(of(quotient.word()), width, false);
            BitvectorFormula divisor = words.extend(of(quotient.divisor()), width, false);
            BitvectorFormula result = words.makeVariable(width, "q_" + definitions.size());
            quotients.put(quotient, result);
            BitvectorFormula product = words.multiply(words.extend(result, width, false), divisor);
            definitions.add(words.lessOrEquals(product, word, false));
            definitions.add(words.lessThan(word, words.add(product, divisor), false));
            return result;
        }

        private BitvectorFormula shifted(BitvectorFormula word, int by, int width) {
            if (Math.abs(by) >= width) {
                return words.makeBitvector(width, 0);
            }
            return by > 0
                    ? words.concat(words.extract(word, width - 1 - by, 0), words.makeBitvector(by, 0))
                    : words.extend(words.extract(word, width - 1, -by), -by, false);
        }

        BooleanFormula of(Fact fact) {
            if (fact instanceof Fact.Comparison comparison) {
                BitvectorFormula left = of(comparison.left());
                BitvectorFormula right = of(comparison.right());
                return switch (comparison.relation()) {
                    case LESS -> words.lessThan(left, right, false);
                    case AT_MOST -> words.lessOrEquals(left, right, false);
                    case EQUAL -> words.equal(left, right);
                };
            } else if (fact instanceof Fact.Not not) {
                return facts.not(of(not.fact()));
            }
            return facts.and(((Fact.All) fact).facts().stream().map(this::of).toList());
        }
    }
}
