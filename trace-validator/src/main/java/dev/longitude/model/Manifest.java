package dev.longitude.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

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
}
