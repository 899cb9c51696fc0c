package dev.longitude.advise;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.RecipeReader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * The text of a recipe's file, which can be edited: what a change does not touch stays as it is written, with its
 * comments. A comment belongs to the step below it.
 */
final class RecipeText {
    private static final int DEEPER = 4;

    /**
     * The lines of a step, or of a block with its steps.
     *
     * @param lead the comments and empty lines above
     * @param column the column of its dash
     */
    private record Lines(ImmutableList<String> lead, ImmutableList<String> body, int column) {}

    /** The lines of a section's items in the file, the last one not included. */
    private record Extent(int from, int to, int column) {}

    private final String file;
    private final String name;
    private final ImmutableList<String> lines;
    private final Recipe recipe;
    private final WrittenRecipe written;

    /** By origin. */
    private final Map<Integer, Lines> stepLines = new HashMap<>();

    private final Map<Integer, WrittenStep> steps = new HashMap<>();
    private final Map<Integer, Lines> blockLines = new HashMap<>();
    private final Map<Integer, WrittenItem> blocks = new HashMap<>();
    private final Map<Section, Extent> extents = new EnumMap<>(Section.class);

    private static final ImmutableSet<String> STEPS_DEPEND_ON =
            ImmutableSet.of("about", "arch", "policy", "worlds", "moves", "excludes");

    /** The lines of the keys that a recipe's steps depend on. */
    private final List<String> others = new ArrayList<>();

    /**
     * Reads the text of a recipe.
     *
     * @param file the file's name, for messages
     * @param name the recipe's name
     * @throws RecipeException if it is no recipe
     */
    RecipeText(String file, String name, String text) throws RecipeException {
        this.file = file;
        this.name = name;
        this.lines = ImmutableList.copyOf(Splitter.on('\n').split(text));
        this.recipe = read(text);
        Node root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
        ImmutableMap.Builder<Section, ImmutableList<WrittenItem>> sections = ImmutableMap.builder();
        for (NodeTuple tuple : ((MappingNode) root).getValue()) {
            String key = ((ScalarNode) tuple.getKeyNode()).getValue();
            Section section = section(key);
            if (section == null) {
                for (int i = line(tuple.getKeyNode());
                        STEPS_DEPEND_ON.contains(key) && i <= lastLine(tuple.getValueNode());
                        i++) {
                    others.add(lines.get(i));
                }
            } else {
                sections.put(section, items(section, tuple));
            }
        }
        this.written = new WrittenRecipe(sections.buildOrThrow());
    }

    /** The recipe that the text describes. */
    Recipe recipe() {
        return recipe;
    }

    /** Its steps as written. */
    WrittenRecipe written() {
        return written;
    }

    /** The file's name, for messages. */
    String file() {
        return file;
    }

    /** The whole text. */
    String text() {
        return String.join("\n", lines);
    }

    /**
     * The recipe with other steps, without its sources and claims.
     *
     * @throws RecipeException if that is no recipe
     */
    Recipe recipe(WrittenRecipe changed) throws RecipeException {
        return read(plain(changed));
    }

    /** A recipe with other steps, in few lines. */
    String plain(WrittenRecipe changed) {
        List<String> text = new ArrayList<>(others);
        changed.sections()
                .forEach((section, items) -> text.add(section.key() + ": ["
                        + items.stream().map(RecipeText::flow).collect(Collectors.joining(", ")) + "]"));
        return String.join("\n", text) + "\n";
    }

    private Recipe read(String text) throws RecipeException {
        return RecipeReader.read(file, name, new StringReader(text));
    }

    private static String flow(WrittenItem item) {
        String steps = item.steps().stream()
                .map(s -> s.params().isEmpty() ? s.kind() : "{" + s.yaml() + "}")
                .collect(Collectors.joining(", "));
        return item.isBlock() ? "{" + item.how().specName() + ": [" + steps + "]}" : steps;
    }

    /** The text of the file with other steps: all lines that say the same are kept. */
    String edited(WrittenRecipe changed) {
        List<String> text = new ArrayList<>();
        for (int i = 0; i < lines.size(); ) {
            int from = i;
            Map.Entry<Section, Extent> begins = extents.entrySet().stream()
                    .filter(e -> e.getValue().from == from)
                    .findFirst()
                    .orElse(null);
            if (begins == null) {
                text.add(lines.get(i));
                i++;
            } else {
                Extent extent = begins.getValue();
                changed.items(begins.getKey()).forEach(item -> text.addAll(lines(item, extent.column)));
                i = extent.to;
            }
        }
        return String.join("\n", text);
    }

    private List<String> lines(WrittenItem item, int column) {
        if (!item.isBlock()) {
            return lines(item.steps().get(0), column);
        }
        Lines was = blockLines.get(item.origin());
        WrittenItem block = blocks.get(item.origin());
        List<String> all = new ArrayList<>();
        if (was != null) {
            all.addAll(shifted(was.lead, column - was.column));
            if (item.equals(block)) {
                all.addAll(shifted(was.body, column - was.column));
                return all;
            }
        }
        if (item.steps().stream().allMatch(s -> s.params().isEmpty() && !stepLines.containsKey(s.origin()))) {
            all.add(indent(column) + "- " + item.how().specName() + ": ["
                    + item.steps().stream().map(WrittenStep::kind).collect(Collectors.joining(", ")) + "]");
            return all;
        }
        boolean sameHead = was != null
                && block != null
                && block.how() == item.how()
                && block.steps().stream().anyMatch(s -> stepLines.containsKey(s.origin()));
        all.add(
                was != null && sameHead
                        ? was.body.get(0)
                        : indent(column) + "- " + item.how().specName() + ":");
        item.steps().forEach(s -> all.addAll(lines(s, column + DEEPER)));
        return all;
    }

