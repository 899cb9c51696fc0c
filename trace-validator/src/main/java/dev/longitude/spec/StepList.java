package dev.longitude.spec;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Operation;
import java.util.ArrayList;
import java.util.List;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.SemanticNode;

/** What the specification's {@code Step} lists: one step of KVM under any VMM and any guest. */
public final class StepList {
    private StepList() {}

    /**
     * The operations that it lacks; empty unless the specification is wrong. (On x86 a VM's creation is a first state.)
     */
    public static ImmutableList<Operation> missing(Arch arch) {
        ImmutableList<String> steps = applied(Specification.of(arch));
        return Operation.of(arch).stream()
                .filter(operation -> arch != Arch.X86 || operation != Operation.CREATE_VM)
                .filter(operation -> !steps.contains(operation.specName()))
                .collect(ImmutableList.toImmutableList());
    }

    /** The names of all operators that it applies. */
    static ImmutableList<String> applied(Specification specification) {
        List<String> names = new ArrayList<>();
        collect(specification.definition("Step").getBody(), names);
        return ImmutableList.copyOf(names);
    }

    private static void collect(SemanticNode node, List<String> names) {
        if (node instanceof OpApplNode application) {
            names.add(application.getOperator().getName().toString());
        }
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                collect(child, names);
            }
        }
    }
}
