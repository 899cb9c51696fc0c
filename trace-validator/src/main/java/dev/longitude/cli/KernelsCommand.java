package dev.longitude.cli;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Posting;
import dev.longitude.kernel.Release;
import dev.longitude.kernel.Series;
import dev.longitude.kernel.Switch;
import dev.longitude.kernel.Versions;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude kernels}: what changed in which kernel. */
@Command(
        name = "kernels",
        description = {
            "List what changed in which release of Linux, and what was posted.",
            "With one KERNEL: the switches that are on in it. With two: those in which they differ."
        },
        mixinStandardHelpOptions = true,
        footer = {"", "Examples:", "  longitude kernels 6.9", "  longitude kernels v6.1 6.12.95 --arch x86_64"})
final class KernelsCommand implements Runnable {
    private static final int MOST_NAMES = 8;

    /** One line of the output. */
    private record Line(String kernel, Switch of, String meaning, String source) {}

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "KERNEL",
            description = "A release, such as 6.9, v6.12.95 or what uname -r prints, or a posting.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--arch", paramLabel = "ARCH", description = "Only x86_64 or aarch64.")
    private @Nullable String arch;

    @Option(names = "--markdown", description = "Print a table in Markdown; spec/kernels.md is this output.")
    private boolean markdown;

    @Override
    public void run() {
        if (arch != null && Arch.named(arch).isEmpty()) {
            throw unusable("unknown architecture '" + arch + "'; expected " + Arch.X86 + " or " + Arch.ARM64);
        }
        if (names.size() > 2) {
            throw unusable("two kernels at most can be compared");
        }
        List<KernelProfile> kernels = names.stream()
                .map(name -> KernelProfile.named(name)
                        .orElseThrow(
                                () -> unusable("unknown kernel '" + name + "'; expected " + KernelProfile.expected())))
                .toList();
        ImmutableList<Line> lines = switch (kernels.size()) {
            case 0 -> all();
            case 1 -> of(kernels.get(0));
            default -> differences(kernels.get(0), kernels.get(1));
        };
        PrintWriter out = spec.commandLine().getOut();
        if (!kernels.isEmpty()) {
            out.println(kernels.stream().map(KernelProfile::toString).collect(Collectors.joining(" and "))
                    + (lines.isEmpty() ? ": nothing differs" : ":"));
        }
        if (markdown) {
            String text = asMarkdown(lines);
            Series.sourcesIn(text).forEach(source -> out.println("- " + source));
            out.print("\n" + text);
        } else if (!lines.isEmpty()) {
            Table table = asTable(lines);
            out.print(table);
            Series.sourcesIn(table.unwrapped()).stream()
                    .flatMap(source -> Table.wrapped("\n" + source, Terminal.columns()).stream())
                    .forEach(out::println);
        }
        if (kernels.isEmpty()) {
            out.print(known());
        }
        out.flush();
    }

    private ParameterException unusable(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<Switch> switches() {
        return Arrays.stream(Switch.values())
                .filter(s -> arch == null || s.arch().machine().equals(arch))
                .toList();
    }

    private ImmutableList<Line> all() {
        ImmutableList.Builder<Line> lines = ImmutableList.builder();
        for (Release release : KernelProfile.changes()) {
            for (Switch one : switches()) {
                Versions versions = one.versions();
                if (versions.changed().contains(release)) {
                    String meaning = (versions.since().isEmpty() ? "no longer: " : "") + one.meaning();
                    Release mainline = versions.changed().first();
                    lines.add(
                            release.isMainline()
                                    ? new Line(release.toString(), one, meaning, versions.reference())
                                    : new Line(release.toString(), one, "as in " + mainline, versions.reference()));
                }
            }
        }
        for (Posting posting : Posting.values()) {
            for (Switch one : switches()) {
                if (one.versions().postings().contains(posting)) {
                    lines.add(new Line(
                            posting.specName(),
                            one,
                            one.meaning(),
                            one.versions().reference()));
                }
            }
        }
        return lines.build();
    }

    private ImmutableList<Line> of(KernelProfile kernel) {
        return switches().stream()
                .filter(kernel::has)
                .map(s -> new Line("", s, s.meaning(), s.versions().toString()))
                .collect(toImmutableList());
    }

    private ImmutableList<Line> differences(KernelProfile one, KernelProfile other) {
        return switches().stream()
                .filter(s -> one.has(s) != other.has(s))
                .map(s -> new Line(
                        (one.has(s) ? one : other).specName(),
                        s,
                        s.meaning(),
                        s.versions().toString()))
                .collect(toImmutableList());
    }

    private static Table asTable(List<Line> lines) {
        boolean ofOne = lines.stream().allMatch(l -> l.kernel().isEmpty());
        Table table = new Table(ofOne ? "" : "kernel", "on", "switch: what KVM does (source)");
        for (Line line : lines) {
            table.row(
                    line.kernel(),
                    line.of().arch().machine(),
                    line.of().specName() + ": " + line.meaning() + " (" + line.source() + ")");
        }
        return table;
    }

    private static String asMarkdown(List<Line> lines) {
        StringBuilder text =
                new StringBuilder("| kernel | on | switch | what KVM does | source |\n|---|---|---|---|---|\n");
        for (Line line : lines) {
            text.append(String.format(
                    "| %s | %s | `%s` | %s | %s |%n",
                    line.kernel(), line.of().arch(), line.of().specName(), line.meaning(), line.source()));
        }
        return text.toString();
    }

    private static String known() {
        List<String> names = KernelProfile.known().stream()
                .filter(k -> k.posting() == null)
                .map(KernelProfile::specName)
                .toList();
        return "\nReports know these by name:\n  "
                + Lists.partition(names, MOST_NAMES).stream()
                        .map(some -> String.join(", ", some))
                        .collect(Collectors.joining(",\n  "))
                + ".\nAny other release from 5.10 to " + KernelProfile.newest()
                + " is a kernel too; where it does the\nsame as one of these, reports say so: "
                + KernelProfile.of("6.9") + ".\n";
    }
}
