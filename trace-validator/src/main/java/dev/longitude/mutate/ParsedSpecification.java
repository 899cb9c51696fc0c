package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.spec.SpecificationFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import tla2sany.drivers.FrontEndException;
import tla2sany.drivers.SANY;
import tla2sany.modanalyzer.SpecObj;
import tla2sany.semantic.ModuleNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import util.ToolIO;

/** A root module and all that it builds on, as TLA+'s parser has it. */
final class ParsedSpecification {
    private final ImmutableList<ModuleNode> modules;
    private final Map<String, Set<String>> callees = new HashMap<>();

    private ParsedSpecification(ImmutableList<ModuleNode> modules) {
        this.modules = modules;
        for (ModuleNode module : modules) {
            for (OpDefNode definition : definitions(module)) {
                Set<String> called =
                        callees.computeIfAbsent(definition.getName().toString(), n -> new HashSet<>());
                collect(definition.getBody(), called);
            }
        }
    }

    /**
     * Parses a bundled root module.
     *
     * @throws IllegalStateException if it cannot be parsed; the message is the parser's
     */
    static ParsedSpecification of(String root) throws IOException {
        Path folder = Files.createTempDirectory("longitude-parse");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream before = ToolIO.out;
        try (PrintStream sink = new PrintStream(said, true, UTF_8)) {
            ToolIO.out = sink; // (the names of the files that it reads)
            SpecObj parsed = new SpecObj(root, new SpecificationFiles(folder));
            int code = SANY.frontEndMain(parsed, root, sink);
            if (code != 0) {
                throw new IllegalStateException(root + " cannot be parsed:\n" + said.toString(UTF_8));
            }
            return new ParsedSpecification(
                    ImmutableList.copyOf(parsed.getExternalModuleTable().getModuleNodes()));
        } catch (FrontEndException e) {
            throw new IllegalStateException(root + " cannot be parsed:\n" + said.toString(UTF_8), e);
        } finally {
            ToolIO.out = before;
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /** A module by its name. */
    ModuleNode module(String name) {
        return modules.stream()
                .filter(m -> m.getName().toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no module " + name));
    }

    /** The names of all of its modules. */
    ImmutableSet<String> moduleNames() {
        return modules.stream().map(m -> m.getName().toString()).collect(ImmutableSet.toImmutableSet());
    }

    /** The definitions that stand in a module itself. */
    static ImmutableList<OpDefNode> definitions(ModuleNode module) {
        ImmutableList.Builder<OpDefNode> own = ImmutableList.builder();
        for (OpDefNode definition : module.getOpDefs()) {
            if (module.equals(definition.getOriginallyDefinedInModuleNode())
                    && definition.getBody() != null
                    // (Those of an INSTANCE stand elsewhere.)
                    && definition.getName().toString().indexOf('!') < 0) {
                own.add(definition);
            }
        }
        return own.build();
    }

    /** The names of all operators that these build on, with themselves. (Two of one name count as one.) */
    ImmutableSet<String> reachable(Iterable<String> from) {
        Set<String> reached = new HashSet<>();
        from.forEach(name -> reach(name, reached));
        return ImmutableSet.copyOf(reached);
    }

    /** The names of the operators that this one applies itself. */
    ImmutableSet<String> applied(String operator) {
        return ImmutableSet.copyOf(callees.getOrDefault(operator, Set.of())).stream()
                .filter(callees::containsKey)
                .collect(ImmutableSet.toImmutableSet());
    }

    private void reach(String name, Set<String> reached) {
        if (reached.add(name)) {
            callees.getOrDefault(name, Set.of()).forEach(called -> reach(called, reached));
        }
    }

    private static void collect(SemanticNode node, Set<String> names) {
        if (node instanceof OpApplNode application) {
            String name = application.getOperator().getName().toString();
            names.add(name.substring(name.lastIndexOf('!') + 1));
        }
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                if (child != null) { // (the left side of a record's field has none)
                    collect(child, names);
                }
            }
        }
    }
}
