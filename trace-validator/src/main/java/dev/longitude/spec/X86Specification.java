package dev.longitude.spec;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import tlc2.tool.impl.FastTool;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** {@code TraceKvmX86}: a state is one VM's, and a vCPU is its index. */
public final class X86Specification extends Specification {
    /** The host's TSC, cycles. */
    public static final Variable HOST_TSC = new Variable("hostTsc");

    /** The base clock of kvmclock, ns. */
    public static final Variable HOST_NS = new Variable("hostNs");

    /** CLOCK_REALTIME, ns. */
    public static final Variable HOST_REALTIME = new Variable("hostRealtime");

    /** The TSC from which the base clock's pace is compared with the TSC's, cycles. */
    public static final Variable PACE_TSC = new Variable("paceTsc");

    /** The base clock then, ns. */
    public static final Variable PACE_NS = new Variable("paceNs");

    /** Whether the host's clocksource is the TSC. */
    public static final Variable TSC_CLOCKSOURCE = new Variable("tscClocksource");

    /** The TSC of each vCPU that KVM saw last, cycles. */
    public static final Variable LAST_GUEST_TSC = new Variable("lastGuestTsc");

    /** The vCPUs' kvmclock pages. */
    public static final Variable PVCLOCK = new Variable("pvclock");

    private final BoundOperator newVm = bind(
            "NewVm",
            "switches",
            "khz",
            "clockKhz",
            "fracBits",
            "clocksourceIsTsc",
            "unstable",
            "tsc",
            "ns",
            "realtime");
    private final BoundOperator timePasses = bind("TimePasses", "tsc", "ns", "realtime");
    private final BoundOperator timePassesBetweenReads =
            bind("TimePassesBetweenReads", "tsc", "nsTsc", "ns", "realtime");
    private final BoundOperator tscPasses = bind("TscPasses", "tsc", "realtime");
    private final BoundOperator nothingHidden = bind("NothingHidden");

    X86Specification(FastTool tool, Evaluator evaluator) {
        super(tool, evaluator, "");
    }

    /** The state of a VM that has just been created at these clocks of its host. */
    public State newVm(KernelProfile kernel, TraceHeader.X86 host, Value tsc, Value ns, Value realtime) {
        return initially(newVm.with(
                kernel(kernel),
                IntValue.gen(host.tscKhz()),
                IntValue.gen(host.clocksourceKhz()),
                IntValue.gen(host.tscFracBits()),
                flag(host.tscClocksource()),
                flag(host.tscUnstable()),
                tsc,
                ns,
                realtime));
    }

    /** Advances the host's clocks. */
    public ActionCall timePasses(Value tsc, Value ns, Value realtime) {
        return timePasses.with(tsc, ns, realtime);
    }

    /** The same, and KVM reads the base clock when the TSC is {@code nsTsc}. */
    public ActionCall timePassesBetweenReads(Value tsc, Value nsTsc, Value ns, Value realtime) {
        return timePassesBetweenReads.with(tsc, nsTsc, ns, realtime);
    }

    /** The same, without reading the base clock. */
    public ActionCall tscPasses(Value tsc, Value realtime) {
        return tscPasses.with(tsc, realtime);
    }

    @Override
    public boolean nothingHidden(State state) {
        return nothingHidden.operator().eval(ImmutableMap.of(), state) == BoolValue.ValTrue;
    }

    @Override
    public Value standing(State state) {
        return new TupleValue(course(state), LAST_GUEST_TSC.in(state));
    }

    @Override
    public Value vcpu(VcpuId vcpu) {
        return IntValue.gen(vcpu.vcpu());
    }
}
