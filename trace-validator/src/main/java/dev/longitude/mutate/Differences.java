package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longitude.files.WholeFile;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.model.TlcOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** In which models and cells of the matrix a mutant's expression ever has another value than the specification's. */
final class Differences {
    private final Optional<TlcJvms> jvms;
    private final @Nullable Path cache;
    private final Comparison comparison;
    private final Map<String, Optional<ImmutableSet<String>>> known = new ConcurrentHashMap<>();
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    /**
     * For all mutants.
     *
     * @param jvms where TLC has our operators in Java; if there are none, nothing is known
     * @param cache the folder of what was found before, or null
     */
    Differences(Optional<TlcJvms> jvms, Comparison comparison, @Nullable Path cache) {
        this.jvms = jvms;
        this.comparison = comparison;
        this.cache = cache;
    }

    /** Something that is run with the mutants in it. */
    interface Run {
        /** What it printed; empty if it did not end as it does with the specification. */
        Optional<ImmutableList<String>> printed(TlcJvms jvms, ImmutableMap<String, String> replaced)
                throws IOException, InterruptedException;
    }

    /** Whether a mutant's values are compared. */
    boolean compares(Mutant mutant) {
        return jvms.isPresent() && comparison.has(mutant);
    }

    /** Whether a mutant that is compared may have another value in a run of a model. */
    boolean mayDiffer(Mutant mutant, Model model) throws IOException, InterruptedException {
        return mayDiffer(mutant, in(model));
    }

    /** The keys of the mutants that have another value in a run of a model; empty if that is not known. */
    Optional<ImmutableSet<String>> in(Model model) throws IOException, InterruptedException {
        ModelCheck check = new ModelCheck(model);
        return in(CheckHashes.MODEL + model.name(), Coverage.key(model, check), (runner, replaced) -> {
            Optional<TlcOutput> first = runner.run(model.module(), replaced, check.configuration(), Tlc.ONE_WORKER);
            if (first.isEmpty() || check.difference(first.get()).isPresent()) {
                return Optional.empty();
            }
            if (model.violates() == null) {
                return Optional.of(first.get().printed());
            }
            return check.holding(runner, replaced)
                    .filter(check::isComplete)
                    .map(rest -> ImmutableList.<String>builder()
                            .addAll(first.get().printed())
                            .addAll(rest.printed())
                            .build());
        });
    }

    /** Whether a mutant that is compared may have another value in a run of these cells. */
    boolean mayDiffer(Mutant mutant, String name, String key, Run run) throws IOException, InterruptedException {
        return mayDiffer(mutant, in(name, key, run));
    }

    private static boolean mayDiffer(Mutant mutant, Optional<ImmutableSet<String>> differing) {
        return differing.isEmpty() || differing.get().contains(mutant.key());
    }

    /**
     * The keys of the mutants that have another value in a run.
     *
     * @param name what it is
     * @param key a hash of all that it depends on
     */
    private Optional<ImmutableSet<String>> in(String name, String key, Run run)
            throws IOException, InterruptedException {
        synchronized (locks.computeIfAbsent(name, n -> new Object())) { // (so that none runs twice)
            Optional<ImmutableSet<String>> differing = known.get(name);
            if (differing == null) {
                differing = read(key, run);
                known.put(name, differing);
            }
            return differing;
        }
    }

    private Optional<ImmutableSet<String>> read(String key, Run run) throws IOException, InterruptedException {
        Path file = cache == null ? null : cache.resolve(hash(key) + ".differing");
        if (file != null && Files.exists(file)) {
            return Optional.of(ImmutableSet.copyOf(Files.readAllLines(file, UTF_8)));
        }
        Optional<ImmutableSet<String>> found =
                run.printed(jvms.orElseThrow(), comparison.texts()).map(comparison::differing);
        if (file != null && found.isPresent()) {
            Files.createDirectories(file.getParent());
            byte[] text = String.join("\n", found.get()).getBytes(UTF_8);
            WholeFile.write(file, out -> out.write(text));
        }
        return found;
    }

    private String hash(String key) {
        Hasher all = Hashing.sha256().newHasher().putString(key, UTF_8);
        comparison.texts().values().forEach(text -> all.putString(text, UTF_8));
        return all.hash().toString();
    }
}
