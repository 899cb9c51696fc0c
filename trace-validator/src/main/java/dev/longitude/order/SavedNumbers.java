package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.recipe.Expression;
import dev.longitude.recipe.StepKind;
import dev.longitude.recording.VmmOperation;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that a VMM has read so far, under names of a recipe, and the expressions over them that a written number
 * can come from.
 */
final class SavedNumbers {
    /** What {@code cycles()} may be off by in a VMM's arithmetic: two roundings. */
    private static final long ROUNDING = 2;

    private static final BigInteger NS_KHZ = BigInteger.valueOf(1_000_000);

    /** What a number is; numbers of one quantity can stand for each other. */
    private enum Quantity {
        TSC,
        OFFSET,
        VIRTUAL,
        PHYSICAL,
        CLOCK,
        FLAGS,
        REALTIME,
        HOST_TSC
    }

    /**
     * A saved number.
     *
     * @param ofEach whether each vCPU has its own
     * @param values by vCPU; of the VM, under -1
     * @param onSource whether it was read before the blackout
     */
    private record Saved(
            String name, Quantity quantity, boolean ofEach, ImmutableMap<Integer, Long> values, boolean onSource) {}

    /** An expression, with its value for each vCPU. */
    private record Term(String text, Map<Integer, Long> values, long tolerance) {}

    private final List<Saved> all = new ArrayList<>();
    private final Map<String, Integer> names = new LinkedHashMap<>();
    private final long khz;

    SavedNumbers(long khz) {
        this.khz = khz;
    }

    /** Names what a step reads, and returns the name. */
    String save(FoldedStep step, boolean ofEach, boolean onSource) {
        String stem = switch (step.kind()) {
            case READ_TSC -> "tsc";
            case GET_TSC_OFFSET -> "offset";
            case GET_CLOCK -> "clock";
            case GET_TIMER_CNT -> "virtual";
            default -> "physical";
        };
        int n = names.merge(stem, 1, Integer::sum);
        String name = n == 1 ? stem : stem + n;
        switch (step.kind()) {
            case READ_TSC -> add(name, "value", Quantity.TSC, step, ofEach, onSource);
            case GET_TSC_OFFSET -> add(name, "offset", Quantity.OFFSET, step, ofEach, onSource);
            case GET_TIMER_CNT -> add(name, "value", Quantity.VIRTUAL, step, ofEach, onSource);
            case GET_PTIMER_CNT -> add(name, "value", Quantity.PHYSICAL, step, ofEach, onSource);
            default -> {
                add(name + ".clock", "clock", Quantity.CLOCK, step, ofEach, onSource);
                add(name + ".flags", "flags", Quantity.FLAGS, step, ofEach, onSource);
                add(name + ".realtime", "realtime", Quantity.REALTIME, step, ofEach, onSource);
                add(name + ".hostTsc", "hostTsc", Quantity.HOST_TSC, step, ofEach, onSource);
            }
        }
        return name;
    }

    private void add(String name, String field, Quantity quantity, FoldedStep step, boolean ofEach, boolean onSource) {
        Map<Integer, Long> values = new LinkedHashMap<>();
        for (VmmOperation operation : step.operations()) {
            Long value = operation.value(field);
            if (value == null || (value == 0 && quantity != Quantity.FLAGS)) {
                return;
            }
            values.put(ofEach ? operation.vcpu() : -1, value);
        }
        all.add(new Saved(name, quantity, ofEach, ImmutableMap.copyOf(values), onSource));
    }

    /**
     * The expressions that have the values that a step writes, the most likely one first.
     *
     * @param arg which number of the step
     * @param values by vCPU
     * @param ofEach whether the step is done for each vCPU
     */
    ImmutableList<String> matching(StepKind kind, String arg, Map<Integer, Long> values, boolean ofEach) {
        ImmutableList.Builder<String> matching = ImmutableList.builder();
        long first = values.values().iterator().next();
        if (first >= 0 && first <= Expression.MOST && values.values().stream().allMatch(v -> v == first)) {
            matching.add(String.valueOf(first));
        }
        for (Term term : terms(kind, arg, List.copyOf(values.keySet()), ofEach)) {
            boolean fits = values.entrySet().stream().allMatch(e -> {
                Long value = term.values.get(e.getKey());
                return value != null && Math.abs(value - e.getValue()) <= term.tolerance;
            });
            if (fits) {
                matching.add(term.text);
            }
        }
        return matching.build();
    }

