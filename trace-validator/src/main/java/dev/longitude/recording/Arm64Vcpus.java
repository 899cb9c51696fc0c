package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The vCPUs of an arm64 host's VMs, and the events of their creation. */
final class Arm64Vcpus {
    private final KernelProfile kernel;
    private final EventList events;
    private final Findings findings;
    private final Map<Integer, TreeSet<Integer>> online = new HashMap<>();

    /** The VMs of which the VMM has set both counters' offset: the creation of a vCPU leaves it. */
    private final Set<Integer> offsetsSet = new HashSet<>();

    Arm64Vcpus(KernelProfile kernel, EventList events, Findings findings) {
        this.kernel = kernel;
        this.events = events;
        this.findings = findings;
    }

    /** The vCPUs of an operation's VM so far. */
    Set<Integer> online(Segment segment) {
        Set<Integer> vcpus = online.get(segment.vm());
        return vcpus == null ? Set.of() : vcpus;
    }

    /** Notes that KVM_ARM_SET_COUNTER_OFFSET succeeded. */
    void offsetIsSet(Segment segment) {
        offsetsSet.add(segment.vm());
    }

    void create(Segment segment) {
        if (!kernel.has(Switch.OFFSETS_OF_VM)) {
            add(segment, Operation.BEGIN_CREATE_VCPU, segment.vcpu());
            broadcast(segment);
            add(segment, Operation.BROADCAST_TO, segment.vcpu());
        }
        add(segment, Operation.CREATE_VCPU, segment.vcpu());
        TreeSet<Integer> vcpus = online.computeIfAbsent(segment.vm(), vm -> new TreeSet<>());
        if (events.threads() && !kernel.has(Switch.OFFSETS_OF_VM) && vcpus.higher(segment.vcpu()) != null) {
            findings.assume(
                    segment.record().line(),
                    segment.vm(),
                    segment.when().lo(),
                    "that KVM gives the VM's vCPUs an offset in the order of their ids: it does so in that of their creation");
        }
        vcpus.add(segment.vcpu());
    }

    /**
     * A creation that failed. KVM sets the VM's counters to 0 for the new vCPU before it finds, for example, that a vCPU
     * has this id already.
     */
    void failToCreate(Segment segment) {
        if (online(segment).isEmpty() || offsetsSet.contains(segment.vm())) {
            findings.harmless(segment.record().op() + " (failed)");
        } else {
            findings.unshown(
                    segment,
                    "nothing shows whether KVM_CREATE_VCPU set the counters of the VM's vCPUs to 0 before it failed");
        }
    }

    /** The loop goes through the vCPUs by their index; in the specification, by their id. */
    void broadcast(Segment segment) {
        online(segment).forEach(vcpu -> add(segment, Operation.BROADCAST_TO, vcpu));
    }

    private void add(Segment segment, Operation operation, int vcpu) {
        events.add(
                segment,
                segment.lane(),
                segment.when(),
                operation,
                ImmutableMap.of(Field.VCPU, vcpu),
                Map.of(),
                Map.of());
    }
}
