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
            found(new Finding(kind, ImmutableList.copyOf(Arrays.asList(lines)), detail));
        }

        void found(Finding finding) {
            if (finding.kind().isOn(kernel) && !findings.contains(finding)) {
                findings.add(finding);
            }
        }

        void undecidable(FindingKind kind, int line, String why) {
            if (kind.isOn(kernel)) {
                undecidable.add(new Undecidable(kind, line, why));
            }
        }

        /** A line that may have set anything. */
        void undecidable(int line, String why) {
            undecidable.add(new Undecidable(null, line, why));
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

    /** Whether nothing was found, and nothing is open. */
    public boolean isClean() {
        return findings.isEmpty() && undecidable.isEmpty();
    }

    /** A finding as text: where and what, then what the guest sees, on which kernels, and what to do instead. */
    public String text(Finding finding) {
        FindingKind kind = finding.kind();
        String others = finding.lines().stream().skip(1).map(String::valueOf).collect(Collectors.joining(", "));
        return file + ":" + finding.lines().get(0) + ": " + kind.id() + ": " + kind.order()
                + (finding.detail().isEmpty() ? "" : ": " + finding.detail())
                + (others.isEmpty() ? "" : "\n  see also lines " + others)
                + "\n  guest    " + kind.guest()
                + "\n  kernels  " + kind.kernels()
                + "\n  instead  " + kind.instead();
    }

    /** What is open as text. */
    public String text(Undecidable open) {
        return file + ":" + open.line() + ": undecidable: " + open.id() + ": " + open.why();
    }
}
