package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The survivors that no check can catch, each with a reason: {@code spec/mutants-equivalent.yaml}. */
public record Equivalents(ImmutableList<Group> groups) {
    /**
     * Mutants with one reason.
     *
     * @param reason why no check can catch them, so that a reader can check it
     * @param mutants their keys
     */
    public record Group(
            @JsonProperty(required = true) String reason,
            @JsonProperty(required = true) List<String> mutants) {}

    /**
     * Reads the file.
     *
     * @throws IOException if it cannot be read, or has another form
     */
    public static Equivalents read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return new Equivalents(ImmutableList.of());
        }
        try {
            List<Group> groups = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readerForListOf(Group.class)
                    .readValue(Files.readString(file, UTF_8));
            return new Equivalents(groups == null ? ImmutableList.of() : ImmutableList.copyOf(groups));
        } catch (JsonProcessingException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /** The reason for a mutant; empty if it is in no group. */
    public Optional<String> reason(Mutant mutant) {
        return groups.stream()
                .filter(g -> g.mutants().contains(mutant.key()))
                .map(Group::reason)
                .findFirst();
    }
}