    private List<Term> terms(StepKind kind, String arg, List<Integer> vcpus, boolean ofEach) {
        return switch (kind) {
            case WRITE_TSC -> advanced(direct(Quantity.TSC, vcpus, ofEach));
            case SET_TIMER_CNT -> direct(Quantity.VIRTUAL, vcpus, ofEach);
            case SET_PTIMER_CNT -> direct(Quantity.PHYSICAL, vcpus, ofEach);
            case SET_TSC_OFFSET -> offsets(vcpus, ofEach);
            case SET_CLOCK ->
                switch (arg) {
                    case "clock" -> clocks(vcpus);
                    case "realtime" -> direct(Quantity.REALTIME, vcpus, ofEach);
                    default -> direct(Quantity.FLAGS, vcpus, ofEach);
                };
            default -> List.of();
        };
    }

    private List<Term> direct(Quantity quantity, List<Integer> vcpus, boolean ofEach) {
        List<Term> terms = new ArrayList<>();
        for (Saved saved : all) {
            if (saved.quantity != quantity) {
                continue;
            }
            if (!saved.ofEach) {
                terms.add(new Term(saved.name, same(vcpus, saved.values.get(-1)), 0));
                continue;
            }
            if (ofEach) {
                terms.add(new Term(saved.name, saved.values, 0));
            }
            terms.add(new Term(
                    saved.name + "[0]",
                    same(vcpus, saved.values.values().iterator().next()),
                    0));
        }
        return terms;
    }

    private static Map<Integer, Long> same(List<Integer> vcpus, @Nullable Long value) {
        Map<Integer, Long> all = new LinkedHashMap<>();
        vcpus.forEach(v -> all.put(v, Objects.requireNonNull(value)));
        return all;
    }

    /** The terms, and each with the time that has elapsed, by each clock that shows it. */
    private List<Term> advanced(List<Term> terms) {
        List<Term> more = new ArrayList<>(terms);
        if (khz > 0) {
            for (Term elapsed : elapsed()) {
                for (Term term : terms) {
                    Map<Integer, Long> values = new LinkedHashMap<>();
                    term.values.forEach((v, n) -> values.put(v, n + cycles(elapsed.values.getOrDefault(-1, 0L))));
                    more.add(new Term(term.text + " + cycles(" + elapsed.text + ")", values, ROUNDING));
                }
            }
        }
        return more;
    }

    private long cycles(long ns) {
        return BigInteger.valueOf(ns)
                .multiply(BigInteger.valueOf(khz))
                .divide(NS_KHZ)
                .longValue();
    }

    /** The time from a number of the source to one of the destination. */
    private List<Term> elapsed() {
        List<Term> terms = new ArrayList<>();
        for (Quantity quantity : List.of(Quantity.CLOCK, Quantity.REALTIME)) {
            for (Saved later : all) {
                for (Saved earlier : all) {
                    if (later.quantity == quantity
                            && earlier.quantity == quantity
                            && earlier.onSource
                            && !later.onSource) {
                        terms.add(new Term(
                                later.name + " - " + earlier.name,
                                Map.of(-1, later.values.getOrDefault(-1, 0L) - earlier.values.getOrDefault(-1, 0L)),
                                0));
                    }
                }
            }
        }
        return terms;
    }

    private List<Term> clocks(List<Integer> vcpus) {
        List<Term> terms = new ArrayList<>(direct(Quantity.CLOCK, vcpus, false));
        for (Term term : direct(Quantity.CLOCK, vcpus, false)) {
            for (Term elapsed : elapsed()) {
                Map<Integer, Long> values = new LinkedHashMap<>();
                term.values.forEach((v, n) -> values.put(v, n + elapsed.values.getOrDefault(-1, 0L)));
                terms.add(new Term(term.text + " + " + elapsed.text, values, 0));
            }
        }
        return terms;
    }

    /** An offset as it was, or one with which the counter goes on from where it was at the save. */
    private List<Term> offsets(List<Integer> vcpus, boolean ofEach) {
        List<Term> terms = new ArrayList<>(direct(Quantity.OFFSET, vcpus, ofEach));
        for (Saved to : all) {
            if (to.quantity != Quantity.HOST_TSC || to.onSource) {
                continue;
            }
            long now = to.values.getOrDefault(-1, 0L);
            for (Term base : advanced(direct(Quantity.TSC, vcpus, ofEach))) {
                terms.add(plus(base, -now, " - " + to.name));
            }
            for (Saved from : all) {
                if (from.quantity == Quantity.HOST_TSC && from.onSource) {
                    long then = from.values.getOrDefault(-1, 0L);
                    for (Term base : advanced(direct(Quantity.OFFSET, vcpus, ofEach))) {
                        terms.add(plus(base, then - now, " + " + from.name + " - " + to.name));
                    }
                }
            }
        }
        return terms;
    }

    private static Term plus(Term base, long more, String text) {
        Map<Integer, Long> values = new LinkedHashMap<>();
        base.values.forEach((v, n) -> values.put(v, n + more));
        return new Term(base.text + text, values, base.tolerance);
    }
}
