package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import java.io.StringReader;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Where the steps of a recipe stand in its file.
 *
 * @param steps in the order of the file
 */
public record RecipeLines(ImmutableList<WrittenLine> steps) {
    /**
     * A step in the file.
     *
     * @param section {@code boot}, {@code save} or {@code restore}
     * @param kind the name of its operation; {@code EnterGuest} and {@code ExitGuest} for run and pause
     * @param line from 1
     */
    public record WrittenLine(String section, String kind, int line) {}

    /**
     * Finds the steps.
     *
     * @param text of a file that {@link RecipeReader} accepts
     */
    public static RecipeLines of(String text) {
        ImmutableList.Builder<WrittenLine> steps = ImmutableList.builder();
        Node root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
        for (NodeTuple tuple : ((MappingNode) root).getValue()) {
            String section = name(tuple.getKeyNode());
            if (List.of("boot", "save", "restore").contains(section)) {
                add(section, tuple.getValueNode(), steps);
            }
        }
        return new RecipeLines(steps.build());
    }

    /**
     * The line of a step that was carried out, or 0 if the file has no step of this kind there, or several: which one it
     * was is then not known.
     *
     * @param restoring whether it belongs to the restore
     * @param kind the name of its operation
     */
    public int lineOf(boolean restoring, String kind) {
        List<WrittenLine> candidates = steps.stream()
                .filter(s ->
                        s.section().equals("restore") == restoring && s.kind().equals(kind))
                .toList();
        return candidates.size() == 1 ? candidates.get(0).line() : 0;
    }

    private static void add(String section, Node items, ImmutableList.Builder<WrittenLine> steps) {
        for (Node item : ((SequenceNode) items).getValue()) {
            String name =
                    item instanceof MappingNode map ? name(map.getValue().get(0).getKeyNode()) : name(item);
            if (name.equals(Block.How.IN_TURN.specName()) || name.equals(Block.How.IN_PARALLEL.specName())) {
                add(section, RecipeFile.onlyValue(item), steps);
            } else {
                steps.add(
                        new WrittenLine(section, kind(name), item.getStartMark().getLine() + 1));
            }
        }
    }

    private static String kind(String name) {
        return switch (name) {
            case "run" -> StepKind.ENTER_GUEST.specName();
            case "pause" -> StepKind.EXIT_GUEST.specName();
            default -> StepKind.named(name).map(StepKind::specName).orElse(name);
        };
    }

    private static String name(Node node) {
        return ((ScalarNode) node).getValue();
    }
}
