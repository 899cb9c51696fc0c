package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A stretch of a recording in which the vCPUs that the VMM works on are not in the guest: from the creation of a VM, or
 * from the first operation after a KVM_RUN, until all of them run again.
 *
 * @param vm the VM
 * @param isFirst whether it begins with the creation of the VM
 * @param steps what the VMM did, in order, without the KVM_RUNs
 * @param runs the KVM_RUNs that end it, one for each vCPU; none if the VM did not run again
 */
public record Stop(int vm, boolean isFirst, ImmutableList<Step> steps, ImmutableList<VmmOperation> runs) {
    /**
     * An operation within a stop.
     *
     * @param afterRun whether a vCPU had already entered the guest, at the end of this stop
     * @param mayRun the other vCPUs that may be in the guest: their KVM_RUN has begun, and no line shows its end
     */
    public record Step(VmmOperation operation, boolean afterRun, ImmutableSet<Integer> mayRun) {}

    /** The operations, in order. */
    public Stream<VmmOperation> operations() {
        return steps.stream().map(Step::operation);
    }

    /** The operations of a kind, in order. */
    public Stream<VmmOperation> operations(Kind kind) {
        return operations().filter(o -> o.is(kind));
    }

    /** Whether there is such an operation. */
    public boolean has(Predicate<VmmOperation> such) {
        return operations().anyMatch(such);
    }

    /** Whether a line lies in it, its KVM_RUNs included. */
    public boolean hasLine(int line) {
        return Stream.concat(operations(), runs.stream()).anyMatch(o -> o.line() == line);
    }

    /** Whether all vCPUs that had run are known to have left the guest. */
    public boolean isOfAll() {
        return steps.isEmpty()
                || steps.get(0).mayRun().stream()
                        .allMatch(
                                v -> Stream.concat(operations(), runs.stream()).anyMatch(o -> o.vcpu() == v));
    }

    /** Whether the guest ran again. */
    public boolean resumes() {
        return !runs.isEmpty();
    }

    /** Whether the VMM set back a counter that a guest had: not 0 and not 1, which are values of a reset. */
    public boolean restoresCounter() {
        return has(o -> switch (o.kind()) {
            case WRITE_TSC, SET_TIMER_CNT -> o.value() == null || Long.compareUnsigned(o.value(), 1) > 0;
            case SET_TSC_OFFSET -> true;
            default -> false;
        });
    }
}
