package dev.longitude.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One vocabulary: what stands twice, in TLA+ and in Java, is the same. */
class SpecificationTest {
    private final Specification specification = Specification.of(Arch.X86);

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

    static Stream<Arguments> operations() {
        return Arrays.stream(Arch.values())
                .flatMap(arch -> Operation.of(arch).stream()
                        .filter(o -> arch != Arch.X86 || o != Operation.CREATE_VM)
                        .map(o -> Arguments.of(arch, o)));
    }

    /** Binding an operator by name does not prove that it is a step: that it is one of Step's disjuncts does. */
    @ParameterizedTest
    @MethodSource("operations")
    void anOperationIsAStepWithTheSameArguments(Arch arch, Operation operation) {
        Specification of = Specification.of(arch);
        assertThat(of.appliedBy("Step")).contains(operation.specName());
        assertThat(of.formals(operation.specName()).stream().filter(name -> !name.equals("vm")))
                .containsExactlyElementsOf(
                        operation.args().stream().map(Field::name).toList());
    }

    /** What Java calls by name is there, with the formal parameters that Java gives it arguments for. */
    @ParameterizedTest
    @EnumSource
    void whatJavaCallsHasTheseFormalParameters(Arch arch) {
        Specification of = Specification.of(arch);
        assertThat(of.bound()).hasSizeGreaterThan(5);
        for (BoundOperator operator : of.bound()) {
            assertThat(of.has(operator.name())).as(operator.name()).isTrue();
            assertThat(of.formals(operator.name())).as(operator.name()).isEqualTo(operator.formals());
        }
    }

    @Test
    void theVariablesThatJavaLooksAtAreDeclared() {
        assertThat(List.of(
                        Specification.REPLY,
                        X86Specification.HOST_TSC,
                        X86Specification.HOST_NS,
                        X86Specification.HOST_REALTIME,
                        X86Specification.PACE_TSC,
                        X86Specification.PACE_NS,
                        X86Specification.TSC_CLOCKSOURCE,
                        X86Specification.LAST_GUEST_TSC,
                        X86Specification.PVCLOCK,
                        Arm64Specification.CNTPCT))
                .allMatch(Variable::isDeclared);
    }

    /** A state variable of a trace is a variable of the specification, or an operator without arguments. */
    @Test
    void aStateVariableIsThere() {
        for (StateVariable variable : StateVariable.values()) {
            Specification of = variable.isOfX86() ? specification : Specification.arm64();
            boolean derived = of.has(variable.specName())
                    && of.formals(variable.specName()).isEmpty();
            assertThat(of.place(variable) >= 0 || derived)
                    .as(variable.specName())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyStepIsAnOperation(Arch arch) {
        Specification of = Specification.of(arch);
        // (An instance's own Step also names what is substituted for its constants.)
        assertThat(of.appliedBy("Step").stream().filter(name -> name.matches("[A-Z]\\w+") && of.has(name)))
                .isNotEmpty()
                .allMatch(
                        name -> Operation.named(name).filter(o -> o.isOf(arch)).isPresent());
    }
}
