package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * All single changes of a recipe's save and restore, valid or not. What the VMM does not decide stays: where it waits,
 * where the guest is paused and run, that vCPUs are created, and that the state of devices is restored.
 */
final class Changes {
    /** A recipe is not changed by one of these: they are given, or a guest without them is another guest. */
    private static final ImmutableSet<StepKind> GIVEN = ImmutableSet.of(
            StepKind.ENTER_GUEST,
            StepKind.EXIT_GUEST,
            StepKind.WORK,
            StepKind.BLACKOUT,
            StepKind.WAIT,
            StepKind.CREATE_VCPU,
            StepKind.INIT_VCPU);

    /** What restores no state of a device and no clock: a VMM is free to do it, or not. */
    private static final ImmutableSet<StepKind> FREE =
            ImmutableSet.of(StepKind.SET_VM_TSC_KHZ, StepKind.SET_TSC_KHZ, StepKind.KVMCLOCK_CTRL, StepKind.VCPU_LOAD);

    private final Recipe recipe;
    private final WrittenRecipe written;
    private final List<Change> all = new ArrayList<>();

    private Changes(Recipe recipe, WrittenRecipe written) {
        this.recipe = recipe;
        this.written = written;
    }

    /** All single changes, the cheapest first. */
    static ImmutableList<Change> of(Recipe recipe, WrittenRecipe written) {
        Changes changes = new Changes(recipe, written);
        for (Section section : ImmutableList.of(Section.SAVE, Section.RESTORE)) {
            ImmutableList<WrittenItem> items = written.items(section);
            for (int at = 0; at < items.size(); at++) {
                changes.item(section, at);
                for (int step = 0; step < items.get(at).steps().size(); step++) {
                    changes.step(section, at, step);
                }
            }
            changes.additions(section);
        }
        return ImmutableList.sortedCopyOf(Change.CHEAPEST, changes.all);
    }

    private void add(String what, int steps, Change.How how, WrittenRecipe after) {
        all.add(Change.of(what, steps, how, after));
    }

    /** Whether a step may stand elsewhere, or be replaced. */
    private static boolean isFree(WrittenStep step) {
        return step.stepKind().filter(k -> !GIVEN.contains(k)).isPresent();
    }

    private static boolean mayBeLeftOut(StepKind kind) {
        return FREE.contains(kind) || kind.writesClock() || !kind.results().isEmpty();
    }

    // Whole items.

    private void item(Section section, int at) {
        WrittenItem item = written.items(section).get(at);
        if (item.isKeyword() || item.has(StepKind.WAIT)) {
            return;
        }
        if (item.steps().size() > 1 && item.steps().stream().allMatch(Changes::isFree)) {
            move(section, at, at, item, written.with(section, without(written.items(section), at)));
        }
        for (Block.How how : Block.How.values()) {
            boolean one = item.steps().size() == 1;
            boolean ofVcpu = item.steps().stream()
                    .noneMatch(s -> s.stepKind().filter(StepKind::isOfVm).isPresent());
            boolean once = item.steps().stream()
                    .allMatch(s -> s.stepKind().filter(Changes::mayBeLeftOut).isPresent());
            if (how != item.how() && ofVcpu && (how != Block.How.ONCE || (one && once))) {
                add(
                        "Do " + item.brief() + " " + said(how),
                        1,
                        Change.How.BLOCK,
                        written.with(section, at, new WrittenItem(how, item.steps(), item.origin())));
            }
        }
        split(section, at, item);
        join(section, at, item);
    }

    private static String said(Block.How how) {
        return switch (how) {
            case ONCE -> "once, on vCPU 0";
            case IN_TURN -> "for one vCPU after the other";
            case IN_PARALLEL -> "for all vCPUs in parallel";
        };
    }

    private void split(Section section, int at, WrittenItem item) {
        for (int i = 1; i < item.steps().size(); i++) {
            List<WrittenItem> items = new ArrayList<>(written.items(section));
            items.set(at, item.with(item.steps().subList(0, i)));
            items.add(
                    at + 1,
                    new WrittenItem(
                            item.how(), item.steps().subList(i, item.steps().size()), WrittenStep.NEW));
            add(
                    "Split " + item.brief() + ": all vCPUs do "
                            + item.steps().get(i - 1).kind() + " before one does "
                            + item.steps().get(i).kind(),
                    1,
                    Change.How.BLOCK,
                    written.with(section, items));
        }
    }

    private void join(Section section, int at, WrittenItem item) {
        if (at + 1 == written.items(section).size()) {
            return;
        }
        WrittenItem next = written.items(section).get(at + 1);
        if (item.isBlock() && next.how() == item.how()) {
            List<WrittenItem> items = new ArrayList<>(written.items(section));
            items.set(
                    at,
                    item.with(ImmutableList.<WrittenStep>builder()
                            .addAll(item.steps())
                            .addAll(next.steps())
                            .build()));
            items.remove(at + 1);
            add(
                    "Join " + item.brief() + " with " + next.brief() + ": each vCPU does all of it in one go",
                    1,
                    Change.How.BLOCK,
                    written.with(section, items));
        }
    }

