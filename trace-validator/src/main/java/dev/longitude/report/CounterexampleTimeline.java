package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.longitude.matrix.Cause;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.MigratedGuest;
import dev.longitude.matrix.Verdict;
import dev.longitude.migration.Policy;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.StepKind;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The timeline of a recipe's counterexample. */
final class CounterexampleTimeline {
    /** The variable that a counterexample is read from; it repeats the others. */
    private static final String SHOWN = "shown";

    private final Counterexample counterexample;
    private final Verdict verdict;
    private final MigratedGuest guest;
    private final ImmutableList<ImmutableMap<String, String>> states;
    private final Cause cause;
    private final int vcpus;

    private CounterexampleTimeline(Counterexample counterexample, Verdict verdict) {
        this.counterexample = counterexample;
        this.verdict = verdict;
        this.guest = MigratedGuest.of(counterexample.of().recipe().arch());
        this.states = counterexample.behaviour().states();
        this.cause = Cause.of(counterexample);
        this.vcpus = 1
                + counterexample.steps().stream()
                        .flatMap(s -> s.clocks().stream())
                        .mapToInt(Counterexample.Clocks::vcpu)
                        .max()
                        .orElse(0);
    }

    static Timeline of(Counterexample counterexample, Verdict verdict) {
        return new CounterexampleTimeline(counterexample, verdict).timeline();
    }

