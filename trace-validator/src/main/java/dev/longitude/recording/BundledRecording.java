package dev.longitude.recording;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code recordings/index.yaml}: a recording of a real kernel that this program carries.
 *
 * @param file the ioctl log, below {@code recordings/}
 * @param refusedUnder the profile that must refuse it; null: it must conform under its own kernel's
 * @param atLine the line that must be refused
 * @param meanwhile the validator's weaker verdict today, {@code undecided}; null: its verdict is right
 */
public record BundledRecording(
        @JsonProperty(required = true) String file,
        @Nullable String refusedUnder,
        @Nullable Integer atLine,
        @Nullable String meanwhile) {
    private static final String FOLDER = "/recordings/";

    /** Checks that the row is complete. */
    public BundledRecording {
        Preconditions.checkArgument(
                (refusedUnder == null) == (atLine == null), "%s: refusedUnder and atLine need each other", file);
        Preconditions.checkArgument(
                meanwhile == null || meanwhile.equals("undecided"), "%s: unknown verdict %s", file, meanwhile);
        Preconditions.checkArgument(
                refusedUnder == null || KernelProfile.named(refusedUnder).isPresent(),
                "%s: unknown profile %s",
                file,
                refusedUnder);
    }

    /** All bundled recordings. */
    public static ImmutableList<BundledRecording> all() throws IOException {
        try (InputStream in = BundledRecording.class.getResourceAsStream(FOLDER + "index.yaml")) {
            List<BundledRecording> rows = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readerForListOf(BundledRecording.class)
                    .readValue(in);
            return ImmutableList.copyOf(rows);
        }
    }

    /** The profile that must refuse it, or null. */
    public @Nullable KernelProfile refusingProfile() {
        return refusedUnder == null ? null : KernelProfile.named(refusedUnder).orElseThrow();
    }

    /** Unpacks the recording with its companions below {@code folder}, and returns the log. */
    public Path unpack(Path folder) throws IOException {
        Path log = folder.resolve(file);
        Path run = folder.resolve(file.substring(0, file.indexOf('/')));
        Files.createDirectories(run);
        for (Path companion : List.of(
                log,
                run.resolve("host.txt"),
                run.resolve(log.getFileName().toString().replace(".jsonl", ".ftrace.txt")))) {
            try (InputStream in = BundledRecording.class.getResourceAsStream(FOLDER + folder.relativize(companion))) {
                if (in != null && !Files.exists(companion)) {
                    Files.copy(in, companion);
                }
            }
        }
        return log;
    }
}
