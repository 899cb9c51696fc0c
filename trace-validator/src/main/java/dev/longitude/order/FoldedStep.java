package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.StepKind;
import dev.longitude.recording.VmmOperation;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One step of a recipe and the operations of the recording that carry it out: one, or one for each vCPU. Without
 * operations it is the VMM's {@code Wait}, or a step that the log lacks.
 */
record FoldedStep(StepKind kind, ImmutableList<VmmOperation> operations) {
    /** The operation's kind of step; empty if a recipe has none for it. */
    static Optional<StepKind> kindOf(VmmOperation operation) {
        return switch (operation.kind()) {
            case CREATE_VM,
                    CLOSE_VM,
                    ENTER_GUEST,
                    READ_SYSTEM_TIME,
                    READ_TSC_DEADLINE,
                    GET_TSC_KHZ,
                    MSRS_CUT_SHORT,
                    UNKNOWN -> Optional.empty();
            default -> Optional.of(StepKind.valueOf(operation.kind().name()));
        };
    }

    /** Whether KVM refused it for some vCPU, and the VMM continued. */
    boolean failed() {
        return operations.stream().anyMatch(VmmOperation::failed);
    }

    /** The lines of the log that it comes from: {@code lines 79, 85}. */
    String lines() {
        if (operations.isEmpty()) {
            return "";
        }
        return (operations.size() == 1 ? "line " : "lines ")
                + operations.stream().map(o -> String.valueOf(o.line())).collect(Collectors.joining(", "));
    }
}
