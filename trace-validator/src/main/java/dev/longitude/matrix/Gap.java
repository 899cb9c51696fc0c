package dev.longitude.matrix;

import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.Step;
import java.util.List;
import java.util.Optional;

/** A place between two steps of a VMM, in words. */
final class Gap {
    private Gap() {}

    /**
     * Names the steps before and after it.
     *
     * @param place the block's number, from 1, and how many of its steps each vCPU has finished there
     */
    static String text(Case of, List<Integer> place) {
        Recipe recipe = MigrationModel.carriedOut(of);
        int at = place.get(0) - 1;
        String before = at == 0 ? "the beginning" : lastOf(recipe.blocks().get(at - 1));
        if (at == recipe.blocks().size()) {
            return before + " and the end";
        }
        List<Integer> done = place.subList(1, place.size());
        Block block = recipe.blocks().get(at);
        ImmutableSet<Integer> vcpus =
                recipe.vcpusOfBlocks(MigrationModel.vcpus(of)).get(at);
        int size = block.steps().size();
        int next = vcpus.stream().filter(v -> done.get(v) < size).findFirst().orElseThrow();
        Optional<Integer> last = vcpus.stream().filter(v -> done.get(v) > 0).reduce((first, second) -> second);
        return last.map(v -> name(block.steps().get(done.get(v) - 1), v, vcpus)).orElse(before) + " and "
                + name(block.steps().get(done.get(next)), next, vcpus);
    }

    private static String name(Step step, int vcpu, ImmutableSet<Integer> vcpus) {
        return step.kind() + (vcpus.size() > 1 ? " of vCPU " + vcpu : "");
    }

    private static String lastOf(Block block) {
        return block.steps().get(block.steps().size() - 1).kind().specName();
    }
}
