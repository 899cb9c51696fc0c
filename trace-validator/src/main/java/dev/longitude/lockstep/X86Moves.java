package dev.longitude.lockstep;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.spec.ModelSpecification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.KernelRates;
import dev.longitude.x86.Rates;
import dev.longitude.x86.Scaling;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.function.Predicate;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** What {@code MCNext} of {@code spec/MCKvmX86.tla} lets happen, and its {@code MCInit} in Java. */
final class X86Moves {
    /** One cycle a ns. */
    private static final int REAL_KHZ = 1_000_000;

    private final ModelSpecification model;
    private final SmallWords words;
    private final ImmutableSet<String> ops;
    private final ImmutableSet<String> events;
    private final ImmutableList.Builder<Move> moves = ImmutableList.builder();

    private X86Moves(ModelSpecification model) {
        this.model = model;
        this.words = SmallWords.of(model);
        this.ops = model.names("Ops");
        this.events = model.names("Events");
    }

    /** The machine of MCInit. */
    static Machine machine(ModelSpecification model, KernelProfile kernel) {
        SmallWords words = SmallWords.of(model);
        Machine.Recorded recorded =
                start(model, kernel, SmallRates.of(model), SmallScaling.of(model), words::wide, words.wide(1));
        recorded.machine().omitState();
        return recorded.machine();
    }

    /**
     * The same with real words and rates.
     *
     * @param wide a word of the model as a real one
     * @param tick a cycle of the model in cycles
     */
    static Machine.Recorded real(ModelSpecification model, KernelProfile kernel, IntToLongFunction wide, long tick) {
        return start(
                model,
                kernel,
                new KernelRates(),
                model.number("FracBits") == 0 ? TscScaling.NONE : TscScaling.INTEL,
                wide,
                tick);
    }

    /** A rate of the model as a real one, kHz; 0 stays the host's. */
    static int realKhz(ModelSpecification model, int khz) {
        return REAL_KHZ / model.number("Khz") * khz;
    }

    private static Machine.Recorded start(
            ModelSpecification model,
            KernelProfile kernel,
            Rates rates,
            Scaling scaling,
            IntToLongFunction wide,
            long tick) {
        List<TraceEvent> events = new ArrayList<>();
        boolean isTsc = model.constant("TscIsClocksource") == BoolValue.ValTrue;
        long tsc = wide.applyAsLong(model.number("StartTsc"));
        boolean isReal = scaling instanceof TscScaling;
        int khz = isReal ? REAL_KHZ : model.number("Khz");
        int clocksourceKhz = model.number("ClocksourceKhz");
        X86Host host = new X86Host(rates, khz, scaling, isTsc, tsc, events::add);
        if (clocksourceKhz != model.number("Khz")) {
            host.refine(isReal ? realKhz(model, clocksourceKhz) : clocksourceKhz);
        }
        X86Vm created = new X86Vm(host, kernel, 0);
        checkState(host.vms().contains(created), "a host without its VM");
        return new Machine.Recorded(
                new X86Machine(host, tick, events),
                ImmutableList.copyOf(events),
                kernel,
                new TraceHeader.X86(khz, host.clocksourceKhz(), scaling.fracBits(), isTsc, false),
                model.number("NrVcpus"));
    }

    static ImmutableList<Move> of(ModelSpecification model) {
        X86Moves all = new X86Moves(model);
        all.add();
        return all.moves.build();
    }

    private void add() {
        boolean slews = Subject.kernel(model, "").has(Switch.SLEWED_BASE_CLOCK);
        for (int ahead = 0; ahead <= model.number(slews ? "Slew" : "Drift"); ahead++) {
            moves.add(Move.passes(words.wide(ahead)));
        }
        if (has("GetClock")) {
            add(Operation.BEGIN_GET_CLOCK, ImmutableMap.of());
            add(Operation.GET_CLOCK, ImmutableMap.of());
        }
        if (has("SetClock")) {
            add(Operation.BEGIN_SET_CLOCK, ImmutableMap.of());
            for (long clock : words("Clocks")) {
                for (int flags : numbers("Flags")) {
                    add(
                            Operation.SET_CLOCK,
                            ImmutableMap.of(Field.CLOCK, clock, Field.FLAGS, flags, Field.REALTIME, 0L));
                }
            }
        }
        for (int khz : numbers("Rates")) {
            add(Operation.SET_VM_TSC_KHZ, ImmutableMap.of(Field.KHZ, khz));
        }
        for (int vcpu = 0; vcpu < model.number("NrVcpus"); vcpu++) {
            addOnTsc(vcpu);
            addGuest(vcpu);
            addOnClock(vcpu);
            if (!numbers("Deadlines").isEmpty()) {
                addOnTimer(vcpu);
            }
        }
        if (events.contains("clocksource")) {
            addLoss(Move.of(Operation.HOST_CLOCKSOURCE, ImmutableMap.of(Field.IS_TSC, false)));
            add(Operation.HOST_CLOCKSOURCE, ImmutableMap.of(Field.IS_TSC, true));
        }
        if (events.contains("unstable")) {
            addLoss(Move.of(Operation.HOST_TSC_UNSTABLE, ImmutableMap.of()));
        }
        if (events.contains("resume")) {
            moves.add(Move.of(Operation.HOST_RESUMES, ImmutableMap.of(Field.MISSING, words.wide(2)))
                    .when(state -> isFalse(state, "backwardsTscObserved")));
        }
    }

