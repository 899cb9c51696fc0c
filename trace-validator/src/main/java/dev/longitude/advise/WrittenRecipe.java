package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The steps of a recipe as its file writes them.
 *
 * @param sections each section that the file has
 */
record WrittenRecipe(ImmutableMap<Section, ImmutableList<WrittenItem>> sections) {
    ImmutableList<WrittenItem> items(Section section) {
        return sections.getOrDefault(section, ImmutableList.of());
    }

    WrittenRecipe with(Section section, List<WrittenItem> items) {
        Map<Section, ImmutableList<WrittenItem>> all = new EnumMap<>(sections);
        all.put(section, ImmutableList.copyOf(items));
        return new WrittenRecipe(ImmutableMap.copyOf(all));
    }

    /** With another item instead. */
    WrittenRecipe with(Section section, int at, WrittenItem item) {
        List<WrittenItem> all = new ArrayList<>(items(section));
        all.set(at, item);
        return with(section, all);
    }

    /** With one more item, before the one that is there now. */
    WrittenRecipe withAdded(Section section, int at, WrittenItem item) {
        List<WrittenItem> all = new ArrayList<>(items(section));
        all.add(at, item);
        return with(section, all);
    }

    /** Without a step; without its item too if it was the only one. */
    WrittenRecipe without(Section section, int at, int step) {
        List<WrittenItem> all = new ArrayList<>(items(section));
        WrittenItem item = all.get(at);
        if (item.steps().size() == 1) {
            all.remove(at);
        } else {
            all.set(at, item.without(step));
        }
        return with(section, all);
    }

    /** Without the readings that nothing uses but a step that is gone: they read, and have no other effect. */
    WrittenRecipe withoutUnused(WrittenStep gone) {
        WrittenRecipe rest = this;
        for (Section section : sections.keySet()) {
            for (int at = items(section).size() - 1; at >= 0; at--) {
                ImmutableList<WrittenStep> steps = items(section).get(at).steps();
                for (int i = steps.size() - 1; i >= 0; i--) {
                    String as = steps.get(i).as();
                    if (as != null && gone.uses(as) && steps().noneMatch(s -> s.uses(as))) {
                        rest = rest.without(section, at, i);
                    }
                }
            }
        }
        return rest;
    }

    Stream<WrittenStep> steps(Section section) {
        return items(section).stream().flatMap(i -> i.steps().stream());
    }

    Stream<WrittenStep> steps() {
        return sections.keySet().stream().flatMap(this::steps);
    }
}
