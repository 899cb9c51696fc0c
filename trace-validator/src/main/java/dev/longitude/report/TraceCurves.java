package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.Refusal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The guest's TSCs in a trace of x86, where its lines show offsets, ratios and exact instants; in ms at their rates. */
final class TraceCurves {
    private static final Pattern OFFSETS = Pattern.compile("(\\d+): (\\d+)");

    private final TraceHeader header;
    private final List<TraceEvent> events;
    private final Map<List<Integer>, Integer> lanes;
    private final List<String> names;

    /**
     * The curves of some events.
     *
     * @param lanes of each VM and vCPU that is to have a curve
     * @param names of the lanes
     */
    TraceCurves(TraceHeader header, List<TraceEvent> events, Map<List<Integer>, Integer> lanes, List<String> names) {
        this.header = header;
        this.events = events;
        this.lanes = lanes;
        this.names = names;
    }

    String unit() {
        return "ms of the guest's TSC";
    }

    ImmutableList<Timeline.Curve> all() {
        ImmutableList.Builder<Timeline.Curve> curves = ImmutableList.builder();
        if (!(header.host() instanceof TraceHeader.X86)) {
            return curves.build();
        }
        lanes.forEach((of, lane) -> {
            List<@Nullable Double> values = new ArrayList<>();
            List<Boolean> inside = new ArrayList<>();
            Double value = null;
            boolean isInside = false;
            for (TraceEvent event : events) {
                if (event.vm() == of.get(0)) {
                    value = tsc(event, of.get(1), null);
                    isInside = event.state().get(StateVariable.IN_GUEST) instanceof Iterable<?> in
                            && in.toString().matches(".*\\b" + of.get(1) + "\\b.*");
                }
                values.add(value);
                inside.add(isInside);
            }
            if (values.stream().anyMatch(v -> v != null)) {
                curves.add(new Timeline.Curve(names.get(lane).replace("vCPU", "TSC"), lane, false, values, inside));
            }
        });
        return curves.build();
    }

    /** Where a refused event puts a TSC, and where it was expected, if the offsets differ. */
    Timeline.@Nullable Gap gap(int step, Refusal refusal) {
        TraceEvent event = events.get(step);
        if (!(header.host() instanceof TraceHeader.X86)) {
            return null;
        }
        for (Refusal.Difference difference : refusal.first().differences()) {
            if (!difference.what().equals(StateVariable.TSC_OFFSET.specName())) {
                continue;
            }
            Matcher expected = OFFSETS.matcher(difference.expected());
            while (expected.find()) {
                int vcpu = Integer.parseInt(expected.group(1));
                Double wanted = tsc(event, vcpu, new BigInteger(expected.group(2)));
                Double observed = tsc(event, vcpu, null);
                if (wanted != null && observed != null && !wanted.equals(observed)) {
                    return new Timeline.Gap(
                            step,
                            wanted,
                            observed,
                            String.format(
                                    Locale.ROOT, "TSC %d: expected %.6g ms, observed %.6g ms", vcpu, wanted, observed));
                }
            }
        }
        return null;
    }

    /** A vCPU's TSC at an event, ms, with its own offset or with another one. */
    private @Nullable Double tsc(TraceEvent event, int vcpu, @Nullable BigInteger otherOffset) {
        Object own = of(event, StateVariable.TSC_OFFSET, vcpu);
        Object ratio = of(event, StateVariable.TSC_SCALING_RATIO, vcpu);
        Object khz = of(event, StateVariable.VIRTUAL_TSC_KHZ, vcpu);
        if (own == null
                || ratio == null
                || khz == null
                || (int) khz == 0
                || !event.counter().isExact()) {
            return null;
        }
        BigInteger scaled = unsigned(event.counter().lo())
                .multiply(unsigned((long) ratio))
                .shiftRight(header.x86().tscFracBits());
        BigInteger offset = otherOffset == null ? unsigned((long) own) : otherOffset;
        return scaled.add(offset).longValue() / (double) (int) khz;
    }

    private static @Nullable Object of(TraceEvent event, StateVariable variable, int vcpu) {
        return event.state().get(variable) instanceof Map<?, ?> map ? map.get(vcpu) : null;
    }

    private static BigInteger unsigned(long word) {
        return new BigInteger(Long.toUnsignedString(word));
    }
}
