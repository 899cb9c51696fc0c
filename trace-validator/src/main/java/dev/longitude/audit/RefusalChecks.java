package dev.longitude.audit;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.order.Stop;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Sets that KVM refused, and a VMM that went on. */
final class RefusalChecks {
    private RefusalChecks() {}

    static void check(KernelProfile kernel, long khz, List<Stop> stops, AuditReport.Builder report) {
        for (Stop stop : stops) {
            if (!stop.resumes()) {
                continue;
            }
            List<VmmOperation> all = stop.operations().collect(Collectors.toList());
            for (int i = 0; i < all.size(); i++) {
                VmmOperation operation = all.get(i);
                if (operation.is(Kind.UNKNOWN) && !operation.failed()) {
                    report.undecidable(
                            operation.line(),
                            "it may set a clock, and the log does not show what it sets; record its payload");
                } else if (operation.is(Kind.MSRS_CUT_SHORT)) {
                    report.found(
                            FindingKind.MSRS_CUT_SHORT,
                            operation.value("taken") + " of " + operation.value("asked"),
                            operation.line());
                } else if (operation.kind().writes()
                        && operation.failed()
                        && !isHarmless(kernel, khz, operation)
                        && !isRepeated(operation, all.subList(i + 1, all.size()))) {
                    report.found(FindingKind.SET_REFUSED, describe(operation), operation.line());
                }
            }
        }
    }

    private static String describe(VmmOperation operation) {
        return operation.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                + (operation.errno() == 0 ? "" : ", errno " + operation.errno());
    }

    /** What changes nothing although it failed. */
    private static boolean isHarmless(KernelProfile kernel, long khz, VmmOperation operation) {
        return switch (operation.kind()) {
            // Such a kernel has no physical counter to set, and QEMU tries.
            case SET_PTIMER_CNT, SET_PTIMER_CTL, SET_PTIMER_CVAL ->
                operation.errno() == KvmAbi.ENOENT && !kernel.has(Switch.PTIMER_CNT);
            // The rate is the host's without it.
            case SET_TSC_KHZ, SET_VM_TSC_KHZ -> {
                Long asked = operation.value("khz");
                yield asked != null && (asked == khz || asked == 0);
            }
            default -> false;
        };
    }

    /** Whether the VMM then did it in another way that KVM took. */
    private static boolean isRepeated(VmmOperation failed, List<VmmOperation> later) {
        return later.stream()
                .anyMatch(o -> o.done()
                        && (o.is(failed.kind()) || setsTheSame(o, failed))
                        && (o.vcpu() == failed.vcpu() || failed.vcpu() < 0));
    }

    private static boolean setsTheSame(VmmOperation one, VmmOperation other) {
        return switch (other.kind()) {
            case SET_VM_TSC_KHZ -> one.is(Kind.SET_TSC_KHZ);
            case SET_TSC_OFFSET -> one.is(Kind.WRITE_TSC);
            case SET_COUNTER_OFFSET -> one.is(Kind.SET_TIMER_CNT);
            default -> false;
        };
    }
}
