package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;

/** Steps that belong together. */
public record Block(How how, ImmutableList<Step> steps) {
    /** How the steps of a block are carried out. */
    public enum How {
        /** Once; a vCPU's steps on vCPU 0, except that CreateVcpu creates the next vCPU. */
        ONCE("once"),
        /** All of them for each vCPU, one vCPU after the other. */
        IN_TURN("inTurn"),
        /** For each vCPU by a thread of its own. */
        IN_PARALLEL("inParallel");

        private final String specName;

        How(String specName) {
            this.specName = specName;
        }

        /** The name in recipes and the specification. */
        public String specName() {
            return specName;
        }
    }

    /** Whether it creates vCPUs. */
    boolean creates() {
        return steps.stream().anyMatch(s -> s.kind() == StepKind.CREATE_VCPU);
    }

    static Block once(StepKind kind) {
        return new Block(How.ONCE, ImmutableList.of(Step.of(kind)));
    }

    static Block eachInTurn(StepKind... kinds) {
        return new Block(How.IN_TURN, Arrays.stream(kinds).map(Step::of).collect(ImmutableList.toImmutableList()));
    }

    static Block eachInParallel(StepKind kind) {
        return new Block(How.IN_PARALLEL, ImmutableList.of(Step.of(kind)));
    }
}
