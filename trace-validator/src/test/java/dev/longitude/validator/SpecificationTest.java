package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One vocabulary: what stands twice, in TLA+ and in Java, is the same. */
class SpecificationTest {
    private final Specification specification = Specification.load();

    @Test
    void theProfilesHaveTheSameNames() {
        assertThat(specification.profiles())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(KernelProfile.values())
                        .map(KernelProfile::specName)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void aProfileHasTheSameSwitches(KernelProfile profile) {
        assertThat(specification.profile(profile.specName()))
                .isEqualTo(Arrays.stream(Switch.values()).collect(Collectors.toMap(Switch::specName, profile::has)));
    }

    /** Binding an operator by name does not prove that it is a step: that it is one of Step's disjuncts does. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CREATE_VM")
    void anOperationIsAStepWithTheSameArguments(Operation operation) {
        assertThat(specification.appliedBy("Step")).contains(operation.specName());
        assertThat(specification.formals(operation.specName()))
                .isEqualTo(operation.args().stream().map(Field::name).toList());
    }

    @Test
    void everyStepIsAnOperationOrTimePassing() {
        assertThat(specification.appliedBy("Step").stream().filter(name -> name.matches("[A-Z]\\w+")))
                .allMatch(name ->
                        name.equals("TimePasses") || Operation.named(name).isPresent());
    }
}
