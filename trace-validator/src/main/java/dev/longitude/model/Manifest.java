package dev.longitude.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The models of the specification, as {@code spec/models.yaml} lists them. */
public final class Manifest {
    private static final String RESOURCE = "/spec/models.yaml";

    private final ImmutableList<Model> models;

    private Manifest(ImmutableList<Model> models) {
        this.models = models;
    }

    /** The bundled manifest. */
    public static Manifest load() {
        try (InputStream in = Manifest.class.getResourceAsStream(RESOURCE)) {
            List<Model> rows = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readerForListOf(Model.class)
                    .readValue(in);
            return new Manifest(ImmutableList.copyOf(rows));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("spec/models.yaml: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All models, in order. */
    public ImmutableList<Model> models() {
        return models;
    }

    /** The model of that name, if there is one. */
    public Optional<Model> named(String name) {
        return models.stream().filter(m -> m.name().equals(name)).findFirst();
    }

    /** The model whose name is nearest to a mistyped one, if one is near enough. */
    public Optional<Model> nearest(String typed) {
        return models.stream()
                .min(Comparator.comparingInt(m -> distance(typed, m.name())))
                .filter(m -> distance(typed, m.name()) <= typed.length() / 3);
    }

    /** How many characters must be inserted, deleted or replaced to make one of the other (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
