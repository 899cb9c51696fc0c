package dev.longitude.model;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where the specification defines a name.
 *
 * @param file the module's file, {@code VmmX86.tla}
 * @param line from 1
 */
public record DefinitionPlace(String file, int line) {
    /**
     * The place of a definition in one of the modules that a root module builds on, or in itself; empty if there is none,
     * or more than one module has it.
     */
    public static Optional<DefinitionPlace> of(String root, String name) throws IOException {
        Pattern definition = Pattern.compile("^" + Pattern.quote(name) + "(?:\\([^)]*\\))? *==.*");
        Optional<DefinitionPlace> found = Optional.empty();
        for (Map.Entry<String, String> module : Tlc.modulesOf("EXTENDS " + root).entrySet()) {
            List<String> lines = module.getValue().lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (definition.matcher(lines.get(i)).matches()) {
                    if (found.isPresent()) {
                        return Optional.empty();
                    }
                    found = Optional.of(new DefinitionPlace(module.getKey() + ".tla", i + 1));
                }
            }
        }
        return found;
    }
}