    /** {@code from}: where it stands now, or -1: within a block; {@code near}: where that is, or is near. */
    private void move(Section section, int from, int near, WrittenItem item, WrittenRecipe without) {
        ImmutableList<WrittenItem> rest = without.items(section);
        // The nearest places first.
        for (int to : IntStream.rangeClosed(0, rest.size())
                .boxed()
                .sorted(Comparator.comparing(i -> Math.abs(i - near)))
                .toList()) {
            if (to != from) {
                add(
                        "Move "
                                + (item.steps().size() == 1
                                        ? item.steps().get(0).kind()
                                        : item.brief()) + " " + place(rest, to, to > near),
                        1,
                        Change.How.MOVED,
                        without.withAdded(section, to, item));
            }
        }
    }

    /** Where an item is put: behind the one before, or before the next one. */
    private static String place(List<WrittenItem> items, int at, boolean behind) {
        return (behind && at > 0) || at == items.size()
                ? "after " + items.get(at - 1).brief()
                : "before " + items.get(at).brief();
    }

    private static ImmutableList<WrittenItem> without(List<WrittenItem> items, int at) {
        List<WrittenItem> rest = new ArrayList<>(items);
        rest.remove(at);
        return ImmutableList.copyOf(rest);
    }

    // Single steps.

    private void step(Section section, int at, int index) {
        WrittenItem item = written.items(section).get(at);
        WrittenStep step = item.steps().get(index);
        Optional<StepKind> of = step.stepKind();
        if (of.isEmpty() || !isFree(step)) {
            return;
        }
        StepKind kind = of.get();
        WrittenRecipe without = written.without(section, at, index);
        if (mayBeLeftOut(kind)) {
            add("Leave out " + step.kind(), 1, Change.How.LEFT_OUT, without);
        }
        WrittenItem alone =
                item.steps().size() == 1 ? item : new WrittenItem(item.how(), ImmutableList.of(step), WrittenStep.NEW);
        if (item.steps().size() == 1) {
            move(section, at, at, alone, without);
        } else {
            // (As a block of its own directly before or after its block: that is a split, or nearly.)
            move(section, -1, at, alone, without);
        }
        intoBlocks(section, step, kind, without, "Move", Change.How.MOVED);
        for (String flag : ImmutableList.of("fills", "unlessNear")) {
            toggle(section, at, index, step, kind, flag);
        }
        if (section == Section.RESTORE && kind.writesClock()) {
            replace(at, index, item, step, kind);
        }
    }

    private void intoBlocks(
            Section section, WrittenStep step, StepKind kind, WrittenRecipe without, String verb, Change.How how) {
        if (kind.isOfVm()) {
            return;
        }
        ImmutableList<WrittenItem> items = without.items(section);
        for (int to = 0; to < items.size(); to++) {
            WrittenItem block = items.get(to);
            for (int i = 0; block.isBlock() && i <= block.steps().size(); i++) {
                add(
                        verb + " " + step.kind() + " " + within(block, i),
                        1,
                        how,
                        without.with(section, to, block.withAdded(i, step)));
            }
        }
    }

    private static String within(WrittenItem block, int at) {
        return at == block.steps().size()
                ? "to the end of " + block.brief()
                : "into " + block.brief() + ", before " + block.steps().get(at).kind();
    }

    private void toggle(Section section, int at, int index, WrittenStep step, StepKind kind, String flag) {
        boolean has = step.params().containsKey(flag);
        boolean sensible = flag.equals("fills") ? kind == StepKind.GET_CLOCK && !has : has;
        if (sensible) {
            WrittenItem item = written.items(section).get(at);
            add(
                    has
                            ? "Do " + kind + " also where it has no '" + flag + "'"
                            : "Have " + kind + " take '" + flag + "'",
                    1,
                    Change.How.VALUE,
                    written.with(section, at, item.with(index, has ? step.without(flag) : step.with(flag, "true"))));
        }
    }

