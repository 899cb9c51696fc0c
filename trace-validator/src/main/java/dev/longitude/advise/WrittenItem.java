package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An item of a section of a recipe's file: a step that is done once, or a block of steps for each vCPU.
 *
 * @param steps exactly one if it is done once
 * @param origin which block of the file it is or comes from; {@link WrittenStep#NEW}: none, or no block
 */
record WrittenItem(Block.How how, ImmutableList<WrittenStep> steps, int origin) {
    static WrittenItem of(Block.How how, WrittenStep... steps) {
        return new WrittenItem(how, ImmutableList.copyOf(steps), WrittenStep.NEW);
    }

    boolean isBlock() {
        return how != Block.How.ONCE;
    }

    /** Whether it is {@code pause} or {@code run}. */
    boolean isKeyword() {
        return steps.get(0).stepKind().isEmpty();
    }

    boolean has(StepKind kind) {
        return steps.stream().anyMatch(s -> s.is(kind));
    }

    WrittenItem with(List<WrittenStep> others) {
        return new WrittenItem(how, ImmutableList.copyOf(others), origin);
    }

    WrittenItem with(int at, WrittenStep step) {
        List<WrittenStep> all = new ArrayList<>(steps);
        all.set(at, step);
        return with(all);
    }

    WrittenItem withAdded(int at, WrittenStep step) {
        List<WrittenStep> all = new ArrayList<>(steps);
        all.add(at, step);
        return with(all);
    }

    WrittenItem without(int at) {
        List<WrittenStep> all = new ArrayList<>(steps);
        all.remove(at);
        return with(all);
    }

    /** In a few words: its steps. */
    String brief() {
        String all = steps.stream().map(WrittenStep::kind).collect(Collectors.joining(", "));
        return isBlock() ? how.specName() + " [" + all + "]" : all;
    }
}
