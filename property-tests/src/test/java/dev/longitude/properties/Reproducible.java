package dev.longitude.properties;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/**
 * Makes a failed property print how to reproduce it: its seed, and one command. {@code -Dlongitude.seed=...} takes the
 * seed, so the command works on any checkout, without the database of failures. It also writes what the smallest failing
 * sample plays ({@link FailureWitness}).
 */
public final class Reproducible implements AroundPropertyHook {
    private final PrintStream out = System.out;

    /** For the properties of the class that it is added to. */
    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        String given = System.getProperty("longitude.seed");
        if (given != null) {
            context.attributes().setSeed(given);
        }
        PropertyExecutionResult result = property.execute();
        if (result.status() == PropertyExecutionResult.Status.FAILED) {
            out.printf(
                    "%nseed %s; to see it again:%n  mvn -q verify -am -pl property-tests -Dsurefire.failIfNoSpecifiedTests=false "
                            + "-Dtest='%s#%s' -Dlongitude.seed=%s%n",
                    result.seed().orElse("?"),
                    context.containerClass().getSimpleName(),
                    context.targetMethod().getName(),
                    result.seed().orElse("?"));
            result.falsifiedParameters().ifPresent(sample -> out.print(witness(context, sample)));
        }
        return result;
    }

    /** (That nothing can be written must not hide why the property fails.) */
    private static String witness(PropertyLifecycleContext context, List<Object> sample) {
        try {
            return FailureWitness.write(context.targetMethod(), context.testInstance(), sample);
        } catch (IOException | RuntimeException e) {
            return String.format("no trace of it is written: %s%n", e);
        }
    }
}
