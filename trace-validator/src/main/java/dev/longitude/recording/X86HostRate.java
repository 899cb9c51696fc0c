package dev.longitude.recording;

import static java.util.Objects.requireNonNull;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The rate of the TSC of a log's host, and whether the host scales a guest's TSC.
 *
 * @param khz kHz
 * @param fracBits the bits behind the point of its ratio, 48 (Intel) or 32 (AMD), 0 if it does not scale; null: nothing
 *     shows them
 */
record X86HostRate(int khz, @Nullable Integer fracBits) {
    /** The default of kvm.tsc_tolerance_ppm. */
    private static final long TOLERANCE_PPM = 250;

    /** Where only the order counts, and nothing shows the rate. */
    private static final int SOME_KHZ = 1_000_000;

    private static final double SUSPICIOUS = 0.01;
    private static final long LONG_ENOUGH_NS = 10_000_000;

    /**
     * The rate by the log, host.txt and the kernel's messages.
     *
     * @throws TraceFormatException if nothing shows the rate
     */
    static X86HostRate of(String source, HostFacts host, List<IoctlRecord> lines, Findings findings)
            throws TraceFormatException {
        List<IoctlRecord> records = inOrderOfTime(lines);
        OptionalInt measured = measured(records);
        OptionalInt said = asked(records);
        if (said.isEmpty()) {
            said = host.tscKhz();
            if (said.isPresent()
                    && measured.isPresent()
                    && Math.abs(said.getAsInt() - measured.getAsInt()) > SUSPICIOUS * measured.getAsInt()) {
                String text = "that the host's TSC runs at " + said.getAsInt()
                        + " kHz, as host.txt says; by the log's own clocks it ran at about " + measured.getAsInt()
                        + " kHz";
                findings.note("doubtful: " + text);
                assume(records, findings, text);
            }
        }
        int khz = said.isPresent()
                ? said.getAsInt()
                : measured.orElse(findings.orderOnly() ? requested(records).orElse(SOME_KHZ) : 0);
        if (asked(records).isEmpty() && !host.isExactRate()) {
            assume(
                    records,
                    findings,
                    "that the host's TSC runs at exactly " + khz + " kHz, which nothing shows exactly");
        }
        if (khz <= 0 || khz > TraceHeader.MOST_TSC_KHZ) {
            throw new TraceFormatException(
                    source,
                    "nothing shows the rate of the host's TSC: expected a KVM_GET_TSC_KHZ in the log, the kernel's"
                            + " message of it in host.txt, or t in the records");
        }
        Integer fracBits = host.fracBits();
        Boolean scales = scales(records, khz);
        if (fracBits != null && scales != null && scales != (fracBits != 0)) {
            String text = "that the host " + (scales ? "does not scale" : "scales")
                    + " a guest's TSC, as host.txt says; the log shows the opposite";
            findings.note("doubtful: " + text);
            assume(records, findings, text);
        }
        if (fracBits == null && scales != null) {
            fracBits = scales ? host.fracBitsOfVendor() : (Integer) 0;
        }
        return new X86HostRate(khz, fracBits);
    }

    private static void assume(List<IoctlRecord> records, Findings findings, String what) {
        records.stream()
                .filter(r -> r.host() != null)
                .findFirst()
                .ifPresent(r ->
                        findings.assume(r.line(), null, requireNonNull(r.host()).lo(), what));
    }

    /** Lines of several threads may be in any order. */
    private static List<IoctlRecord> inOrderOfTime(List<IoctlRecord> lines) {
        List<IoctlRecord> timed = lines.stream().filter(r -> r.host() != null).toList();
        if (timed.isEmpty()) {
            return lines;
        }
        long origin = requireNonNull(timed.get(0).host()).lo();
        return timed.stream()
                .sorted(Comparator.comparingLong(r -> requireNonNull(r.host()).lo() - origin))
                .toList();
    }

