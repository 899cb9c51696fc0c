package dev.longitude.replay;

import dev.longitude.spec.Specification;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import java.util.regex.Pattern;

/** A module over {@code TraceKvmArm64}: a subject is a host, which exists before its first event. */
final class Arm64TraceModule extends TraceModule {
    /** The constants that only the rates of x86 need. */
    private static final Pattern OF_RATES = Pattern.compile(
            "CyclesPerKhz|NsPerSecond|Drift|SecondInCycles|CyclesToNs|NsToCycles|Ratio|MaxGuest|Scale|KeepsPace|SameNs|Pvclock");

    Arm64TraceModule() {
        super(Specification.arm64());
    }

    @Override
    String base() {
        return "Arm64, Words64";
    }

    @Override
    String suffix(TraceEvent first) {
        return "";
    }

    @Override
    boolean has(String constant) {
        return !OF_RATES.matcher(constant).find();
    }

    @Override
    boolean begins(TraceEvent event) {
        return false;
    }

    @Override
    String beginning(TraceHeader header, TraceEvent first) {
        TraceHeader.Arm64 host = header.arm64();
        return "NewHost(" + Specification.textOf(header.kernel()) + ", " + flag(host.vhe()) + ", " + flag(host.ecv())
                + ", " + host.pcpus() + ", " + word(first.counter().lo()) + ")";
    }

    @Override
    String times(TraceEvent event) {
        return word(exact(event.counter()));
    }

    @Override
    String vcpu(VcpuId vcpu) {
        return "<<" + vcpu.vm() + ", " + vcpu.vcpu() + ">>";
    }

    @Override
    String ofVm(String set, int vm) {
        return "{v \\in " + set + " : v[1] = " + vm + "}";
    }
}
