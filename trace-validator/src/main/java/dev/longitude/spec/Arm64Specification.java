package dev.longitude.spec;

import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import tlc2.tool.impl.FastTool;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** {@code TraceKvmArm64}: a state is a host's, and a vCPU is the pair of its VM and its index. */
public final class Arm64Specification extends Specification {
    /** The host's physical counter, ticks. */
    public static final Variable CNTPCT = new Variable("cntpct");

    private final BoundOperator newHost = bind("NewHost", "switches", "isVhe", "hasEcv", "pcpus", "counter");
    private final BoundOperator timePasses = bind("TimePasses", "counter");

    Arm64Specification(FastTool tool, Evaluator evaluator, String prefix) {
        super(tool, evaluator, prefix);
    }

    /** The state of a host without VMs at that counter. */
    public State newHost(KernelProfile kernel, TraceHeader.Arm64 host, Value counter) {
        return initially(
                newHost.with(kernel(kernel), flag(host.vhe()), flag(host.ecv()), IntValue.gen(host.pcpus()), counter));
    }

    /** Advances the host's counter. */
    public ActionCall timePasses(Value counter) {
        return timePasses.with(counter);
    }

    /** (An event shows only one VM's part of its host's state; the rest may be hidden.) */
    @Override
    public boolean nothingHidden(State state) {
        return false;
    }

    @Override
    public Value standing(State state) {
        return course(state);
    }

    @Override
    public Value vcpu(VcpuId vcpu) {
        return new TupleValue(IntValue.gen(vcpu.vm()), IntValue.gen(vcpu.vcpu()));
    }
}
