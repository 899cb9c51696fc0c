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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.TLCState;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;

/** One vocabulary: what both TLA+ and Java define is the same. */
class SpecificationTest {
    private final Specification specification = Specification.of(Arch.X86);

    /**
     * Each series at its beginning and with more patches than it will ever get, so that a stable release which only one
     * table names shows; the releases beside each one that changed something; and every posting.
     */
    static Stream<KernelProfile> kernels() {
        Stream<String> series = IntStream.rangeClosed(3, KernelProfile.newest().major())
                .boxed()
                .flatMap(major -> IntStream.rangeClosed(0, 20)
                        .boxed()
                        .flatMap(minor -> Stream.of(0, 999_999).map(patch -> major + "." + minor + "." + patch)));
        Stream<String> beside = KernelProfile.changes().stream()
                .flatMap(r -> IntStream.rangeClosed(r.patch() - 1, r.patch() + 1)
                        .mapToObj(patch -> r.major() + "." + r.minor() + "." + patch));
        return Stream.concat(
                        Stream.concat(series, beside).flatMap(name -> KernelProfile.named(name).stream()),
                        KernelProfile.known().stream())
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aKernelHasTheSameSwitches(KernelProfile kernel) {
        assertThat(specification.switches(kernel))
                .isEqualTo(Arrays.stream(Switch.values()).collect(Collectors.toMap(Switch::specName, kernel::has)));
    }

    /** The models name a kernel by a string. */
    @ParameterizedTest
    @MethodSource("dev.longitude.kernel.KernelProfile#known")
    void aNameIsTheSameKernelInAModel(KernelProfile kernel) {
        OpDefNode named = specification.definition("KernelNamed");
        Value name = new StringValue(kernel.specName());
        assertThat(specification.tool().eval(named.getBody(), Specification.bind(named, name), TLCState.Empty))
                .isEqualTo(specification.kernel(kernel));
    }

    static Stream<Arguments> operations() {
        return Arrays.stream(Arch.values())
                .flatMap(arch -> Operation.of(arch).stream()
                        .filter(o -> arch != Arch.X86 || o != Operation.CREATE_VM)
                        .map(o -> Arguments.of(arch, o)));
    }

    /** An operator that binds by name need not be a step: each must be one of Step's disjuncts. */
    @ParameterizedTest
    @MethodSource("operations")
    void anOperationIsAStepWithTheSameArguments(Arch arch, Operation operation) {
        Specification of = Specification.of(arch);
        assertThat(StepList.missing(arch)).isEmpty();
        assertThat(StepList.applied(of)).contains(operation.specName());
        assertThat(of.formals(operation.specName()).stream().filter(name -> !name.equals("vm")))
                .containsExactlyElementsOf(
                        operation.args().stream().map(Field::name).toList());
    }

    /** Every operator that Java calls by name exists, with the formal parameters that Java expects. */
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
        assertThat(StepList.applied(of).stream().filter(name -> name.matches("[A-Z]\\w+") && of.has(name)))
                .isNotEmpty()
                .allMatch(name -> Operation.named(arch, name).isPresent());
    }
}
