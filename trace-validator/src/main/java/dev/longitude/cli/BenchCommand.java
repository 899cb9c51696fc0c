package dev.longitude.cli;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import dev.longitude.bench.CounterRead;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude bench}: what things cost. */
@Command(
        name = "bench",
        description = "Measure the cost of a trapped counter read, or how fast traces are judged.",
        mixinStandardHelpOptions = true,
        subcommands = BenchValidateCommand.class,
        synopsisSubcommandLabel = "WHAT")
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing what to measure: counter-read or validate");
    }

    /** A figure that the series published, ns: native, and trapped. */
    private record PublishedFigure(int nativeNs, int trappedNs) {}

    /**
     * One line of the table.
     *
     * @param publishedNativeNs the series' figure, as is {@code publishedTrappedNs}
     */
    private record Line(
            String mode,
            String metric,
            double nativeNs,
            double trappedNs,
            double ratio,
            int publishedNativeNs,
            int publishedTrappedNs,
            double publishedRatio) {
        static Line of(boolean vhe, String metric, double nativeNs, double trappedNs, PublishedFigure published) {
            return new Line(
                    vhe ? "VHE" : "nVHE",
                    metric,
                    nativeNs,
                    trappedNs,
                    trappedNs / nativeNs,
                    published.nativeNs,
                    published.trappedNs,
                    (double) published.trappedNs / published.nativeNs);
        }

        String csv() {
            return String.format(
                    Locale.ROOT,
                    "%s,%s,%.3f,%.3f,%.3f,%d,%d,%.3f",
                    mode,
                    metric,
                    nativeNs,
                    trappedNs,
                    ratio,
                    publishedNativeNs,
                    publishedTrappedNs,
                    publishedRatio);
        }
    }

    @Command(
            name = "counter-read",
            description =
                    "Read the physical counter natively and trapped, without VHE and with it: the benchmark of the"
                            + " series.",
            mixinStandardHelpOptions = true)
    int counterRead(
            @Option(
                            names = "--iterations",
                            paramLabel = "N",
                            defaultValue = "10000",
                            description = "How many samples of 1000 reads each (default: ${DEFAULT-VALUE}).")
                    int iterations,
            @Option(names = "--csv", paramLabel = "FILE", description = "Write the table as CSV too.") @Nullable
                    Path csv,
            @Option(names = "--json", paramLabel = "FILE", description = "Write the table as JSON too.") @Nullable
                    Path json)
            throws IOException, RunnerException {
        if (iterations < 2) {
            throw new ParameterException(
                    spec.commandLine(), "--iterations " + iterations + ": at least 2 are needed for a deviation");
        }
        ImmutableList<CounterRead.Figures> figures = CounterRead.measure(iterations);
        List<Line> lines = new ArrayList<>();
        lines.addAll(lines(
                figures,
                false,
                new PublishedFigure(54, 148),
                new PublishedFigure(124, 122),
                new PublishedFigure(258, 348)));
        lines.addAll(lines(
                figures,
                true,
                new PublishedFigure(53, 152),
                new PublishedFigure(92, 94),
                new PublishedFigure(204, 307)));
        print(lines, iterations);
        if (csv != null) {
            List<String> rows = new ArrayList<>();
            rows.add("mode,metric,native_ns,trapped_ns,ratio,published_native_ns,published_trapped_ns,published_ratio");
            lines.forEach(line -> rows.add(line.csv()));
            Files.write(csv, rows);
        }
        if (json != null) {
            JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build()
                    .writeValue(json.toFile(), lines);
        }
        return ExitCode.HOLDS;
    }

    private static ImmutableList<Line> lines(
            List<CounterRead.Figures> figures,
            boolean vhe,
            PublishedFigure average,
            PublishedFigure deviation,
            PublishedFigure percentile) {
        CounterRead.Figures plain = figures(figures, vhe, false);
        CounterRead.Figures trapped = figures(figures, vhe, true);
        return ImmutableList.of(
                Line.of(vhe, "average", plain.averageNs(), trapped.averageNs(), average),
                Line.of(vhe, "standard deviation", plain.deviationNs(), trapped.deviationNs(), deviation),
                Line.of(vhe, "95th percentile", plain.percentile95Ns(), trapped.percentile95Ns(), percentile));
    }

    private static CounterRead.Figures figures(List<CounterRead.Figures> figures, boolean vhe, boolean trapped) {
        return figures.stream()
                .filter(f -> f.vhe() == vhe && f.trapped() == trapped)
                .findFirst()
                .orElseThrow();
    }

    private void print(List<Line> lines, int iterations) {
        Table table = new Table("mode", "metric", "native", "trapped", "ratio", "series: native", "trapped", "ratio");
        for (Line line : lines) {
            table.row(
                    line.mode,
                    line.metric,
                    String.format(Locale.ROOT, "%.2f ns", line.nativeNs),
                    String.format(Locale.ROOT, "%.2f ns", line.trappedNs),
                    String.format(Locale.ROOT, "%.2f", line.ratio),
                    line.publishedNativeNs + " ns",
                    line.publishedTrappedNs + " ns",
                    String.format(Locale.ROOT, "%.2f", line.publishedRatio));
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(table);
        out.println(
                "Ours is a model on this machine's JVM: " + iterations + " samples of 1000 reads each, so that its");
        out.println(
                "deviation is that of means. The series' figures are of silicon, a 2 x 80-core Ampere Altra, and of");
        out.println(
                "10,000 single reads, which its counter resolves to 40 ns. Compare the ratios of the averages only.");
        out.flush();
    }
}
