package dev.longitude.spec;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.kernel.Arch;
import org.jspecify.annotations.Nullable;
import tlc2.tool.impl.FastTool;

/**
 * What this JVM has loaded: the specifications of both architectures from one root module, or, where a program says that
 * it needs one, of the first that it asks for. Most of the time that a short trace takes is the parser's.
 */
record Architectures(
        @Nullable X86Specification x86, @Nullable Arm64Specification arm64) {
    private static @Nullable Architectures loaded;
    private static boolean oneIsEnough;

    /** From now on the first call of {@link #loaded} loads only the architecture that it is for. */
    static synchronized void oneIsEnough() {
        oneIsEnough = true;
    }

    /** The loaded ones, this one among them; the first call loads the bundled specification. */
    static synchronized Architectures loaded(Arch arch) {
        Architectures known = loaded;
        if (known == null) {
            known = oneIsEnough ? only(arch) : load(ImmutableMap.of());
            loaded = known;
        }
        return known;
    }

    private static Architectures only(Arch arch) {
        return switch (arch) {
            case X86 -> {
                FastTool tool = RootModule.load("TraceKvmX86", "Trace");
                yield new Architectures(new X86Specification(tool, new Evaluator(tool)), null);
            }
            case ARM64 -> {
                FastTool tool = RootModule.load("TraceArm64", "TraceArm64");
                yield new Architectures(null, new Arm64Specification(tool, new Evaluator(tool), ""));
            }
        };
    }

    /**
     * The one of x86.
     *
     * @throws IllegalStateException if only the other is loaded
     */
    X86Specification ofX86() {
        return loaded(x86);
    }

    /** The one of arm64; see {@link #ofX86}. */
    Arm64Specification ofArm64() {
        return loaded(arm64);
    }

    private static <T> T loaded(@Nullable T specification) {
        if (specification == null) {
            throw new IllegalStateException("one architecture was enough, and this is the other");
        }
        return specification;
    }

    /**
     * Loads both anew.
     *
     * @param replaced the texts of modules that are not the bundled ones, by name
     * @throws IllegalStateException if they cannot be parsed or loaded; the message is TLC's
     */
    static synchronized Architectures load(ImmutableMap<String, String> replaced) {
        FastTool tool = RootModule.load("Trace", "Trace", replaced);
        Evaluator evaluator = new Evaluator(tool);
        Architectures both = new Architectures(
                new X86Specification(tool, evaluator), new Arm64Specification(tool, evaluator, "Arm64!"));
        loaded = both;
        return both;
    }
}
