package dev.longitude.mutate;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Judged.Fate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges mutants, each by the checks that reach its operator, the cheapest first, until one catches it. Several threads may
 * use it.
 */
public final class MutationRun implements AutoCloseable {
    /** Far more than any default model takes. */
    private static final Duration LIMIT = Duration.ofMinutes(4);

    private static final String INVALID = "Parsing or semantic analysis failed";

    private static final int LONGEST = 200;

    private final TlcJvms tlc = new TlcJvms(LIMIT);
    private final MutantJvms replays = new MutantJvms();
    private final Map<String, ModuleText> texts = new ConcurrentHashMap<>();
    private final ModelIndex index;
    private final CheckHashes hashes = new CheckHashes();

    /**
     * Prepares a run. It measures the coverage of a default model, when it is first needed, unless it is in the cache.
     *
     * @param cache the folder of measured coverage, or null
     */
    public MutationRun(@Nullable Path cache) throws IOException {
        index = ModelIndex.of(tlc, cache);
    }

    /** A hash of all that decides what becomes of a mutant; see {@link Judged#checks}. */
    public CheckHashes hashes() {
        return hashes;
    }

    /** Judges a mutant. */
    public Judged judge(Mutant mutant) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        String text = text(mutant.module()).with(mutant.place(), mutant.after());
        ImmutableMap<String, String> replaced = ImmutableMap.of(mutant.module(), text);
        boolean ofProperties = index.isOfPropertiesOnly(mutant);
        // (Traces are judged by steps, not by properties.)
        ImmutableSet<Arch> traces = ofProperties
                ? ImmutableSet.of()
                : MutatedModule.named(mutant.module()).ofTraces();
        if (!traces.isEmpty()) {
            MutantJvms.Replayed replayed = replays.replay(mutant.module(), text, traces);
            if (replayed.answer() != MutantJvm.Answer.SURVIVES) {
                Fate fate = replayed.answer() == MutantJvm.Answer.CAUGHT ? Fate.CAUGHT : Fate.INVALID;
                return judged(mutant, fate, replayed.by(), begin);
            }
        }
        for (Model model : index.models(mutant)) {
            Optional<String> difference =
                    new ModelCheck(model).difference(tlc, replaced, ofProperties && mutant.weaker());
            if (difference.isPresent()) {
                boolean invalid = difference.get().contains(INVALID);
                return judged(
                        mutant,
                        invalid ? Fate.INVALID : Fate.CAUGHT,
                        "model " + model.name() + ": " + difference.get(),
                        begin);
            }
        }
        if (!ofProperties) {
            for (MatrixCells cells : MatrixCells.ALL) {
                if (cells.evaluates(mutant.module())) {
                    Optional<String> difference = cells.difference(tlc, replaced);
                    if (difference.isPresent()) {
                        boolean invalid = difference.get().contains(INVALID);
                        return judged(
                                mutant, invalid ? Fate.INVALID : Fate.CAUGHT, cells + ": " + difference.get(), begin);
                    }
                }
            }
        }
        return judged(mutant, Fate.SURVIVES, "-: ", begin);
    }

    private ModuleText text(String module) throws IOException {
        ModuleText known = texts.get(module);
        if (known == null) {
            known = ModuleText.of(module);
            texts.put(module, known);
        }
        return known;
    }

    private Judged judged(Mutant mutant, Fate fate, String found, long begin) throws IOException {
        int colon = found.indexOf(": ");
        String by = fate == Fate.INVALID ? "-" : found.substring(0, colon);
        return new Judged(
                mutant,
                fate,
                by,
                Ascii.truncate(Mutant.inOneLine(found.substring(colon + 2)), LONGEST, "..."),
                (System.nanoTime() - begin) / 1e9,
                hashes.of(by));
    }

    @Override
    public void close() {
        replays.close();
        tlc.close();
    }
}