    /** The rate that KVM reports before the VMM has set one; of two calls at the same time the order is not known. */
    private static OptionalInt asked(List<IoctlRecord> records) {
        IoctlRecord sets = records.stream()
                .filter(r -> r.is("KVM_SET_TSC_KHZ"))
                .findFirst()
                .orElse(null);
        for (IoctlRecord record : records) {
            Long khz = record.ret();
            if (record.equals(sets)) {
                return OptionalInt.empty();
            }
            boolean before = sets == null
                    || sets.host() == null
                    || record.host() == null
                    || record.host().hi() - sets.host().lo() <= 0;
            if (before && record.is("KVM_GET_TSC_KHZ") && khz != null && khz > 0 && khz <= TraceHeader.MOST_TSC_KHZ) {
                return OptionalInt.of(khz.intValue());
            }
        }
        return OptionalInt.empty();
    }

    /** The rate that the VMM sets first: most set the one that KVM returned, or that of another host. */
    private static OptionalInt requested(List<IoctlRecord> records) throws TraceFormatException {
        for (IoctlRecord record : records) {
            Long khz = record.is("KVM_SET_TSC_KHZ") ? record.args().u32("khz") : null;
            if (khz != null && khz > 0 && khz <= TraceHeader.MOST_TSC_KHZ) {
                return OptionalInt.of(khz.intValue());
            }
        }
        return OptionalInt.empty();
    }

    /** The slope of the log's clocks, one of them disciplined: exact to some 100 ppm. */
    private static OptionalInt measured(List<IoctlRecord> records) {
        List<IoctlRecord> timed =
                records.stream().filter(r -> r.host() != null && r.t() > 0).toList();
        if (timed.isEmpty()) {
            return OptionalInt.empty();
        }
        IoctlRecord first = timed.get(0);
        IoctlRecord last = timed.get(timed.size() - 1);
        double ns = last.t() - first.t();
        double cycles =
                requireNonNull(last.host()).hi() - requireNonNull(first.host()).hi();
        double khz = cycles / ns * 1_000_000;
        return ns >= LONG_ENOUGH_NS && cycles > 0 && khz >= 1 && khz < TraceHeader.MOST_TSC_KHZ
                ? OptionalInt.of((int) Math.round(khz))
                : OptionalInt.empty();
    }

    private static @Nullable Boolean scales(List<IoctlRecord> records, int khz) throws TraceFormatException {
        for (IoctlRecord record : records) {
            Long answer = record.ret();
            if (record.is("KVM_CHECK_EXTENSION") && answer != null && answer >= 0 && isTscControl(record)) {
                return answer > 0;
            }
            // A host that scales refuses only rates far above its own.
            Long asked = record.is("KVM_SET_TSC_KHZ") ? record.args().u32("khz") : null;
            if (asked != null
                    && asked > 0
                    && asked < khz
                    && record.failedWith(KvmAbi.EINVAL)
                    && record.vcpu() != null) {
                return false;
            }
        }
        return null;
    }

    private static boolean isTscControl(IoctlRecord record) throws TraceFormatException {
        Payload args = record.args();
        return args.has("num")
                ? X86Events.says(args, "num", "KVM_CAP_TSC_CONTROL", KvmAbi.CAP_TSC_CONTROL)
                : X86Events.says(args, "cap", "KVM_CAP_TSC_CONTROL", KvmAbi.CAP_TSC_CONTROL);
    }

    /** Whether a guest with this requested rate may have another rate than its host's; null: any rate. */
    boolean mayScale(@Nullable Long guestKhz) {
        return (fracBits == null || fracBits != 0) && (guestKhz == null || !isNear(guestKhz));
    }

    private boolean isNear(long guestKhz) {
        long tolerance = khz * TOLERANCE_PPM / 1_000_000;
        return guestKhz == 0 || Math.abs(guestKhz - khz) < tolerance;
    }

    /** Whether the effect of a guest's rate depends on unknown properties of the host. */
    boolean dependsOnScaling(long guestKhz) {
        return !isNear(guestKhz) && fracBits == null;
    }
}
