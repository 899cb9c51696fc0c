package dev.longitude.advise;

import dev.longitude.recipe.StepKind;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * When the destination has what the source saved. A VMM that waits before it first uses a saved value may wait for that
 * value: an advice must not use one before.
 */
final class Arrivals {
    private static final int NEVER = Integer.MAX_VALUE;

    private Arrivals() {}

    /** Whether a changed recipe uses saved values before they arrive, by the recipe as it was. */
    static boolean areLate(WrittenRecipe was, WrittenRecipe changed) {
        int before = waitsBeforeUse(was);
        return before != NEVER && waitsBeforeUse(changed) < before;
    }

    /** How often the restore waits before it first uses a saved value; {@link #NEVER} if it uses none. */
    private static int waitsBeforeUse(WrittenRecipe recipe) {
        Set<String> saved = new HashSet<>();
        for (Section section : List.of(Section.BOOT, Section.SAVE)) {
            recipe.steps(section).forEach(s -> {
                String as = s.as();
                if (as != null) {
                    saved.add(as);
                }
            });
        }
        int waits = 0;
        for (WrittenItem item : recipe.items(Section.RESTORE)) {
            if (item.steps().stream().anyMatch(s -> saved.stream().anyMatch(s::uses))) {
                return waits;
            }
            waits += item.has(StepKind.WAIT) ? 1 : 0;
        }
        return NEVER;
    }
}
