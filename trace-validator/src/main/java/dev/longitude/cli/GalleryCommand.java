package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longitude.gallery.Fault;
import dev.longitude.gallery.Gallery;
import dev.longitude.gallery.Leg;
import dev.longitude.gallery.References;
import dev.longitude.model.TlcJvms;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude gallery}: the known faults of guest time, and what finds each. */
@Command(
        name = "gallery",
        description = {
            "List the known faults of guest time, and check that the model, scenario, trace and recipe that find each do.",
            "With a FAULT: show its page."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 all is found as the gallery says; 1 something is not, or a page differs from what is"
                    + " committed; 2 unusable input or usage, or output that cannot be written."
        })
final class GalleryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "FAULT", arity = "0..*", description = "A fault, such as G10 or F04.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--check", description = "Run the models, too, and compare the pages with what is committed.")
    private boolean check;

    @Option(names = "--bless", description = "Run the models, too, and write the pages.")
    private boolean bless;

    @Option(
            names = "--committed",
            paramLabel = "DIR",
            description = "The folder of the committed pages. Default: spec/gallery/.")
    private @Nullable Path committed;

    @Mixin
    private ResultOptions results = new ResultOptions();

    /** What came out for a fault. */
    private record Outcome(Fault fault, String page, List<String> wrong) {}

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        Gallery gallery = Gallery.load();
        List<Fault> faults = new ArrayList<>();
        for (String name : names) {
            faults.add(gallery.named(name)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(),
                            "unknown fault '" + name + "'; `gallery` lists them"
                                    + NearestName.hint(
                                            name,
                                            gallery.faults().stream()
                                                    .map(Fault::id)
                                                    .toList()))));
        }
        results.check();
        if (!names.isEmpty() && !check && !bless) {
            for (Fault fault : faults) {
                results.text().println(committedPage(fault.id()));
            }
            return judge(gallery, faults);
        }
        return judge(gallery, names.isEmpty() ? gallery.faults() : faults);
    }

    private int judge(Gallery gallery, List<Fault> faults)
            throws IOException, InterruptedException, ExecutionException {
        if (check || bless) {
            DoctorCommand.refuseUntrusted(spec);
        }
        References references = new References();
        List<Callable<Outcome>> jobs = new ArrayList<>();
        Progress progress = new Progress(
                spec.commandLine().getErr(), results.showsProgress() && (check || bless), faults.size(), faults.size());
        try (TlcJvms jvms = new TlcJvms()) {
            for (Fault fault : faults) {
                jobs.add(() -> {
                    Outcome outcome = outcome(fault, references, jvms);
                    progress.step(fault.id(), outcome.wrong().isEmpty() ? "ok" : "WRONG", 1);
                    return outcome;
                });
            }
            List<Outcome> outcomes = Jobs.run(jobs, outcome -> {});
            progress.finish();
            return report(gallery, outcomes);
        }
    }

    private Outcome outcome(Fault fault, References references, TlcJvms jvms) throws Exception {
        List<String> wrong = new ArrayList<>(references.wrong(fault));
        if (!wrong.isEmpty()) {
            return new Outcome(fault, "", wrong);
        }
        boolean runs = check || bless;
        String counterexample = runs
                ? GalleryPages.counterexample(fault, references, jvms, wrong)
                : GalleryPages.shown(committedPage(fault.id()));
        String page = GalleryPages.page(fault, counterexample);
        if (!bless && !page.equals(committedPage(fault.id()))) {
            wrong.add("the page differs from spec/gallery/" + fault.id() + ".md; --bless writes it");
        }
        return new Outcome(fault, page, wrong);
    }

    private int report(Gallery gallery, List<Outcome> outcomes) throws IOException {
        Table table = new Table("fault", "what happened", "spec", "impl", "trace", "recipe");
        for (Outcome outcome : outcomes) {
            Fault fault = outcome.fault();
            List<String> cells = new ArrayList<>(List.of(fault.id(), fault.title()));
            for (Leg leg : Leg.values()) {
                cells.add(fault.isCaughtIn(leg) ? "caught" : "-");
            }
            table.row(cells.toArray(String[]::new));
            results.add(CaseResult.of(
                    "gallery",
                    fault.id() + ": " + fault.title(),
                    outcome.wrong().isEmpty() ? Status.HOLDS : Status.VIOLATED,
                    "found as spec/gallery.yaml says",
                    String.join("\n", outcome.wrong())));
            for (String wrong : outcome.wrong()) {
                results.faults().println(fault.id() + ": " + wrong);
            }
        }
        String index = GalleryPages.index(gallery, committedPage(GalleryPages.INDEX));
        if (bless) {
            for (Outcome outcome : outcomes) {
                if (outcome.wrong().isEmpty()) {
                    Files.writeString(folder().resolve(outcome.fault().id() + ".md"), outcome.page());
                }
            }
            Files.writeString(folder().resolve(GalleryPages.INDEX + ".md"), index);
        }
        if (names.isEmpty()) {
            results.text().print(table);
            results.text()
                    .println(gallery.inReach() + " of "
                            + gallery.faults().stream()
                                    .filter(f -> f.id().startsWith("G"))
                                    .count()
                            + " faults of kernels, series and VMMs are in reach; "
                            + gallery.faults().stream()
                                    .filter(f -> f.id().startsWith("F") && f.isInReach())
                                    .count()
                            + " of "
                            + gallery.faults().stream()
                                    .filter(f -> f.id().startsWith("F"))
                                    .count()
                            + " reports from the field.");
            boolean isSame = bless || index.equals(committedPage(GalleryPages.INDEX));
            boolean isEnough = gallery.inReach() >= Gallery.LEAST_IN_REACH;
            results.add(CaseResult.of(
                    "gallery",
                    "the table of all",
                    isSame && isEnough ? Status.HOLDS : Status.VIOLATED,
                    "as spec/gallery/README.md, at least " + Gallery.LEAST_IN_REACH + " in reach",
                    isSame ? "too few are in reach" : "spec/gallery/README.md differs; --bless writes it"));
            if (!isSame || !isEnough) {
                results.faults()
                        .println(isSame ? "too few are in reach" : "spec/gallery/README.md differs; --bless writes it");
            }
        }
        return results.finish(new Summary("page", "pages", "as the gallery says", "not"));
    }

    private Path folder() {
        if (committed != null) {
            return committed;
        }
        String root = System.getProperty("longitude.root");
        return root == null ? Path.of("../spec/gallery") : Path.of(root, "spec", "gallery");
    }

    /** The committed page; empty if there is none. A release carries the pages beside the launcher. */
    private String committedPage(String name) throws IOException {
        Path page = folder().resolve(name + ".md");
        return Files.isRegularFile(page) ? Files.readString(page, UTF_8) : "";
    }
}