    /**
     * The loss of the clocksource, on a host where some VM has had the masterclock since the last loss, and on one where
     * none has: then this VM has not either, as far as its state shows. (While the clocksource is not the TSC no VM can
     * have got it.)
     */
    private void addLoss(Move loss) {
        moves.add(loss.where(true).when(state -> !isFalse(state, "tscClocksource")));
        moves.add(loss.where(false).when(state -> isFalse(state, "useMasterClock") || !isFalse(state, "lossPending")));
    }

    private static boolean isFalse(State state, String variable) {
        return state.lookup(UniqueString.uniqueStringOf(variable)) == BoolValue.ValFalse;
    }

    private void addOnTsc(int vcpu) {
        addOn(vcpu, Operation.CREATE_VCPU);
        for (long value : words("Values")) {
            addWord(vcpu, Operation.WRITE_TSC, Field.VALUE, value);
        }
        for (long offset : words("Offsets")) {
            moves.add(Move.of(Operation.SET_TSC_OFFSET, ImmutableMap.of(Field.VCPU, vcpu, Field.OFFSET, offset))
                    .when(mayRestore("tsc", vcpu)));
        }
        for (String name : List.of("GetTscOffset", "ReadTsc")) {
            if (has(name)) {
                addOn(vcpu, named(name));
            }
        }
        for (int khz : numbers("Rates")) {
            add(Operation.SET_TSC_KHZ, ImmutableMap.of(Field.VCPU, vcpu, Field.KHZ, khz));
        }
        if (!numbers("Rates").isEmpty() && has("GetTscKhz")) {
            addOn(vcpu, Operation.GET_TSC_KHZ);
        }
        for (long value : words("Adjusts")) {
            if (has("WriteTscAdjust")) {
                addWord(vcpu, Operation.WRITE_TSC_ADJUST, Field.VALUE, value);
            }
        }
        if (!numbers("Adjusts").isEmpty() && has("ReadTscAdjust")) {
            addOn(vcpu, Operation.READ_TSC_ADJUST);
            addOn(vcpu, Operation.GUEST_READ_TSC_ADJUST);
        }
    }

    private void addGuest(int vcpu) {
        addOn(vcpu, Operation.ENTER_GUEST);
        for (String name : List.of("ExitGuest", "GuestReadTsc")) {
            if (has(name)) {
                addOn(vcpu, named(name));
            }
        }
        for (long value : words("GuestWrites")) {
            addWord(vcpu, Operation.GUEST_WRITE_TSC, Field.VALUE, value);
        }
        for (long value : words("Adjusts")) {
            addWord(vcpu, Operation.GUEST_WRITE_TSC_ADJUST, Field.VALUE, value);
        }
        if (events.contains("unstable")) {
            addOn(vcpu, Operation.X86_VCPU_LOAD);
            addOn(vcpu, Operation.CANCEL_ENTRY);
        }
        if (events.contains("masterclock")) {
            addOn(vcpu, Operation.ASK_FOR_MASTERCLOCK_UPDATE);
        }
        if (events.contains("update")) {
            addOn(vcpu, Operation.PERFORM_MASTERCLOCK_UPDATE);
        }
    }

