package dev.longitude.recipe;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** What a VMM has saved in a run, by name and vCPU, and its arithmetic with it: words modulo 2^64. */
final class SavedValues {
    private final Map<String, Map<Integer, Long>> values = new HashMap<>();
    private final int guestKhz;

    /**
     * Nothing is saved yet.
     *
     * @param guestKhz the rate of the guest's counter, kHz
     */
    SavedValues(int guestKhz) {
        this.guestKhz = guestKhz;
    }

    /** Saves a value; what is the VM's is saved for vCPU 0. */
    void put(String name, int vcpu, long value) {
        values.computeIfAbsent(name, n -> new HashMap<>()).put(vcpu, value);
    }

    /** A value that has been saved. */
    long get(String name, int vcpu) {
        return requireNonNull(requireNonNull(values.get(name)).get(vcpu));
    }

    /**
     * Computes an expression for a vCPU.
     *
     * @param scaled scales a value of the host's counter as the guest sees it
     */
    long eval(Expression e, int vcpu, LongUnaryOperator scaled) {
        if (e instanceof Expression.Literal literal) {
            return literal.value();
        }
        if (e instanceof Expression.Saved saved) {
            Integer of = saved.vcpu();
            return get(saved.name(), of == null ? vcpu : of);
        }
        if (e instanceof Expression.Sum sum) {
            long left = eval(sum.left(), vcpu, scaled);
            long right = eval(sum.right(), vcpu, scaled);
            return sum.minus() ? left - right : left + right;
        }
        Expression.Call call = (Expression.Call) e;
        long of = eval(call.of(), vcpu, scaled);
        return switch (call.function()) {
            case CYCLES -> SimulatedHost.cycles(of, guestKhz);
            case SCALED -> scaled.applyAsLong(of);
            case AT_LEAST_0 -> Math.max(of, 0);
            case WITHOUT -> of & ~call.number();
        };
    }
}
