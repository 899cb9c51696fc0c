package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Scenario;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hashes of checks. What is committed of a mutant counts as long as its key and this hash are the same: of a mutant that
 * was caught by a model or in lockstep, the model's configuration and row; of one that another check caught, the check's name; of one that
 * none caught, all configurations and rows and the names of all other checks. (So a change of another
 * operator does not make a result stale; {@code mutate --again} judges all of them anew.)
 */
public final class CheckHashes {
    /** How the name of a check by a model begins. */
    static final String MODEL = "model ";

    private static final int LENGTH = 8;

    private final Map<String, String> known = new ConcurrentHashMap<>();

    /** The hash of the check with that name; {@code -}: of all. */
    public String of(String by) throws IOException {
        String hash = known.get(by);
        if (hash == null) {
            hash = Hashing.sha256().hashString(text(by), UTF_8).toString().substring(0, LENGTH);
            known.put(by, hash);
        }
        return hash;
    }

    private static String text(String by) throws IOException {
        StringBuilder all = new StringBuilder(by);
        boolean whole = by.equals("-");
        for (Model model : Manifest.load().models()) {
            if (!model.large()
                    && (whole || by.equals(MODEL + model.name()) || by.equals(MutantJvm.LOCKSTEP + model.name()))) {
                all.append(row(model)).append(new ModelCheck(model).configuration());
            }
        }
        if (whole) {
            all.append("kernels steps lockstep");
            Scenario.all().forEach(s -> all.append(s.commandName()));
            for (BundledRecording recording : BundledRecording.all()) {
                all.append(recording);
            }
            ImmutableList<MatrixCells> cells = MatrixCells.all();
            cells.forEach(all::append);
            Opening.all(cells).forEach(all::append);
        }
        return all.toString();
    }

    /** (What a row says about a model is no part of the check.) */
    private static String row(Model model) {
        return String.join(
                " ",
                model.name(),
                model.module(),
                String.valueOf(model.violates()),
                Long.toString(model.states()),
                Integer.toString(model.depth()),
                String.valueOf(model.statesWithout()));
    }
}