    private Timeline timeline() {
        List<Timeline.Curve> curves = new ArrayList<>();
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            curves.add(curve(guest.counter() + " " + vcpu, vcpu, false));
            curves.add(curve(guest.secondClock() + " " + vcpu, vcpu, true));
        }
        Timeline.Wanted wanted = wanted();
        return new Timeline(
                counterexample.property().specName(),
                "step",
                says(),
                Mark.of(verdict),
                "ticks that a clock shows",
                lanes(),
                columns(),
                steps(),
                ImmutableList.copyOf(curves),
                wanted,
                spans(),
                gap(wanted),
                withoutShown(counterexample.behaviour().first()),
                Counterexample.WORD_BITS);
    }

    private ImmutableList<String> says() {
        ImmutableList.Builder<String> says = ImmutableList.builder();
        says.add(counterexample.property() + " " + verdict.says()
                + (verdict.isFailure() ? ": " + counterexample.property().symptom() : "") + ".");
        says.addAll(cause.says(counterexample));
        says.add("A shortest behaviour that shows it, of "
                + counterexample.steps().size() + " steps. A tick is a cycle of the guest's counter, and 1/"
                + counterexample.ticksPerSecond() + " s.");
        return says.build();
    }

    private ImmutableList<String> lanes() {
        ImmutableList.Builder<String> lanes = ImmutableList.<String>builder().add("VMM, host");
        IntStream.range(0, vcpus).forEach(v -> lanes.add("vCPU " + v));
        return lanes.build();
    }

    private boolean hasBookkeeping() {
        return counterexample.steps().stream().anyMatch(s -> s.bookkeeping().isPresent());
    }

    private ImmutableList<String> columns() {
        ImmutableList.Builder<String> columns = ImmutableList.<String>builder().add("vCPU", "tick");
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            columns.add(guest.counter() + " " + vcpu, guest.secondClock() + " " + vcpu);
        }
        if (hasBookkeeping()) {
            columns.add("masterclock", "generation", "matched");
        }
        return columns.build();
    }

    private ImmutableList<Timeline.Step> steps() {
        ImmutableList.Builder<Timeline.Step> steps = ImmutableList.builder();
        Map<String, String> before = withoutShown(counterexample.behaviour().first());
        int last = counterexample.steps().size();
        for (int number = 1; number <= last; number++) {
            Counterexample.Step step = counterexample.steps().get(number - 1);
            ImmutableMap<String, String> after = withoutShown(states.get(number - 1));
            steps.add(new Timeline.Step(
                    number,
                    step.what(),
                    step.vcpu().map(v -> v + 1).orElse(0),
                    step.now() / (double) counterexample.ticksPerSecond(),
                    number == last
                            ? Timeline.Role.FAULT
                            : cause.steps().contains(number) ? Timeline.Role.CAUSE : Timeline.Role.PLAIN,
                    cells(step),
                    Timeline.Change.between(before, after)));
            before = after;
        }
        return steps.build();
    }

    private static ImmutableMap<String, String> withoutShown(Map<String, String> state) {
        return ImmutableMap.copyOf(Maps.filterKeys(state, place -> !place.startsWith(SHOWN)));
    }

    private ImmutableList<String> cells(Counterexample.Step step) {
        ImmutableList.Builder<String> cells = ImmutableList.builder();
        cells.add(step.vcpu().map(String::valueOf).orElse(""), Integer.toString(step.now()));
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            for (boolean second : new boolean[] {false, true}) {
                Integer value = value(step, vcpu, second);
                cells.add(value == null ? "" : value.toString());
            }
        }
        step.bookkeeping()
                .ifPresent(b -> cells.add(
                        b.masterClock() ? "on" : "off",
                        Integer.toString(b.generation()),
                        Integer.toString(b.matched())));
        return cells.build();
    }

    private static @Nullable Integer value(Counterexample.Step step, int vcpu, boolean second) {
        Optional<Counterexample.Clocks> clocks =
                step.clocks().stream().filter(c -> c.vcpu() == vcpu).findFirst();
        return (second ? clocks.flatMap(Counterexample.Clocks::second) : clocks.map(Counterexample.Clocks::counter))
                .orElse(null);
    }

    private Timeline.Curve curve(String name, int vcpu, boolean second) {
        List<@Nullable Double> values = new ArrayList<>();
        List<Boolean> inside = new ArrayList<>();
        for (int i = 0; i < states.size(); i++) {
            Integer value = value(counterexample.steps().get(i), vcpu, second);
            values.add(value == null ? null : value.doubleValue());
            inside.add(isInGuest(states.get(i), vcpu));
        }
        return new Timeline.Curve(name, vcpu + 1, second, values, inside);
    }

    /** On arm64 a vCPU is a pair of its VM and its number. */
    private static boolean isInGuest(Map<String, String> state, int vcpu) {
        return state.getOrDefault("inGuest", "").matches(".*\\b" + vcpu + "(>>.*|[,}].*)");
    }

    private boolean isOfSecondClock() {
        return counterexample.property() == Property.CLOCK_CONTINUOUS
                || counterexample.property() == Property.PHYSICAL_CONTINUOUS;
    }

    /**
     * Where the policy permits the clock to be since the guest stopped, as KeepsPolicy of {@code Migration.tla} has it: it
     * goes on over the blackout, or it stands still there; then the time of saving and restoring may count or not.
     */
    private Timeline.@Nullable Wanted wanted() {
        boolean advances = counterexample.of().recipe().policy() == Policy.ADVANCE;
        List<@Nullable Double> low = new ArrayList<>();
        List<@Nullable Double> high = new ArrayList<>();
        boolean isKnown = false;
        for (int i = 0; i < states.size(); i++) {
            ImmutableMap<String, String> state = states.get(i);
            Optional<String> stopped = IntStream.range(0, vcpus)
                    .mapToObj(v -> "stopped[" + v + "]")
                    .filter(place -> state.containsKey(place + ".now"))
                    .findFirst();
            Integer before = stopped.map(place -> number(state, place + (isOfSecondClock() ? ".clock" : ".counter")))
                    .orElse(null);
            Integer stop = stopped.map(place -> number(state, place + ".now")).orElse(null);
            Integer blackout = number(state, "blackout");
            if (before == null || stop == null || blackout == null) {
                low.add(null);
                high.add(null);
                continue;
            }
            int now = counterexample.steps().get(i).now();
            Integer resumed = number(state, "resumed");
            int elapsed = now - stop;
            int ran = resumed == null ? 0 : now - resumed;
            low.add((double) (before + (advances ? elapsed : ran)));
            high.add((double) (before + (advances ? elapsed : Math.max(ran, elapsed - blackout))));
            isKnown = true;
        }
        return isKnown
                ? new Timeline.Wanted(
                        "where the policy (" + (advances ? "advance" : "freeze") + ") puts "
                                + (isOfSecondClock() ? guest.secondClock() : guest.counter()),
                        low,
                        high)
                : null;
    }

    /** A number, or the only element of a set of numbers. */
    private static @Nullable Integer number(Map<String, String> state, String place) {
        String text = state.getOrDefault(place, "").replaceAll("[{}]", "");
        return text.matches("\\d{1,9}") ? Integer.valueOf(text) : null;
    }

    private ImmutableList<Timeline.Span> spans() {
        ImmutableList.Builder<Timeline.Span> spans = ImmutableList.builder();
        List<Counterexample.Step> steps = counterexample.steps();
        int blackout = IntStream.range(0, steps.size())
                .filter(i -> steps.get(i).what().equals(StepKind.BLACKOUT.specName()))
                .findFirst()
                .orElse(-1);
        boolean moves = counterexample.of().recipe().moves();
        if (blackout > 0) {
            spans.add(new Timeline.Span(0, blackout - 1, "place", moves ? "source" : "before"));
        }
        for (int i = 0; i < steps.size(); i++) {
            String what = steps.get(i).what();
            if (i == blackout) {
                spans.add(new Timeline.Span(i, i, "blackout", "blackout"));
            } else if (steps.get(i).isTimePassing() || what.equals(StepKind.WAIT.specName())) {
                spans.add(new Timeline.Span(i, i, "preemption", what));
            }
        }
        if (blackout >= 0 && blackout < steps.size() - 1) {
            spans.add(new Timeline.Span(blackout + 1, steps.size() - 1, "place", moves ? "destination" : "after"));
        }
        return spans.build();
    }

    /** The distance that is the fault, where the clocks show one. */
    private Timeline.@Nullable Gap gap(Timeline.@Nullable Wanted wanted) {
        Counterexample.Step last =
                counterexample.steps().get(counterexample.steps().size() - 1);
        return switch (counterexample.property()) {
            case SAME_LINE -> apart(last);
            case MONOTONIC_ACROSS -> backwards(last);
            case TSC_CONTINUOUS, CLOCK_CONTINUOUS, VIRTUAL_CONTINUOUS, PHYSICAL_CONTINUOUS ->
                wanted == null ? null : off(last, wanted);
            default -> null;
        };
    }

    private Timeline.@Nullable Gap apart(Counterexample.Step last) {
        int low = last.clocks().stream()
                .mapToInt(Counterexample.Clocks::counter)
                .min()
                .orElse(0);
        int high = last.clocks().stream()
                .mapToInt(Counterexample.Clocks::counter)
                .max()
                .orElse(0);
        return low == high ? null : new Timeline.Gap(states.size() - 1, high, low, ticks(high - low) + " apart");
    }

    private Timeline.@Nullable Gap backwards(Counterexample.Step last) {
        int vcpu = last.vcpu().orElse(0);
        for (boolean second : new boolean[] {false, true}) {
            Integer now = value(last, vcpu, second);
            int before = 0;
            for (int i = 0; i < states.size() - 1; i++) {
                for (int v = 0; v < vcpus; v++) {
                    Integer value = value(counterexample.steps().get(i), v, second);
                    before = value != null && isInGuest(states.get(i), v) ? Math.max(before, value) : before;
                }
            }
            if (now != null && now < before) {
                return new Timeline.Gap(
                        states.size() - 1,
                        before,
                        now,
                        (second ? guest.secondClock() : guest.counter()) + " " + vcpu + ": " + before + " before, "
                                + now + " now");
            }
        }
        return null;
    }

    /** How far the clock that is off most is from where it may be. */
    private Timeline.@Nullable Gap off(Counterexample.Step last, Timeline.Wanted wanted) {
        int at = states.size() - 1;
        Double low = wanted.low().get(at);
        Double high = wanted.high().get(at);
        if (low == null || high == null) {
            return null;
        }
        return IntStream.range(0, vcpus)
                .filter(v -> isInGuest(states.get(at), v))
                .mapToObj(v -> value(last, v, isOfSecondClock()))
                .flatMap(Stream::ofNullable)
                .filter(v -> v < low || v > high)
                .map(v -> new Timeline.Gap(at, v < low ? low : high, v, ticks(v < low ? low - v : v - high) + " off"))
                .max(Comparator.comparingDouble(gap -> Math.abs(gap.from() - gap.to())))
                .orElse(null);
    }

    private String ticks(double ticks) {
        BigDecimal seconds = BigDecimal.valueOf(ticks / counterexample.ticksPerSecond())
                .round(new MathContext(3))
                .stripTrailingZeros();
        return (long) ticks + " ticks (" + seconds.toPlainString() + " s)";
    }
}
