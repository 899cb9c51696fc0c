package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.migration.Policy;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The writes that make sense at a place of the restore, by a small grammar:
 *
 * <pre>
 * guest's counter = saved | saved + cycles(elapsed)
 * TSC offset      = saved | guest's counter [ + cycles(elapsed) ] - scaled(host's counter now)
 * counter offset  = saved | host's counter now - guest's counter [ - cycles(elapsed) ]
 * clock           = saved | saved + elapsed
 * elapsed         = realtime now - saved realtime | clock now - saved clock
 * </pre>
 *
 * <p>"saved" is any saved value of that kind, the vCPU's own or vCPU 0's; "now" is read directly before.
 */
final class Writes {
    private static final String KVM_CLOCK_REALTIME = "4";

    private final Recipe recipe;
    private final WrittenRecipe written;
    private final ImmutableList<SavedValue> values;
    private final boolean each;
    private final ImmutableList.Builder<Write> all = ImmutableList.builder();

    /**
     * @param recipe what is changed: its architecture and its policy count
     * @param values what has been saved before that place
     * @param each whether the write is done for each vCPU; otherwise once
     */
    private Writes(Recipe recipe, WrittenRecipe written, ImmutableList<SavedValue> values, boolean each) {
        this.recipe = recipe;
        this.written = written;
        this.values = values;
        this.each = each;
    }

    /**
     * All writes that make sense before an item of the restore, or in it.
     *
     * @param at the item's index
     * @param each whether they are done for each vCPU
     */
    static ImmutableList<Write> at(Recipe recipe, WrittenRecipe written, int at, boolean each) {
        Writes writes = new Writes(recipe, written, SavedValue.before(written, Section.RESTORE, at), each);
        for (StepKind kind : StepKind.values()) {
            if (kind.isOf(recipe.arch()) && kind.writesClock() && kind.isOfVm() != each) {
                writes.of(kind);
            } else if (kind.isOf(recipe.arch()) && kind.writesClock() && !each && recipe.arch() == Arch.ARM64) {
                // The counters of arm64 are the VM's: one vCPU's write can be enough.
                writes.of(kind);
            }
        }
        return writes.all.build();
    }

    private void of(StepKind kind) {
        if (kind == StepKind.SET_CLOCK) {
            setClock();
            return;
        }
        List<Argument> arguments = new ArrayList<>();
        arguments.add(new Argument(ImmutableMap.of(), ImmutableList.of(), ImmutableList.of()));
        for (String arg : kind.args()) {
            List<Argument> longer = new ArrayList<>();
            for (Argument one : arguments) {
                for (Argument value : values(Quantity.taken(kind, arg), arg)) {
                    longer.add(one.and(value));
                }
            }
            arguments = longer;
        }
        arguments.forEach(a -> all.add(a.of(kind)));
    }

    /** Arguments, with what must be read for them. */
    private record Argument(
            ImmutableMap<String, String> params, ImmutableList<WrittenStep> before, ImmutableList<WrittenItem> saved) {
        Argument and(Argument other) {
            return new Argument(
                    ImmutableMap.<String, String>builder()
                            .putAll(params)
                            .putAll(other.params)
                            .buildKeepingLast(),
                    distinct(before, other.before),
                    distinct(saved, other.saved));
        }

        private static <T> ImmutableList<T> distinct(List<T> one, List<T> other) {
            return ImmutableList.<T>builder()
                    .addAll(one)
                    .addAll(other.stream().filter(t -> !one.contains(t)).toList())
                    .build();
        }

        Write of(StepKind kind) {
            return new Write(WrittenStep.of(kind, params), before, saved);
        }
    }

    private static Argument argument(String arg, String value, WrittenStep... before) {
        return argument(arg, value, ImmutableList.copyOf(before));
    }

    private static Argument argument(String arg, String value, ImmutableList<WrittenStep> before) {
        return new Argument(ImmutableMap.of(arg, value), before, ImmutableList.of());
    }

