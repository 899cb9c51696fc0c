package dev.longitude.audit;

import dev.longitude.order.Stop;
import dev.longitude.recording.VmmOperation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The vCPUs that have a kvmclock page, as far as the VMM's own reads and writes of the MSR show. */
final class KvmclockPages {
    private KvmclockPages() {}

    /** Those that have one when a stop ends. */
    static Set<Integer> at(List<Stop> stops, Stop end) {
        Set<Integer> with = new HashSet<>();
        for (Stop stop : stops) {
            stop.operations().forEach(o -> take(o, with));
            if (stop.equals(end)) {
                break;
            }
        }
        return with;
    }

    private static void take(VmmOperation operation, Set<Integer> with) {
        Long value = operation.value();
        switch (operation.kind()) {
            case READ_SYSTEM_TIME, WRITE_SYSTEM_TIME -> {
                if (!operation.failed() && value != null && (value & 1) != 0) {
                    with.add(operation.vcpu());
                } else if (!operation.failed()) {
                    with.remove(operation.vcpu());
                }
            }
            default -> {
                // It shows no page.
            }
        }
    }
}
