package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.spec.ModelSpecification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * What a model has of one architecture: its moves, and the names that the specification gives to VMs and vCPUs.
 *
 * @param vms the names of the VMs, by their numbers; empty where a state is one VM's
 * @param start the machine in the initial state
 */
record Subject(
        ModelSpecification model,
        SmallWords words,
        ImmutableList<StringValue> vms,
        ImmutableList<Move> moves,
        Machine start,
        Map<Operation, Evaluator.Operator> actions) {
    private static final UniqueString CNTPCT = UniqueString.uniqueStringOf("cntpct");

    /** Why a model cannot be explored, as text; empty if it can. */
    static String unsupported(String module) {
        return switch (module) {
            case "MCKvmX86", "MCKvmArm64" -> "";
            default -> "it has a VMM: only models of any VMM are explored";
        };
    }

    static Subject of(String module, ModelSpecification model, String javaKernel) {
        SmallWords words = SmallWords.of(model);
        return module.equals("MCKvmX86")
                ? new Subject(
                        model,
                        words,
                        ImmutableList.of(),
                        X86Moves.of(model),
                        X86Moves.machine(model, kernel(model, javaKernel)),
                        new EnumMap<>(Operation.class))
                : new Subject(
                        model,
                        words,
                        Arm64Moves.vms(model).stream().map(StringValue::new).collect(ImmutableList.toImmutableList()),
                        Arm64Moves.of(model),
                        Arm64Moves.machine(model, kernel(model, javaKernel)),
                        new EnumMap<>(Operation.class));
    }

    /** The kernel of that name; the model's for an empty one. */
    static KernelProfile kernel(ModelSpecification model, String name) {
        return KernelProfile.of(name.isEmpty() ? ((StringValue) model.constant("Kernel")).val.toString() : name);
    }

    /** The number of a vCPU or CPU in its VM; -1 for a vCPU of another VM. */
    int index(Value value, int vm) {
        if (value instanceof TupleValue pair) {
            // (TLC has one object for each text.)
            return ((StringValue) pair.elems[0]).val == vms.get(vm).val ? ((IntValue) pair.elems[1]).val : -1;
        }
        return ((IntValue) value).val;
    }

    private Value vcpu(int vm, int index) {
        return vms.isEmpty() ? IntValue.gen(index) : new TupleValue(new Value[] {vm(vm), IntValue.gen(index)});
    }

    /** The specification's name of a VM. */
    StringValue vm(int number) {
        return vms.get(number);
    }

    /** The successors of a state when a cycle, or tick, passes. */
    List<State> tick(State state) {
        if (vms.isEmpty()) {
            return ModelSpecification.successors(model.operator("Tick"), new Value[0], state);
        }
        int now = ((IntValue) requireNonNull(state.lookup(CNTPCT))).val;
        int modulus = 1 << words.bits();
        return Math.floorMod(now - model.number("Start"), modulus) < model.number("Duration")
                ? ModelSpecification.successors(
                        model.operator("TimePasses"), new Value[] {IntValue.gen((now + 1) % modulus)}, state)
                : List.of();
    }

    /** The action of an operation. */
    Evaluator.Operator action(Operation operation) {
        return actions.computeIfAbsent(operation, o -> model.operator(o.specName()));
    }

    /** The arguments of an operation's action, in the order of its formal parameters. */
    Value[] values(Operation operation, int vm, ImmutableMap<Field, Object> args) {
        List<Value> values = new ArrayList<>();
        for (String formal : action(operation).formals()) {
            Field field = operation.args().stream()
                    .filter(f -> f.name().equals(formal))
                    .findFirst()
                    .orElse(null);
            values.add(field == null ? vm(vm) : value(field, vm, requireNonNull(args.get(field))));
        }
        return values.toArray(new Value[0]);
    }

    private Value value(Field field, int vm, Object java) {
        return switch (field.kind()) {
            case VCPU -> vcpu(vm, (Integer) java);
            case UINT64 -> IntValue.gen(field.equals(Field.MUL) ? ((Long) java).intValue() : words.small((Long) java));
            case FLAG -> (Boolean) java ? BoolValue.ValTrue : BoolValue.ValFalse;
            default -> IntValue.gen((Integer) java);
        };
    }
}