    private void addOnClock(int vcpu) {
        if (model.constant("Kvmclock") == BoolValue.ValTrue) {
            add(Operation.WRITE_SYSTEM_TIME, ImmutableMap.of(Field.VCPU, vcpu, Field.ACTIVE, true, Field.MOVES, false));
            moves.add(Move.of(Operation.REENTER_GUEST, ImmutableMap.of(Field.VCPU, vcpu))
                    .when(isIn("kicked", vcpu)));
            if (has("GuestReadClock")) {
                add(Operation.GUEST_READ_CLOCK, ImmutableMap.of(Field.VCPU, vcpu, Field.PAGE, vcpu));
            }
            if (has("KvmclockCtrl")) {
                addOn(vcpu, Operation.KVMCLOCK_CTRL);
                addOn(vcpu, Operation.GUEST_CLEARS_STOPPED);
            }
        }
        if (events.contains("legacy") || events.contains("moves")) {
            for (boolean legacy : flags("legacy")) {
                for (boolean moved : flags("moves")) {
                    add(
                            Operation.GUEST_WRITE_SYSTEM_TIME,
                            ImmutableMap.of(
                                    Field.VCPU, vcpu, Field.ACTIVE, true, Field.LEGACY, legacy, Field.MOVES, moved));
                }
            }
        }
        if (events.contains("memory")) {
            for (int version : new int[] {0, 4}) {
                for (int flags : new int[] {0, 2}) {
                    add(
                            Operation.WRITE_PVCLOCK_PAGE,
                            ImmutableMap.<Field, Object>builder()
                                    .put(Field.VCPU, vcpu)
                                    .put(Field.VERSION, version)
                                    .put(Field.TSC_TIMESTAMP, 0L)
                                    .put(Field.SYSTEM_TIME, 0L)
                                    .put(Field.MUL, 1L)
                                    .put(Field.SHIFT, 0)
                                    .put(Field.FLAGS, flags)
                                    .buildOrThrow());
                }
            }
        }
    }

    private void addOnTimer(int vcpu) {
        for (boolean mode : new boolean[] {false, true}) {
            moves.add(Move.of(Operation.SET_LAPIC, ImmutableMap.of(Field.VCPU, vcpu, Field.DEADLINE_MODE, mode))
                    .when(mayRestore("lapic", vcpu)));
        }
        boolean afterLapic = model.names("DeadlineAfter").contains("lapic");
        for (long deadline : words("Deadlines")) {
            Move write =
                    Move.of(Operation.WRITE_TSC_DEADLINE, ImmutableMap.of(Field.VCPU, vcpu, Field.DEADLINE, deadline));
            moves.add(afterLapic ? write.when(isIn("tscDeadlineMode", vcpu)) : write);
            for (boolean mode : new boolean[] {false, true}) {
                moves.add(Move.of(
                                Operation.GUEST_SETS_TIMER,
                                ImmutableMap.of(Field.VCPU, vcpu, Field.DEADLINE_MODE, mode, Field.DEADLINE, deadline))
                        .when(isIn("inGuest", vcpu)));
            }
        }
        addOn(vcpu, Operation.READ_TSC_DEADLINE);
        addOn(vcpu, Operation.TIMER_FIRES);
    }

    private boolean has(String op) {
        return ops.contains(op);
    }

    private static Operation named(String name) {
        return Operation.named(Arch.X86, name).orElseThrow();
    }

    private ImmutableList<Integer> numbers(String constant) {
        return model.set(constant).stream().map(each -> ((IntValue) each).val).collect(ImmutableList.toImmutableList());
    }

    private ImmutableList<Long> words(String constant) {
        return numbers(constant).stream().map(each -> words.wide(each)).collect(ImmutableList.toImmutableList());
    }

    private ImmutableList<Boolean> flags(String event) {
        return events.contains(event) ? ImmutableList.of(false, true) : ImmutableList.of(false);
    }

    private static Predicate<State> isIn(String set, int vcpu) {
        UniqueString name = UniqueString.uniqueStringOf(set);
        Value index = IntValue.gen(vcpu);
        return state -> {
            Value those = state.lookup(name);
            return those != null && those.member(index);
        };
    }

    /** (A vCPU that is not there has nothing to restore, and no deadline to look at.) */
    private Predicate<State> mayRestore(String part, int vcpu) {
        if (!model.names("DeadlineAfter").contains(part)) {
            return Move.ALWAYS;
        }
        Value[] args = {new StringValue(part), IntValue.gen(vcpu)};
        UniqueString deadlines = UniqueString.uniqueStringOf("tscDeadline");
        Evaluator.Operator restorable = model.operator("MayRestore");
        return state -> state.lookup(deadlines) instanceof FcnRcdValue ofVcpus
                && ofVcpus.select(args[1]) != null
                && ModelSpecification.holds(restorable, state, args);
    }

    private void add(Operation operation, ImmutableMap<Field, Object> args) {
        moves.add(Move.of(operation, args));
    }

    private void addOn(int vcpu, Operation operation) {
        add(operation, ImmutableMap.of(Field.VCPU, vcpu));
    }

    private void addWord(int vcpu, Operation operation, Field field, long word) {
        add(operation, ImmutableMap.of(Field.VCPU, vcpu, field, word));
    }
}
