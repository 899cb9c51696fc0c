package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Cases of a recipe that one run of TLC judges.
 *
 * @param work how much that is: see {@link Judge#work}
 */
record Batch(ImmutableList<Case> cases, double work) {
    private static final int MOST = 24;

    /** All cases, the most work first: what is left at the end is then short, and the time left can be estimated. */
    static List<Batch> of(List<Case> cases, Judge judge) throws IOException {
        List<Batch> batches = new ArrayList<>();
        for (List<Case> ofOne : cases.stream()
                .collect(Collectors.groupingBy(Case::recipe, LinkedHashMap::new, Collectors.toList()))
                .values()) {
            for (List<Case> some : Lists.partition(ofOne, MOST)) {
                batches.add(new Batch(ImmutableList.copyOf(some), judge.work(some)));
            }
        }
        batches.sort(Comparator.comparingDouble(Batch::work).reversed());
        return batches;
    }
}
