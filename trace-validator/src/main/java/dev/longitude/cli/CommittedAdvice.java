package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.common.collect.ImmutableList;
import dev.longitude.advise.Advice;
import dev.longitude.advise.AdviceText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The advice for the bundled recipes in {@code advice.json} and {@code advice.md}, which are written and compared. */
final class CommittedAdvice {
    private final Path json;
    private final Path page;
    private final List<String> order;
    private final Map<String, Advice> all = new TreeMap<>();

    /**
     * Reads what is there.
     *
     * @param order the names of the bundled recipes, in the order of the files
     */
    CommittedAdvice(Path folder, List<String> order) throws IOException {
        this.json = folder.resolve("advice.json");
        this.page = folder.resolve("advice.md");
        this.order = order;
        if (Files.isRegularFile(json)) {
            try {
                Advice.read(Files.readString(json, UTF_8)).forEach(a -> all.put(a.recipe(), a));
            } catch (JsonProcessingException e) {
                throw new IOException(json + ": " + e.getOriginalMessage(), e);
            }
        }
    }

    /** Writes the advice for one recipe, and keeps the others. */
    void write(Advice advice) throws IOException {
        all.put(advice.recipe(), advice);
        Files.createDirectories(json.toAbsolutePath().getParent());
        Files.writeString(json, Advice.json(ordered()));
        Files.writeString(page, AdviceText.page(ordered()));
    }

    private ImmutableList<Advice> ordered() {
        return order.stream()
                .flatMap(name -> Optional.ofNullable(all.get(name)).stream())
                .collect(ImmutableList.toImmutableList());
    }

    /** How an advice differs from the committed one, if it does. */
    Optional<String> difference(Advice advice) {
        Advice was = all.get(advice.recipe());
        if (was == null) {
            return Optional.of(advice.recipe() + ": no advice is committed");
        }
        List<String> changed = new ArrayList<>();
        advice.answers().stream().filter(a -> !was.answers().contains(a)).forEach(a -> changed.add(a.property()));
        was.answers().stream()
                .filter(a ->
                        advice.answers().stream().noneMatch(b -> b.property().equals(a.property())))
                .forEach(a -> changed.add(a.property() + " (gone)"));
        return advice.equals(was)
                ? Optional.empty()
                : Optional.of(
                        advice.recipe() + ": another advice than the committed one: " + String.join(", ", changed));
    }

    /** What is wrong with the files themselves. */
    List<String> faults() throws IOException {
        List<String> faults = new ArrayList<>();
        all.keySet().stream()
                .filter(name -> !order.contains(name))
                .forEach(name -> faults.add(json + ": '" + name + "' is no bundled recipe"));
        if (!Files.isRegularFile(page) || !Files.readString(page, UTF_8).equals(AdviceText.page(ordered()))) {
            faults.add(page + " does not agree with " + json.getFileName());
        }
        return faults;
    }

    /** The files, for messages. */
    String files() {
        return json + " and " + page.getFileName();
    }
}
