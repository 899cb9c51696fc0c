package dev.longitude.cli;

import dev.longitude.bench.JudgingSpeed;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.UndecidedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude bench validate}: how fast the validator judges traces, compared with stock TLC in the same run. */
@Command(
        name = "validate",
        description = {
            "Measure how fast the validator judges traces: by length, in several threads, and compared with stock TLC.",
            "Only the ratios carry over to other machines."
        },
        mixinStandardHelpOptions = true)
final class BenchValidateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--most",
            paramLabel = "N",
            defaultValue = "100000",
            description = "The longest trace, in events; above 100000 only as a file (default: ${DEFAULT-VALUE}).")
    private int most = 100_000;

    @Override
    public Integer call()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        if (most < JudgingSpeed.LEAST) {
            throw new ParameterException(spec.commandLine(), "--most " + most + ": at least " + JudgingSpeed.LEAST);
        }
        PrintWriter out = spec.commandLine().getOut();
        JudgingSpeed speed = new JudgingSpeed(most, Longitude.class.getName());
        List<JudgingSpeed.Pace> lengths = speed.byLength();
        JudgingSpeed.Pace longest = lengths.get(lengths.size() - 1);
        out.println(inMemory("events", lengths, longest));
        out.println(inMemory(speed.eventsBeforeErasing() + " events without", speed.erased(), longest));
        out.println(files("a file, gzip, " + speed.filesOptions(), speed.files()));
        Table comparisons = new Table("", "time", "beside", "", "ratio");
        for (JudgingSpeed.Comparison each : speed.comparisons()) {
            comparisons.row(
                    each.what(),
                    time(each.seconds()),
                    each.beside(),
                    time(each.other()),
                    ratio(each.seconds() / each.other()));
        }
        out.println(comparisons);
        out.flush();
        return ExitCode.HOLDS;
    }

    private static Table inMemory(String what, List<JudgingSpeed.Pace> paces, JudgingSpeed.Pace longest) {
        Table table = new Table(what, "in memory", "time per event", "beside the longest");
        for (JudgingSpeed.Pace pace : paces) {
            Double each = pace.perEvent();
            if (each == null) {
                table.row(pace.what(), "undecided", "", "");
            } else {
                table.row(pace.what(), rate(each), micros(each), beside(each, longest));
            }
        }
        return table;
    }

    private static Table files(String what, List<JudgingSpeed.Pace> paces) {
        Table table = new Table(what, "whole process", "time per event", "beside the longest");
        JudgingSpeed.Pace longest = paces.get(paces.size() - 1);
        for (JudgingSpeed.Pace pace : paces) {
            Double whole = pace.seconds();
            Double each = pace.perEvent();
            if (whole != null && each != null) {
                table.row(pace.what(), time(whole), micros(each), beside(each, longest));
            }
        }
        return table;
    }

    private static String beside(double each, JudgingSpeed.Pace longest) {
        @Nullable Double other = longest.perEvent();
        return other == null ? "" : ratio(each / other);
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%.2f s", seconds);
    }

    private static String rate(double secondsPerEvent) {
        return String.format(Locale.ROOT, "%.0f events/s", 1 / secondsPerEvent);
    }

    private static String micros(double secondsPerEvent) {
        return String.format(Locale.ROOT, "%.1f us", secondsPerEvent * 1e6);
    }

    private static String ratio(double ratio) {
        return ratio < 0.01 ? "1/" + Math.round(1 / ratio) : String.format(Locale.ROOT, "%.3f", ratio);
    }
}
