package dev.longitude.gallery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * The known faults of guest time, as {@code spec/gallery.yaml} lists them.
 *
 * @param faults in the order of the file
 */
public record Gallery(ImmutableList<Fault> faults) {
    /** At least so many must be in reach. */
    public static final int LEAST_IN_REACH = 40;

    private static final String RESOURCE = "/spec/gallery.yaml";

    /** The bundled gallery. */
    public static Gallery load() throws IOException {
        try (InputStream in = Gallery.class.getResourceAsStream(RESOURCE)) {
            List<Fault> rows = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readerForListOf(Fault.class)
                    .readValue(in);
            return new Gallery(ImmutableList.copyOf(rows));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("spec/gallery.yaml: " + e.getOriginalMessage(), e);
        }
    }

    /** The fault of that id, if there is one. */
    public Optional<Fault> named(String id) {
        return faults.stream().filter(f -> f.id().equalsIgnoreCase(id)).findFirst();
    }

    /** How many of kernels, series and VMMs are in reach. */
    public long inReach() {
        return faults.stream()
                .filter(f -> f.id().startsWith("G") && f.isInReach())
                .count();
    }
}
