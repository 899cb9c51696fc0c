package dev.longitude.recording;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.KvmAbi.ArmRegister;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.VcpuId;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The registers of the timers of arm64 vCPUs in an ioctl log. A guest sets them while it runs, and no log shows it: after
 * a run of which the log does not show what the guest did, a register is unknown until the VMM sets it.
 */
final class Arm64TimerRegisters {
    private static final ImmutableSet<ArmRegister> COMPARE_VALUES =
            ImmutableSet.of(ArmRegister.TIMER_CVAL, ArmRegister.PTIMER_CVAL);
    private static final ImmutableSet<ArmRegister> ALL = ImmutableSet.of(
            ArmRegister.TIMER_CVAL, ArmRegister.TIMER_CTL, ArmRegister.PTIMER_CVAL, ArmRegister.PTIMER_CTL);

    private final EventList events;
    private final Findings findings;
    private final Map<VcpuId, Set<ArmRegister>> unknown = new HashMap<>();
    private final Set<VcpuId> initialised = new HashSet<>();

    Arm64TimerRegisters(EventList events, Findings findings) {
        this.events = events;
        this.findings = findings;
    }

    /** Whether a register is one of a timer, and none of a counter. */
    static boolean has(@Nullable ArmRegister register) {
        return register != null && ALL.contains(register);
    }

    private Set<ArmRegister> unknown(Segment segment) {
        return unknown.computeIfAbsent(segment.id(), id -> EnumSet.noneOf(ArmRegister.class));
    }

    void created(Segment segment) {
        unknown.remove(segment.id());
        initialised.remove(segment.id());
    }

    /** KVM_ARM_VCPU_INIT turns the timers off; whether another one keeps the compare values was not measured. */
    void initialised(Segment segment) {
        unknown(segment).removeAll(ALL);
        if (!initialised.add(segment.id())) {
            unknown(segment).addAll(COMPARE_VALUES);
        }
    }

    /** A KVM_RUN of which the log may not show what the guest did. */
    void ran(Segment segment) throws TraceFormatException {
        String guest = segment.record().args().text("guest");
        boolean understood = guest != null;
        for (String did : guest == null ? new String[0] : guest.split(",", -1)) {
            understood &= Set.of("cntvct", "cntpct", "cntfrq", "none").contains(did);
        }
        if (!understood) {
            unknown(segment).addAll(ALL);
        }
    }

    private static Operation operation(ArmRegister register, boolean sets) {
        return switch (register) {
            case TIMER_CVAL -> sets ? Operation.SET_VTIMER_CVAL : Operation.GET_VTIMER_CVAL;
            case TIMER_CTL -> sets ? Operation.SET_VTIMER_CTL : Operation.GET_VTIMER_CTL;
            case PTIMER_CVAL -> sets ? Operation.SET_PTIMER_CVAL : Operation.GET_PTIMER_CVAL;
            case PTIMER_CTL -> sets ? Operation.SET_PTIMER_CTL : Operation.GET_PTIMER_CTL;
            default -> throw new IllegalArgumentException(register + " is of no timer");
        };
    }

    private static boolean isPhysical(ArmRegister register) {
        return register == ArmRegister.PTIMER_CVAL || register == ArmRegister.PTIMER_CTL;
    }

    /** Whether the log shows which vCPU it is, and an outcome that the specification has. */
    private static boolean isModelled(Segment segment, ArmRegister register) {
        IoctlRecord record = segment.record();
        boolean refused = isPhysical(register) && record.failedWith(KvmAbi.ENOENT);
        return segment.isOnVcpu() && record.hasOutcome() && (!record.failed() || refused);
    }

    /** KVM_SET_ONE_REG. Of a control register only the enabling bit is modelled. */
    void set(Segment segment, ArmRegister register) throws TraceFormatException {
        Long value = segment.record().args().word("value");
        if (!isModelled(segment, register)) {
            findings.notModelled("KVM_SET_ONE_REG of a timer"); // it moves no counter
            unknown(segment).add(register);
            return;
        }
        add(segment, operation(register, true), part(register, value == null ? 0 : value), results(segment, register));
        if (value == null) {
            unknown(segment).add(register); // (and nothing is compared with the 0)
        } else if (!segment.record().failed()) {
            unknown(segment).remove(register);
        }
    }

    /** KVM_GET_ONE_REG. Nothing is compared where the guest may have set the register. */
    void get(Segment segment, ArmRegister register) throws TraceFormatException {
        if (!isModelled(segment, register)) {
            findings.harmless("KVM_GET_ONE_REG of others");
            return;
        }
        Map<Field, Object> results = results(segment, register);
        Long value = segment.record().out().word("value");
        if (value != null && !segment.record().failed() && !unknown(segment).contains(register)) {
            results.putAll(part(register, value));
        }
        add(segment, operation(register, false), Map.of(), results);
    }

    private static Map<Field, Object> results(Segment segment, ArmRegister register) {
        Map<Field, Object> results = new LinkedHashMap<>();
        if (isPhysical(register)) {
            results.put(Field.ERRNO, Arm64Log.errno(segment));
        }
        return results;
    }

    private void add(Segment segment, Operation operation, Map<Field, Object> args, Map<Field, Object> results) {
        Map<Field, Object> all = new LinkedHashMap<>();
        all.put(Field.VCPU, segment.vcpu());
        all.putAll(args);
        events.add(segment, segment.lane(), segment.when(), operation, all, results, Map.of());
    }

    private static Map<Field, Object> part(ArmRegister register, long value) {
        Map<Field, Object> part = new LinkedHashMap<>();
        if (COMPARE_VALUES.contains(register)) {
            part.put(Field.CVAL, value);
        } else {
            part.put(Field.ON, (value & 1) != 0);
        }
        return part;
    }
}
