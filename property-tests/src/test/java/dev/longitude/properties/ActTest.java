package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Operation;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Generated sequences can contain every operation that the reference implementation offers. */
class ActTest {
    /** Part of another one, or named otherwise in {@link Act.Kind}. */
    private static final ImmutableSet<String> BY_OTHERS = ImmutableSet.of(
            "CREATE_VM", // each sequence begins with it
            "BEGIN_SET_CLOCK",
            "BEGIN_GET_CLOCK",
            "TAKE_HOST_TSC", // the implementation reads both clocks at one instant
            "X86_VCPU_LOAD", // VCPU_LOAD
            "REENTER_GUEST"); // GUEST_REENTER

    /** Those for which there is no operation of that name. */
    private static final ImmutableSet<String> OWN_NAMES = ImmutableSet.of(
            "VCPU_LOAD",
            "GUEST_REENTER",
            "SET_CLOCK_BY_REALTIME", // SET_CLOCK with its flag
            "HOST_REALTIME"); // no event: the next one shows it

    @Test
    void everyOperationIsAnAct() {
        Set<String> acts = names(Act.Kind.values());
        Set<String> operations = names(Operation.of(Arch.X86).toArray(Operation[]::new));
        assertThat(acts).containsAll(OWN_NAMES);
        assertThat(operations).containsAll(BY_OTHERS);
        acts.removeAll(OWN_NAMES);
        operations.removeAll(BY_OTHERS);
        assertThat(acts).containsExactlyInAnyOrderElementsOf(operations);
    }

    private static Set<String> names(Enum<?>[] constants) {
        return Arrays.stream(constants).map(Enum::name).collect(Collectors.toSet());
    }
}
