package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Operation;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Generated sequences can contain every operation that the reference implementation offers. */
class Arm64ActTest {
    /** Those that an act of another name performs. */
    private static final ImmutableMap<Operation, Arm64Act.Kind> BY_OTHERS =
            ImmutableMap.<Operation, Arm64Act.Kind>builder()
                    .put(Operation.BEGIN_CREATE_VCPU, Arm64Act.Kind.CREATE_VCPU)
                    .put(Operation.BROADCAST_TO, Arm64Act.Kind.SET_TIMER_CNT)
                    .put(Operation.SET_VTIMER_OFFSET, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.GET_VTIMER_OFFSET, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.SET_PTIMER_OFFSET, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.GET_PTIMER_OFFSET, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.SET_SYSTEM_COUNTER_STATE, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.GET_SYSTEM_COUNTER_STATE, Arm64Act.Kind.SET_OFFSETS)
                    .put(Operation.SET_VTIMER_CVAL, Arm64Act.Kind.SET_TIMERS)
                    .put(Operation.SET_VTIMER_CTL, Arm64Act.Kind.SET_TIMERS)
                    .put(Operation.SET_PTIMER_CVAL, Arm64Act.Kind.SET_TIMERS)
                    .put(Operation.SET_PTIMER_CTL, Arm64Act.Kind.SET_TIMERS)
                    .put(Operation.GET_VTIMER_CVAL, Arm64Act.Kind.GET_TIMERS)
                    .put(Operation.GET_VTIMER_CTL, Arm64Act.Kind.GET_TIMERS)
                    .put(Operation.GET_PTIMER_CVAL, Arm64Act.Kind.GET_TIMERS)
                    .put(Operation.GET_PTIMER_CTL, Arm64Act.Kind.GET_TIMERS)
                    .put(Operation.ARM64_VCPU_LOAD, Arm64Act.Kind.RUN_1)
                    .put(Operation.ENTER_GUEST, Arm64Act.Kind.RUN_1)
                    .put(Operation.GUEST_READ_CNTVCT, Arm64Act.Kind.RUN_2)
                    .put(Operation.GUEST_READ_CNTPCT, Arm64Act.Kind.RUN_2)
                    .put(Operation.EXIT_GUEST, Arm64Act.Kind.EXIT)
                    .put(Operation.VCPU_PUT, Arm64Act.Kind.PREEMPT)
                    .buildOrThrow();

    /** Each sequence begins with it. */
    private static final ImmutableSet<Operation> AT_THE_BEGINNING = ImmutableSet.of(Operation.CREATE_VM);

    @Test
    void everyOperationIsAnAct() {
        Set<String> operations = new TreeSet<>();
        Operation.of(Arch.ARM64).forEach(operation -> operations.add(operation.name()));
        BY_OTHERS.keySet().forEach(operation -> operations.remove(operation.name()));
        AT_THE_BEGINNING.forEach(operation -> operations.remove(operation.name()));
        Set<String> acts = new TreeSet<>();
        Arrays.stream(Arm64Act.Kind.values()).forEach(kind -> acts.add(kind.name()));
        assertThat(acts).containsAll(operations);
    }
}
