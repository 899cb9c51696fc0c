package dev.longitude.spec;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Evaluator;
import org.jspecify.annotations.Nullable;
import tlc2.tool.impl.FastTool;

/** The specifications of both architectures, from one root module: the one that this JVM has loaded. */
record BothArchitectures(X86Specification x86, Arm64Specification arm64) {
    private static @Nullable BothArchitectures loaded;

    /** The loaded ones; the first call loads the bundled specification. */
    static synchronized BothArchitectures loaded() {
        return loaded == null ? load(ImmutableMap.of()) : loaded;
    }

    /**
     * Loads them anew.
     *
     * @param replaced the texts of modules that are not the bundled ones, by name
     * @throws IllegalStateException if they cannot be parsed or loaded; the message is TLC's
     */
    static synchronized BothArchitectures load(ImmutableMap<String, String> replaced) {
        FastTool tool = RootModule.load(replaced);
        Evaluator evaluator = new Evaluator(tool);
        BothArchitectures both =
                new BothArchitectures(new X86Specification(tool, evaluator), new Arm64Specification(tool, evaluator));
        loaded = both;
        return both;
    }
}