    /** By another write, or by the same with other arguments. */
    private void replace(int at, int index, WrittenItem item, WrittenStep step, StepKind kind) {
        for (Write write : Writes.at(recipe, written, at, item.isBlock())) {
            boolean same = write.step().is(kind);
            ImmutableMap.Builder<String, String> params = ImmutableMap.builder();
            params.putAll(write.step().params());
            // Where its kernel has it, and that it may fail, stay.
            step.params().forEach((name, value) -> {
                if (same && !kind.args().contains(name)) {
                    params.put(name, value);
                }
            });
            WrittenStep other = new WrittenStep(write.step().kind(), params.buildOrThrow(), step.origin());
            add(
                    same
                            ? "Have " + kind + " take another value: " + values(other)
                            : "Replace " + kind + " by " + other.yaml(),
                    write.size(),
                    same ? Change.How.VALUE : Change.How.REPLACED,
                    read(written.with(Section.RESTORE, at, item.with(index, other)), write, at)
                            .withoutUnused(step));
        }
        WrittenRecipe without = written.without(Section.RESTORE, at, index).withoutUnused(step);
        writes(
                without,
                // One write for another of the same clock.
                w -> !w.step().is(kind)
                        && w.step()
                                .stepKind()
                                .filter(k -> Quantity.areOfOneClock(k, kind))
                                .isPresent(),
                w -> "Instead of " + kind + ", put " + w.step().yaml(),
                Change.How.REPLACED);
    }

    private static String values(WrittenStep step) {
        return String.join(", ", step.params().values());
    }

    /** With what a write needs, which stands at that item of the restore or is part of it. */
    private static WrittenRecipe read(WrittenRecipe of, Write write, int at) {
        WrittenRecipe with = of;
        for (int i = write.before().size() - 1; i >= 0; i--) {
            with = with.withAdded(
                    Section.RESTORE,
                    at,
                    WrittenItem.of(Block.How.ONCE, write.before().get(i)));
        }
        int after = afterReadings(with.items(Section.SAVE));
        for (WrittenItem item : write.saved()) {
            with = with.withAdded(Section.SAVE, after, item);
        }
        return with;
    }

    /** Directly after the last reading of the host's counter. */
    private static int afterReadings(List<WrittenItem> save) {
        for (int i = save.size() - 1; i >= 0; i--) {
            if (save.get(i).has(StepKind.GET_CLOCK)
                    || save.get(i).has(StepKind.READ_HOST_COUNTER)
                    || save.get(i).has(StepKind.READ_INSTANT)) {
                return i + 1;
            }
        }
        return save.size();
    }

    // One more step.

    private void additions(Section section) {
        for (StepKind kind : StepKind.values()) {
            if (kind.isOf(recipe.arch()) && isAddable(kind, section)) {
                WrittenStep step = WrittenStep.of(
                        kind,
                        // It fails for a guest that does not use kvmclock.
                        kind == StepKind.KVMCLOCK_CTRL ? ImmutableMap.of("mayFail", "true") : ImmutableMap.of());
                addStep(section, step, kind);
            }
        }
        if (section == Section.RESTORE) {
            writes(written, w -> true, w -> "Add " + w.step().yaml(), Change.How.ADDED);
        }
    }

    /** (A save sets nothing.) */
    private static boolean isAddable(StepKind kind, Section section) {
        return !(section == Section.SAVE && kind.specName().startsWith("Set"))
                && kind.args().isEmpty()
                && kind.results().isEmpty()
                && !GIVEN.contains(kind)
                && (FREE.contains(kind) || !kind.isOfVcpu());
    }

    private void addStep(Section section, WrittenStep step, StepKind kind) {
        ImmutableList<WrittenItem> items = written.items(section);
        WrittenItem item = WrittenItem.of(kind.isOfVm() ? Block.How.ONCE : Block.How.IN_TURN, step);
        for (int at = 0; at <= items.size(); at++) {
            add(
                    "Add " + step.kind() + " " + place(items, at, true),
                    1,
                    Change.How.ADDED,
                    written.withAdded(section, at, item));
        }
        intoBlocks(section, step, kind, written, "Add", Change.How.ADDED);
    }

    /** Writes before each item of the restore, or in it, in addition to what a recipe has. */
    private void writes(WrittenRecipe base, Predicate<Write> wanted, Function<Write, String> what, Change.How how) {
        ImmutableList<WrittenItem> items = base.items(Section.RESTORE);
        for (int at = 0; at <= items.size(); at++) {
            for (boolean each : new boolean[] {false, true}) {
                for (Write write : Writes.at(recipe, base, at, each)) {
                    if (wanted.test(write)) {
                        write(base, at, each, write, what.apply(write), how);
                    }
                }
            }
        }
    }

    private void write(WrittenRecipe base, int at, boolean each, Write write, String what, Change.How how) {
        ImmutableList<WrittenItem> items = base.items(Section.RESTORE);
        WrittenItem item = WrittenItem.of(each ? Block.How.IN_TURN : Block.How.ONCE, write.step());
        add(
                what + " " + place(items, at, true),
                write.size(),
                how,
                read(base.withAdded(Section.RESTORE, at, item), write, at));
        if (!each || at == items.size() || !items.get(at).isBlock()) {
            return;
        }
        WrittenItem block = items.get(at);
        for (int i = 0; i <= block.steps().size(); i++) {
            add(
                    what + " " + within(block, i),
                    write.size(),
                    how,
                    read(base.with(Section.RESTORE, at, block.withAdded(i, write.step())), write, at));
        }
    }
}
