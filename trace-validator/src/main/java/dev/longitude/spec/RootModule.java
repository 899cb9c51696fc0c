package dev.longitude.spec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tlc2.TLCGlobals;
import tlc2.tool.impl.FastTool;
import tlc2.util.FP64;
import util.ToolIO;

/** Loads a root module: TLC keeps what it loads in static state, so a JVM can hold one. */
final class RootModule {

    private RootModule() {}

    /**
     * Loads it.
     *
     * @param module its name
     * @param configuration the configuration's path below {@code spec/}, without {@code .cfg}
     * @throws IllegalStateException if it cannot be parsed; the message is TLC's
     */
    static FastTool load(String module, String configuration) {
        return load(module, configuration, ImmutableMap.of());
    }

    /**
     * The same with other texts for some modules.
     *
     * @param replaced the texts, by the module's name
     */
    static FastTool load(String module, String configuration, ImmutableMap<String, String> replaced) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream before = ToolIO.out;
        PrintStream systemOut = System.out;
        PrintStream systemErr = System.err;
        PrintStream sink = new PrintStream(said, true, UTF_8);
        try {
            Path folder = Files.createTempDirectory("longitude-spec");
            ToolIO.out = sink;
            System.setOut(sink); // parts of TLC bypass ToolIO
            System.setErr(sink);
            FP64.Init();
            TLCGlobals.warn = false; // TLC would warn of each false conjunct
            FastTool tool = new FastTool(module, configuration, new SpecificationFiles(folder, replaced));
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
            return tool;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "the specification cannot be loaded:\n" + said.toString(UTF_8) + e.getMessage(), e);
        } finally {
            ToolIO.out = before;
            System.setOut(systemOut);
            System.setErr(systemErr);
        }
    }
}
