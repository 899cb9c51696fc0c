package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * The nodes of a recipe's file: a node of the wrong shape is a fault, with its place.
 *
 * @param name the file's, for messages
 */
record RecipeFile(String name) {
    RecipeException wrong(Node at, String message) {
        return new RecipeException(name + ":" + (at.getStartMark().getLine() + 1) + ":"
                + (at.getStartMark().getColumn() + 1) + ": " + message);
    }

    String onlyKey(Node node) throws RecipeException {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        if (node instanceof MappingNode mapping && mapping.getValue().size() == 1) {
            return text(mapping.getValue().get(0).getKeyNode());
        }
        throw wrong(node, "expected a step: its name, or its name with what it takes");
    }

    static Node onlyValue(Node node) {
        return ((MappingNode) node).getValue().get(0).getValueNode();
    }

    /** A map of the file, with known keys. */
    final class Entries {
        private final Node node;
        private final Map<String, Node> values;

        private Entries(Node node, Map<String, Node> values) {
            this.node = node;
            this.values = values;
        }

        boolean has(String key) {
            return values.containsKey(key);
        }

        @Nullable
        Node find(String key) {
            return values.get(key);
        }

        Node get(String key) throws RecipeException {
            Node value = values.get(key);
            if (value == null) {
                throw wrong(node, "'" + key + "' is missing");
            }
            return value;
        }

        boolean flag(String key) throws RecipeException {
            Node value = values.get(key);
            return value != null && bool(value);
        }
    }

    /** A map without keys. */
    Entries nothing(Node node) {
        return new Entries(node, Map.of());
    }

    /**
     * Reads a map.
     *
     * @param allowed the keys that it may have
     * @param ignored keys of before, which are skipped
     * @param what what it describes, for messages
     */
    Entries entries(Node node, Set<String> allowed, Set<String> ignored, String what) throws RecipeException {
        if (!(node instanceof MappingNode mapping)) {
            throw wrong(node, what + " is a map of " + String.join(", ", allowed));
        }
        Map<String, Node> map = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String key = text(tuple.getKeyNode());
            if (ignored.contains(key)) {
                continue;
            }
            if (!allowed.contains(key)) {
                throw wrong(tuple.getKeyNode(), what + " has no '" + key + "'; it has " + String.join(", ", allowed));
            }
            if (map.put(key, tuple.getValueNode()) != null) {
                throw wrong(tuple.getKeyNode(), "'" + key + "' appears twice");
            }
        }
        return new Entries(node, map);
    }

    List<Node> sequence(Node node) throws RecipeException {
        if (node instanceof SequenceNode sequence) {
            return sequence.getValue();
        }
        throw wrong(node, "expected a list");
    }

    static String raw(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    String text(Node node) throws RecipeException {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw wrong(node, "expected a word or a text");
    }

    ImmutableList<String> texts(Node node) throws RecipeException {
        if (node instanceof ScalarNode) {
            return ImmutableList.of(text(node));
        }
        ImmutableList.Builder<String> all = ImmutableList.builder();
        for (Node one : sequence(node)) {
            all.add(text(one));
        }
        return all.build();
    }

    boolean bool(Node node) throws RecipeException {
        return oneOf(node, Map.of("true", true, "false", false));
    }

    <T> T oneOf(Node node, Map<String, T> values) throws RecipeException {
        T value = values.get(text(node).toLowerCase(Locale.ROOT));
        if (value == null) {
            throw wrong(
                    node,
                    "'" + raw(node) + "' is none of "
                            + String.join(
                                    ", ", values.keySet().stream().sorted().toList()));
        }
        return value;
    }
}
