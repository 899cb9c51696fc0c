package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.StepKind;

/**
 * A value that a step saves.
 *
 * @param name as an expression names it
 * @param each whether each vCPU has its own
 * @param section where it is saved
 */
record SavedValue(String name, Quantity quantity, boolean each, Section section) {
    /** The value of the step's own vCPU, or the VM's. */
    String own() {
        return name;
    }

    /** vCPU 0's, or the VM's. */
    String first() {
        return each ? name + "[0]" : name;
    }

    /** For a step that is done for each vCPU: its own; otherwise vCPU 0's. */
    String in(boolean eachVcpu) {
        return eachVcpu ? own() : first();
    }

    /**
     * All that is saved before an item of a section.
     *
     * @param before the item's index
     */
    static ImmutableList<SavedValue> before(WrittenRecipe recipe, Section section, int before) {
        ImmutableList.Builder<SavedValue> all = ImmutableList.builder();
        for (Section one : Section.values()) {
            if (one.compareTo(section) <= 0) {
                ImmutableList<WrittenItem> items = recipe.items(one);
                (one == section ? items.subList(0, before) : items).forEach(item -> add(item, one, all));
            }
        }
        return all.build();
    }

    private static void add(WrittenItem item, Section section, ImmutableList.Builder<SavedValue> all) {
        for (WrittenStep step : item.steps()) {
            String as = step.as();
            StepKind kind = step.stepKind().orElse(null);
            if (as == null || kind == null) {
                continue;
            }
            for (String field : kind.results()) {
                all.add(new SavedValue(
                        field.isEmpty() ? as : as + "." + field,
                        kind == StepKind.COMPUTE
                                ? computed(step.params().getOrDefault("value", ""))
                                : Quantity.saved(kind, field),
                        item.isBlock(),
                        section));
            }
        }
    }

    /** On x86 a recipe computes what the guest's TSC was from the host's; all else that it computes is for itself. */
    private static Quantity computed(String expression) {
        return expression.startsWith("scaled(") ? Quantity.GUEST_TSC : new Quantity("computed");
    }
}
