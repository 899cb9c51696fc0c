package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.common.io.Resources;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Models on a specification of which some modules are other texts.
 *
 * @param jvms where TLC runs
 * @param replaced the texts, by the module's name
 */
public record ChangedSpecification(TlcJvms jvms, ImmutableMap<String, String> replaced) {
    /** A constraint that ends a run which finds more states than the model has: it may have no end. */
    private static final String LIMIT = "AsManyStatesAsBefore";

    /**
     * Runs a model and compares with the manifest. A model that must fail runs a second time without the property only if
     * the first run is as expected.
     *
     * @param onlyFirst whether the second run cannot differ: the texts only weaken what is checked
     * @return the difference from the manifest; empty if there is none
     * @throws NoEndException if TLC came to no end in the time that its JVMs have
     */
    public Optional<String> difference(Model model, boolean onlyFirst)
            throws IOException, InterruptedException, NoEndException {
        ModelCheck check = new ModelCheck(model);
        TlcOutput output = run(model, check.configuration());
        String fault = check.fault(output);
        String violated = model.violates();
        if (fault == null && violated != null && !onlyFirst) {
            output = run(model, check.without(violated));
            fault = check.faultOfRest(output, violated);
        }
        return output.printed().contains("\"" + LIMIT + "\"")
                ? Optional.of("more than " + states(model) + " distinct states")
                : Optional.ofNullable(fault);
    }

    /** TLC came to no end. */
    public static final class NoEndException extends Exception {
        private static final long serialVersionUID = 1;

        NoEndException(String model) {
            super(model + ": TLC came to no end");
        }
    }

    private TlcOutput run(Model model, String config) throws IOException, InterruptedException, NoEndException {
        String module = model.module();
        Map<String, String> texts = new HashMap<>(replaced);
        texts.put(module, limited(replaced.getOrDefault(module, text(module)), states(model)));
        return jvms.run(module, ImmutableMap.copyOf(texts), config + "\nCONSTRAINT " + LIMIT + "\n", Tlc.ONE_WORKER)
                .orElseThrow(() -> new NoEndException(model.name()));
    }

    private static String text(String module) throws IOException {
        return Resources.toString(Resources.getResource(ChangedSpecification.class, "/spec/" + module + ".tla"), UTF_8);
    }

    /** The most that a run of the model has. */
    private static long states(Model model) {
        Long without = model.statesWithout();
        return without == null ? model.states() : Math.max(model.states(), without);
    }

    private static String limited(String root, long most) {
        int end = root.lastIndexOf("\n====") + 1;
        return root.substring(0, end).replaceFirst("(?m)^EXTENDS ", "EXTENDS TLC, ")
                + LIMIT + " == IF TLCGet(\"distinct\") <= " + most
                + " THEN TRUE ELSE PrintT(\"" + LIMIT + "\") /\\ Assert(FALSE, \"\")\n"
                + root.substring(end);
    }
}
