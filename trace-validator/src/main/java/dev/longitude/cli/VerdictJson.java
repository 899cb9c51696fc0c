package dev.longitude.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.Refusal;
import dev.longitude.verdict.Verdict;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A verdict for programs: one JSON object a line. Words are strings of decimal digits, as in traces.
 *
 * @param verdict {@code conforms}, {@code refused}, {@code undecided} or {@code unusable}
 * @param judged what there was to judge, where that is less than in an ioctl log
 * @param events how many events conform
 * @param properties of each property of the report: {@code kept}, {@code not kept} or {@code may not be kept}
 * @param others the operations of a log that do not concern the guest's time, by name, and how many of each
 * @param why why it is undecided or unusable
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record VerdictJson(
        String file,
        String verdict,
        @Nullable String kernel,
        @Nullable String judged,
        @Nullable Long events,
        @Nullable Map<String, String> properties,
        @Nullable Map<String, Integer> others,
        @Nullable String why,
        @Nullable Refused refused,
        @Nullable List<String> notes) {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * A refusal.
     *
     * @param line in the file, from 1
     * @param event among the events, from 1
     * @param reasons why, for all states that were possible before; the reason of most states first
     * @param passesIf the switches of the kernel that would each let the event pass if they were flipped
     * @param possible the operations that were possible instead
     * @param restsOn the earlier steps that the refusal depends on, the latest first
     * @param states how many states were possible before; every one refuses it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Refused(
            int line,
            long event,
            String action,
            Map<String, String> args,
            String hostCounter,
            List<Refusal.Reason> reasons,
            List<Flip> passesIf,
            List<String> possible,
            List<RestsOn> restsOn,
            int states) {}

    /** A step that a refusal depends on, and the variables that matter; a silent one happened before that line. */
    record RestsOn(int line, boolean silent, String action, Map<String, String> args, List<String> variables) {}

    /** A switch of a kernel, and whether it would have to be on. */
    record Flip(String name, boolean on, String source, String meaning) {}

    static String of(Verdict verdict) {
        Refusal refusal = verdict.refusal();
        return text(new VerdictJson(
                verdict.source(),
                verdict.name(),
                verdict.header().kernel().specName(),
                verdict.judged(),
                verdict.events(),
                Maps.transformValues(verdict.properties(), Object::toString),
                verdict.others(),
                refusal == null ? verdict.undecided() : null,
                refusal == null ? null : of(refusal),
                verdict.notes()));
    }

    /** Of a file that cannot be used; {@code accepted} names the formats that can be used, or is null. */
    static String unusable(String file, @Nullable String why, @Nullable String accepted) {
        List<String> notes = accepted == null ? null : List.of(accepted);
        return text(new VerdictJson(file, "unusable", null, null, null, null, null, why, null, notes));
    }

    private static Refused of(Refusal refusal) {
        TraceEvent event = refusal.event();
        return new Refused(
                event.line(),
                refusal.number(),
                event.operation().specName(),
                args(event),
                event.counter().toString(),
                refusal.reasons(),
                refusal.flips().stream()
                        .map(s -> new Flip(
                                s.specName(),
                                !refusal.kernel().has(s),
                                s.versions().toString(),
                                s.meaning()))
                        .collect(ImmutableList.toImmutableList()),
                refusal.possible().stream().map(Operation::specName).collect(ImmutableList.toImmutableList()),
                refusal.causes().stream()
                        .map(c -> new RestsOn(
                                c.step().line(),
                                c.silent(),
                                c.step().operation().specName(),
                                args(c.step()),
                                c.variables()))
                        .collect(ImmutableList.toImmutableList()),
                refusal.states());
    }

    private static ImmutableMap<String, String> args(TraceEvent event) {
        ImmutableMap.Builder<String, String> args = ImmutableMap.builder();
        event.args().forEach((field, value) -> args.put(field.name(), TraceEvent.show(field.kind(), value)));
        return args.buildOrThrow();
    }

    private static String text(VerdictJson verdict) {
        try {
            return JSON.writeValueAsString(verdict);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