    private List<String> lines(WrittenStep step, int column) {
        Lines was = stepLines.get(step.origin());
        List<String> all = new ArrayList<>();
        if (was != null) {
            all.addAll(shifted(was.lead, column - was.column));
            if (step.equals(steps.get(step.origin()))) {
                all.addAll(shifted(was.body, column - was.column));
                return all;
            }
        }
        all.add(indent(column) + "- " + step.yaml());
        return all;
    }

    private static List<String> shifted(List<String> lines, int by) {
        return lines.stream()
                .map(line -> line.isBlank()
                        ? line
                        : by >= 0 ? indent(by) + line : line.substring(Math.min(-by, leading(line))))
                .toList();
    }

    private static int leading(String line) {
        return line.length() - line.stripLeading().length();
    }

    private static String indent(int column) {
        return " ".repeat(column);
    }

    // The nodes.

    private static @Nullable Section section(String key) {
        for (Section section : Section.values()) {
            if (section.key().equals(key)) {
                return section;
            }
        }
        return null;
    }

    private ImmutableList<WrittenItem> items(Section section, NodeTuple tuple) {
        SequenceNode sequence = (SequenceNode) tuple.getValueNode();
        int from = line(tuple.getKeyNode()) + 1;
        int next = from;
        boolean regular = isBlockStyle(sequence) && line(sequence) >= from;
        if (!regular) {
            throw new IllegalArgumentException(
                    file + ":" + from + ": " + section.key() + ": advise edits lists with one step a line");
        }
        ImmutableList.Builder<WrittenItem> items = ImmutableList.builder();
        for (Node node : sequence.getValue()) {
            items.add(item(node, next));
            next = lastLine(node) + 1;
        }
        extents.put(
                section,
                new Extent(
                        from, next, leading(lines.get(line(sequence.getValue().get(0))))));
        return items.build();
    }

    private static final ImmutableSet<String> BLOCKS =
            ImmutableSet.of(Block.How.IN_TURN.specName(), Block.How.IN_PARALLEL.specName());

    private WrittenItem item(Node node, int from) {
        if (node instanceof MappingNode mapping) {
            NodeTuple only = mapping.getValue().get(0);
            String key = ((ScalarNode) only.getKeyNode()).getValue();
            if (BLOCKS.contains(key)) {
                return block(
                        key.equals(Block.How.IN_TURN.specName()) ? Block.How.IN_TURN : Block.How.IN_PARALLEL,
                        node,
                        (SequenceNode) only.getValueNode(),
                        from);
            }
        }
        return new WrittenItem(Block.How.ONCE, ImmutableList.of(step(node, from)), WrittenStep.NEW);
    }

    private WrittenItem block(Block.How how, Node node, SequenceNode sequence, int from) {
        boolean ownLines = isBlockStyle(sequence) && line(sequence) > line(node);
        int next = line(node) + 1;
        ImmutableList.Builder<WrittenStep> all = ImmutableList.builder();
        for (Node one : sequence.getValue()) {
            all.add(step(one, ownLines ? next : -1));
            next = lastLine(one) + 1;
        }
        int origin = blocks.size();
        WrittenItem block = new WrittenItem(how, all.build(), origin);
        blocks.put(origin, block);
        blockLines.put(origin, lines(node, from));
        return block;
    }

    /** A step; {@code from}: the line after the one before, or -1 if it has no lines of its own. */
    private WrittenStep step(Node node, int from) {
        int origin = steps.size();
        WrittenStep step;
        if (node instanceof ScalarNode word) {
            step = new WrittenStep(word.getValue(), ImmutableMap.of(), origin);
        } else {
            NodeTuple only = ((MappingNode) node).getValue().get(0);
            ImmutableMap.Builder<String, String> params = ImmutableMap.builder();
            if (only.getValueNode() instanceof MappingNode map) {
                for (NodeTuple param : map.getValue()) {
                    params.put(
                            ((ScalarNode) param.getKeyNode()).getValue(),
                            ((ScalarNode) param.getValueNode()).getValue());
                }
            }
            step = new WrittenStep(((ScalarNode) only.getKeyNode()).getValue(), params.buildOrThrow(), origin);
        }
        steps.put(origin, step);
        if (from >= 0) {
            stepLines.put(origin, lines(node, from));
        }
        return step;
    }

    private Lines lines(Node node, int from) {
        return new Lines(
                lines.subList(from, line(node)),
                lines.subList(line(node), lastLine(node) + 1),
                leading(lines.get(line(node))));
    }

    private static boolean isBlockStyle(CollectionNode<?> node) {
        return node.getFlowStyle() == FlowStyle.BLOCK;
    }

    private static int line(Node node) {
        return node.getStartMark().getLine();
    }

    /** The last line of a node; SnakeYAML ends a block only where the next token is. */
    private static int lastLine(Node node) {
        if (node instanceof SequenceNode sequence && isBlockStyle(sequence)) {
            return lastLine(sequence.getValue().get(sequence.getValue().size() - 1));
        }
        if (node instanceof MappingNode mapping && isBlockStyle(mapping)) {
            return lastLine(
                    mapping.getValue().get(mapping.getValue().size() - 1).getValueNode());
        }
        int line = node.getEndMark().getLine();
        // A scalar of several lines ends where the next begins.
        return node.getEndMark().getColumn() == 0 && line > line(node) ? line - 1 : line;
    }
}
