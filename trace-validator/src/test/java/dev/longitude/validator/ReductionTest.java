package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.spec.Specification;
import dev.longitude.spec.X86Specification;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Which candidates represent others: an earlier one represents an equivalent later one, and no other. */
class ReductionTest {
    private static final int KHZ = 1_000_000;

    private static final TraceHeader HEADER =
            new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(KHZ, 0, true, false), 2, "ReductionTest");

    private final Specification specification = Specification.of(Arch.X86);
    private final Platform platform = Platform.of(HEADER, false);
    private final Reduction reduction = new Reduction(specification, platform);

    private final State state = Specification.x86()
            .newVm(
                    KernelProfile.of("v6.12"),
                    new TraceHeader.X86(KHZ, 0, true, false),
                    Words64.word(0),
                    Words64.word(0),
                    Words64.word(0));

    private static State with(State state, String variable, Value value) {
        return state.with(UniqueString.uniqueStringOf(variable), value);
    }

    private static Value word(Store store, long from, long to) {
        return from == to ? Words64.word(from) : SymbolicWords.word(from, LinearSum.of(store.unknown(0, to - from)));
    }

    /** A candidate whose host's TSC lies somewhere between two. */
    private Candidate at(long from, long to) {
        Store store = new Store();
        return Candidate.first(X86Specification.HOST_TSC.set(state, word(store, from, to)), store, null);
    }

    /** With enough candidates that are not equivalent. */
    private List<Candidate> reduced(Candidate... those) {
        List<Candidate> all = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            all.add(Candidate.first(with(state, "kvmclockOffset", Words64.word(i)), new Store(), null));
        }
        List<Candidate> others = List.copyOf(all);
        all.addAll(List.of(those));
        List<Candidate> left = new ArrayList<>(reduction.reduced(all));
        assertThat(left).containsAll(others);
        left.removeAll(others);
        return left;
    }

    @Test
    void anEarlierOneStandsForALaterOne() {
        Candidate early = at(100, 110);
        Candidate late = at(110, 130);
        assertThat(reduced(early, late)).containsExactly(early);
        assertThat(reduced(late, early)).containsExactly(early);
        assertThat(reduced(at(120, 120), at(119, 119))).hasSize(1);
    }

    @Test
    void oneThatCanBeEarlierStandsForOneWithin() {
        Candidate wide = at(100, 200);
        Candidate within = at(140, 150);
        assertThat(reduced(within, wide)).containsExactly(wide);
    }

    /** Its TSC depends on another word of its state: it is early only if that word is small, and a late one is not. */
    @Test
    void oneWhoseInstantIsTiedStandsForNoOther() {
        Store store = new Store();
        Value instant = word(store, 100, 200);
        Value other = word(store, 100, 200);
        assertThat(store.require(SymbolicWords.sum(instant).minus(SymbolicWords.sum(other)), 0, 0))
                .isTrue();
        Candidate tied = candidate(instant, other, store, null);
        Store free = new Store();
        Candidate within = candidate(word(free, 140, 150), word(free, 100, 200), free, null);
        assertThat(reduced(tied, within)).containsExactlyInAnyOrder(tied, within);
        assertThat(reduced(within, tied)).containsExactlyInAnyOrder(tied, within);
    }

    private Candidate candidate(Value instant, Value masterKernelNs, Store store, Candidate.@Nullable Step step) {
        State timed = X86Specification.HOST_TSC.set(state, instant);
        return Candidate.first(with(timed, "masterKernelNs", masterKernelNs), store, step);
    }

    /** KVM had read its TSC early, and its base clock late: nothing comes before that. */
    @Test
    void oneWhoseStepHadTwoInstantsStandsForNoOther() {
        TraceEvent write = new TraceEvent(
                1,
                0,
                HostTime.exactly(100, 100, 0),
                Operation.WRITE_TSC,
                ImmutableMap.of(Field.VCPU, 0, Field.VALUE, 0L),
                ImmutableMap.of(),
                ImmutableMap.of());
        Clocks two = new Clocks(Words64.word(100), Words64.word(500), Words64.word(0), Words64.word(0));
        Candidate apart = Candidate.first(
                X86Specification.HOST_TSC.set(state, Words64.word(100)),
                new Store(),
                new Candidate.Step(write, two, ImmutableMap.of(), false));
        Candidate late = at(140, 150);
        assertThat(reduced(apart, late)).containsExactlyInAnyOrder(apart, late);
    }

    @Test
    void whatFailsInTheOneThatIsLeftOutMayFail() {
        TraceEvent event = new TraceEvent(
                1,
                0,
                HostTime.exactly(100, 100, 0),
                Operation.GET_CLOCK,
                ImmutableMap.of(),
                ImmutableMap.of(),
                ImmutableMap.of());
        Candidate late = at(110, 130).failing(Failures.NONE.certainly("SameLine", event));
        assertThat(reduced(at(100, 110), late))
                .singleElement()
                .satisfies(left -> assertThat(left.failures.possible()).containsKey("SameLine"));
    }

    /**
     * An optional step that changes nothing but the time is taken not to have happened; one that changes more may have.
     */
    @Test
    void whatChangesNothingButTheTimeIsPassedBy() {
        TraceEvent ask = new TraceEvent(
                        1,
                        0,
                        HostTime.exactly(100, 100, 0),
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        ImmutableMap.of(Field.VCPU, 0),
                        ImmutableMap.of(),
                        ImmutableMap.of())
                .maybe();
        Candidate before = at(100, 110);
        Candidate.Step step = new Candidate.Step(ask, platform.now(before.state), ImmutableMap.of(), false);
        Store store = new Store();
        State later = X86Specification.HOST_TSC.set(before.state, word(store, 120, 130));
        Candidate same = before.then(later, store, false, step, true);
        Candidate other = before.then(with(later, "userSetTsc", BoolValue.ValTrue), store, false, step, true);
        assertThat(reduction.withPassedBy(List.of(same), List.of(before))).containsExactly(before);
        assertThat(reduction.withPassedBy(List.of(other), List.of(before))).containsExactly(before, other);
        Candidate failing = same.failing(Failures.NONE.certainly("SameLine", ask));
        assertThat(reduction.withPassedBy(List.of(failing), List.of(before)))
                .singleElement()
                .satisfies(left -> assertThat(left.failures.possible()).containsKey("SameLine"));
    }
}