    private List<Argument> values(Quantity quantity, String arg) {
        List<Argument> found = new ArrayList<>();
        for (SavedValue value : of(quantity)) {
            found.add(argument(arg, value.in(each)));
            if (value.each() && each) {
                found.add(argument(arg, value.first()));
            }
        }
        if (isGuestCounter(quantity)) {
            for (SavedValue value : of(quantity)) {
                elapsed()
                        .forEach(e ->
                                found.add(argument(arg, value.in(each) + " + cycles(" + e.expression + ")", e.before)));
            }
        } else if (quantity.equals(Quantity.TSC_OFFSET)) {
            tscOffsets(arg, found);
        } else if (quantity.equals(Quantity.COUNTER_OFFSET)) {
            counterOffsets(arg, found);
        }
        return found;
    }

    private static boolean isGuestCounter(Quantity quantity) {
        return quantity.equals(Quantity.GUEST_TSC)
                || quantity.equals(Quantity.VIRTUAL_COUNTER)
                || quantity.equals(Quantity.PHYSICAL_COUNTER);
    }

    private List<SavedValue> of(Quantity quantity) {
        return values.stream().filter(v -> v.quantity().equals(quantity)).toList();
    }

    private List<SavedValue> of(Quantity quantity, Section section) {
        return values.stream()
                .filter(v -> v.quantity().equals(quantity) && v.section() == section)
                .toList();
    }

    /** The time since something was saved, ns; {@code before} is what must be read first. */
    private record Elapsed(String expression, ImmutableList<WrittenStep> before) {
        static Elapsed of(String expression, WrittenStep... before) {
            return new Elapsed(expression, ImmutableList.copyOf(before));
        }
    }

    private List<Elapsed> elapsed() {
        List<Elapsed> found = new ArrayList<>();
        String now = fresh("now");
        for (SavedValue saved : of(Quantity.REALTIME, Section.SAVE)) {
            if (recipe.policy() == Policy.ADVANCE) {
                for (SavedValue restored : of(Quantity.REALTIME, Section.RESTORE)) {
                    found.add(Elapsed.of(restored.first() + " - " + saved.first()));
                }
                found.add(Elapsed.of(now + " - " + saved.first(), read(StepKind.READ_REALTIME, now)));
            }
        }
        for (SavedValue saved : of(Quantity.CLOCK, Section.SAVE)) {
            found.add(Elapsed.of(now + ".clock - " + saved.first(), read(StepKind.GET_CLOCK, now)));
        }
        return found;
    }

    private static WrittenStep read(StepKind kind, String as) {
        return WrittenStep.of(kind, ImmutableMap.of("as", as));
    }

    /** The first vCPU's offset, or one that puts the guest's TSC where it was, plus what has elapsed. */
    private void tscOffsets(String arg, List<Argument> found) {
        String first = fresh("first");
        found.add(argument(arg, first, read(StepKind.GET_TSC_OFFSET, first)));
        String dst = fresh("dst");
        WrittenStep getClock = read(StepKind.GET_CLOCK, dst);
        WrittenStep readInstant = read(StepKind.READ_INSTANT, dst);
        for (SavedTsc tsc : savedTscs()) {
            List<Argument> of = new ArrayList<>();
            for (SavedValue clock : of(Quantity.CLOCK, Section.SAVE)) {
                of.add(argument(
                        arg,
                        tsc.name + " + cycles(" + dst + ".clock - " + clock.first() + ") - scaled(" + dst + ".hostTsc)",
                        getClock));
            }
            if (recipe.policy() == Policy.ADVANCE) {
                for (SavedValue realtime : of(Quantity.REALTIME, Section.SAVE)) {
                    of.add(argument(
                            arg,
                            tsc.name + " + cycles(" + dst + ".realtime - " + realtime.first() + ") - scaled(" + dst
                                    + ".counter)",
                            readInstant));
                }
            } else {
                of.add(argument(arg, tsc.name + " - scaled(" + dst + ")", read(StepKind.READ_HOST_COUNTER, dst)));
            }
            of.forEach(a -> found.add(new Argument(a.params, a.before, tsc.saved)));
        }
    }

