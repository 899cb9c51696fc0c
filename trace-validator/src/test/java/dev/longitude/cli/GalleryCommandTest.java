package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.gallery.Fault;
import dev.longitude.gallery.Gallery;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages of the gallery are those of its data. {@code gallery --check} also runs the models. */
class GalleryCommandTest {
    private static final Path COMMITTED = Path.of("../spec/gallery");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void thePagesAreThoseOfTheData() {
        Run run = Run.of("gallery", "--committed", COMMITTED);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).as(run.out()).isZero();
        assertThat(run.out()).contains("of 47 faults of kernels, series and VMMs are in reach");
    }

    @Test
    void aPageThatDiffersAndATableThatDiffersAreNamed() throws IOException {
        try (Stream<Path> pages = Files.list(COMMITTED)) {
            for (Path page : pages.toList()) {
                Files.copy(page, folder.resolve(page.getFileName()));
            }
        }
        Path page = folder.resolve("G10.md");
        Files.writeString(page, Files.readString(page).replace("all releases", "no release"));
        Path index = folder.resolve("README.md");
        Files.writeString(index, Files.readString(index).replace("G11.md) |", "G11.md)  |"));
        Run run = Run.of("gallery", "--quiet", "--committed", folder);
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(run.out().lines())
                .contains(
                        "G10: the page differs from spec/gallery/G10.md; --bless writes it",
                        "spec/gallery/README.md differs; --bless writes it");
        assertThat(Run.of("gallery", "G11", "--committed", folder).code()).isZero();
    }

    @Test
    void aFaultIsShownByItsPageAndAnUnknownOneIsUnusable() throws IOException {
        Run run = Run.of("gallery", "g10", "--committed", COMMITTED);
        assertThat(run.code()).isZero();
        assertThat(run.out()).startsWith(Files.readString(COMMITTED.resolve("G10.md")));
        Run unknown = Run.of("gallery", "G99");
        assertThat(unknown.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(unknown.err()).contains("unknown fault 'G99'");
    }

    /** The behaviours on the pages are as long as the models' manifest has them. */
    @Test
    void thePagesShowShortestBehavioursOfTheModels() throws IOException {
        Manifest manifest = Manifest.load();
        for (Fault fault : Gallery.load().faults()) {
            String page = Files.readString(COMMITTED.resolve(fault.id() + ".md"));
            if (!fault.models().isEmpty()) {
                Model model = manifest.named(fault.models().get(0).fails()).orElseThrow();
                assertThat(page)
                        .as(fault.id())
                        .contains("A shortest behaviour that violates " + model.violates() + ", of "
                                + (model.depth() - 1) + " step");
            } else {
                assertThat(page.contains("A shortest behaviour that shows it"))
                        .as(fault.id())
                        .isEqualTo(!fault.cells().isEmpty());
            }
        }
    }
}
