package dev.longitude.audit;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The audit of one recording.
 *
 * @param file the log
 * @param kernel the kernel for which it holds
 */
public record AuditReport(
        String file, KernelProfile kernel, ImmutableList<Finding> findings, ImmutableList<Undecidable> undecidable) {

    /** Collects what the checks find; a finding of which the kernel's guests see nothing is none. */
    static final class Builder {
        private final KernelProfile kernel;
        private final List<Finding> findings = new ArrayList<>();
        private final List<Undecidable> undecidable = new ArrayList<>();

        Builder(KernelProfile kernel) {
            this.kernel = kernel;
        }

        void found(FindingKind kind, String detail, Integer... lines) {
            Finding finding = new Finding(kind, ImmutableList.copyOf(Arrays.asList(lines)), detail);
            if (kind.isOn(kernel) && !findings.contains(finding)) {
                findings.add(finding);
            }
        }

        void undecidable(FindingKind kind, int line, String why) {
            if (kind.isOn(kernel)) {
                undecidable.add(new Undecidable(kind, line, why));
            }
        }

        AuditReport build(String file) {
            return new AuditReport(
                    file,
                    kernel,
                    findings.stream()
                            .sorted(Comparator.comparing(f -> f.lines().get(0)))
                            .collect(ImmutableList.toImmutableList()),
                    ImmutableList.copyOf(undecidable));
        }
    }

    /** The report as text, without the last newline. */
    public String text() {
        List<String> lines = new ArrayList<>();
        for (Finding finding : findings) {
            FindingKind kind = finding.kind();
            lines.add(file + ":" + finding.lines().get(0) + ": " + kind.id() + ": " + kind.order()
                    + (finding.detail().isEmpty() ? "" : ": " + finding.detail()));
            if (finding.lines().size() > 1) {
                lines.add("  lines    "
                        + finding.lines().stream().map(String::valueOf).collect(Collectors.joining(", ")));
            }
            lines.add("  guest    " + kind.guest());
            lines.add("  kernels  " + kind.kernels());
            lines.add("  instead  " + kind.instead());
        }
        for (Undecidable open : undecidable) {
            lines.add(file + ":" + open.line() + ": undecidable: " + open.kind().id() + ": " + open.why());
        }
        if (lines.isEmpty()) {
            lines.add(file + ": nothing found, for " + kernel);
        }
        return String.join("\n", lines);
    }
}