    /** The guest's TSC at an instant of the save; {@code saved} is what the save must do for it. */
    private record SavedTsc(String name, ImmutableList<WrittenItem> saved) {}

    private List<SavedTsc> savedTscs() {
        List<SavedTsc> found = new ArrayList<>();
        for (SavedValue value : of(Quantity.GUEST_TSC, Section.SAVE)) {
            found.add(new SavedTsc(value.in(each), ImmutableList.of()));
        }
        if (each) {
            List<SavedValue> offsets = of(Quantity.TSC_OFFSET, Section.SAVE);
            String tsc = fresh("guestTsc");
            for (SavedValue host : of(Quantity.HOST_COUNTER, Section.SAVE)) {
                String offset =
                        offsets.isEmpty() ? fresh("offset") : offsets.get(0).own();
                WrittenStep compute = WrittenStep.of(
                        StepKind.COMPUTE,
                        ImmutableMap.of("value", "scaled(" + host.first() + ") + " + offset, "as", tsc));
                found.add(new SavedTsc(
                        tsc,
                        ImmutableList.of(
                                offsets.isEmpty()
                                        ? WrittenItem.of(
                                                Block.How.IN_TURN, read(StepKind.GET_TSC_OFFSET, offset), compute)
                                        : WrittenItem.of(Block.How.IN_TURN, compute))));
            }
        }
        return found;
    }

    /** On arm64 an offset is the host's counter minus the guest's. */
    private void counterOffsets(String arg, List<Argument> found) {
        String dst = fresh("dst");
        boolean advance = recipe.policy() == Policy.ADVANCE;
        WrittenStep readCounter = read(StepKind.READ_HOST_COUNTER, dst);
        WrittenStep readInstant = read(StepKind.READ_INSTANT, dst);
        for (Quantity counter : List.of(Quantity.VIRTUAL_COUNTER, Quantity.PHYSICAL_COUNTER)) {
            for (SavedValue value : of(counter, Section.SAVE)) {
                if (!advance) {
                    found.add(argument(arg, dst + " - " + value.in(each), readCounter));
                    continue;
                }
                for (SavedValue realtime : of(Quantity.REALTIME, Section.SAVE)) {
                    found.add(argument(
                            arg,
                            dst + ".counter - " + value.in(each) + " - cycles(" + dst + ".realtime - "
                                    + realtime.first() + ")",
                            readInstant));
                }
            }
        }
    }

    private void setClock() {
        boolean advance = recipe.policy() == Policy.ADVANCE;
        for (SavedValue clock : of(Quantity.CLOCK)) {
            all.add(argument("clock", clock.first()).of(StepKind.SET_CLOCK));
            if (!advance) {
                continue;
            }
            for (SavedValue realtime : of(Quantity.REALTIME, clock.section())) {
                all.add(new Argument(
                                ImmutableMap.of(
                                        "clock",
                                        clock.first(),
                                        "flags",
                                        KVM_CLOCK_REALTIME,
                                        "realtime",
                                        realtime.first()),
                                ImmutableList.of(),
                                ImmutableList.of())
                        .of(StepKind.SET_CLOCK));
            }
            for (Elapsed e : elapsed()) {
                if (!e.expression.contains(".clock")) {
                    all.add(argument("clock", clock.first() + " + " + e.expression, e.before)
                            .of(StepKind.SET_CLOCK));
                }
            }
        }
    }

    /** A name that the recipe does not use. */
    private String fresh(String name) {
        Set<String> used = new HashSet<>();
        written.steps().forEach(s -> {
            String as = s.as();
            if (as != null) {
                used.add(as);
            }
        });
        String one = name;
        for (int i = 2; used.contains(one); i++) {
            one = name + i;
        }
        return one;
    }
}
