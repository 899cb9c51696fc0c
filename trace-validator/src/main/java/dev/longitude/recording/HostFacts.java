package dev.longitude.recording;

import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The facts about the host in a run's {@code host.txt}: lines such as {@code kernel 6.12.95}, {@code clocksource tsc},
 * and the kernel's own messages after {@code dmesg}.
 */
final class HostFacts {
    private static final Pattern ARCH = Pattern.compile("^arch (\\S+)");
    private static final Pattern KERNEL = Pattern.compile("^kernel (\\S+)");

    /** The kernels of Red Hat and of its derivatives: {@code 5.14.0-427.el9.x86_64}. */
    private static final Pattern RED_HAT = Pattern.compile("\\.el\\d");

    /** The name of a kernel without its patch level: {@code 5.15.0-91-generic}. */
    private static final Pattern INTERFACE = Pattern.compile("^\\d+\\.\\d+\\.0-\\d");

    /** In the kernel's version, as {@code uname -v} prints it: Debian's package, which contains the release. */
    private static final Pattern DEBIAN = Pattern.compile("^version .*\\bDebian (\\d+\\.\\d+\\.\\d+)-");

    private static final Pattern CLOCKSOURCE = Pattern.compile("^(?:kernel \\S+ )?clocksource (\\S+)");
    private static final Pattern REFINED =
            Pattern.compile("^dmesg .*tsc: Refined TSC clocksource calibration: (\\d{1,6})\\.(\\d{3}) MHz");
    private static final Pattern DETECTED =
            Pattern.compile("^dmesg .*tsc: Detected (\\d{1,6})\\.(\\d{3}) MHz processor");

    private static final String HYPERV_PAGE = "hyperv_clocksource_tsc_page";

    /** The clocksources that KVM treats as the TSC: it itself, also before its calibration, and Hyper-V's reference TSC page. */
    private static final ImmutableSet<String> TSC_CLOCKSOURCES = ImmutableSet.of("tsc", "tsc-early", HYPERV_PAGE);

    private static final int AMD_FRAC_BITS = 32;

    /** As KVM_GET_TSC_KHZ returns it for a vCPU before the VMM has set a rate. */
    private static final Pattern TSC_KHZ = Pattern.compile("^tsc_khz (\\d{1,9})$");

    /**
     * What a recorder found with a test guest: {@code honoured}, {@code ignored} or {@code not}, that is, not known.
     */
    private static final Pattern TSC_OFFSETS = Pattern.compile("^tsc-offsets (honoured|ignored|not)\\b");

    private static final Pattern VENDOR = Pattern.compile("^vendor(?:_id)?\\s*:?\\s+(\\S+)");

    /** From KVM's debugfs: {@code tsc-scaling-ratio-frac-bits} of a vCPU; exists only where the host scales. */
    private static final Pattern FRAC_BITS = Pattern.compile("^tsc-scaling-ratio-frac-bits\\s*:?\\s+(0|32|48)$");

    /** KVM prints it if userspace requests a slower guest on a host that does not scale. */
    private static final Pattern CANNOT_SCALE =
            Pattern.compile("^dmesg .*user requested TSC rate below hardware speed");

    /** Since 5.18 kvm_amd prints at its start whether the host scales, with its other features. */
    private static final Pattern AMD_SCALES = Pattern.compile("^dmesg .*TSC scaling supported");

    private static final Pattern AMD_STARTS =
            Pattern.compile("^dmesg .*(?:kvm_amd|SVM): .*Nested Paging (?:en|dis)abled");
    private static final Pattern SINCE_5_18 = Pattern.compile("^(?:5\\.(?:1[89]|[2-9]\\d)|[6-9]\\.|\\d\\d+\\.)");

    private static final Pattern UNSTABLE = Pattern.compile("^dmesg .*tsc: Marking TSC unstable");

    /** Printed when KVM starts; where KVM runs at EL1 it prints this instead. */
    private static final Pattern NOT_VHE =
            Pattern.compile("^dmesg .*kvm \\[1\\]: .*(?:Hyp|nVHE|hVHE) mode initialized");

    private static final Pattern VHE = Pattern.compile("^dmesg .*kvm \\[1\\]: .*\\bVHE mode initialized");

    /** The kernel prints it for each CPU feature that it finds; since 6.4 for CNTPOFF_EL2 too. */
    private static final Pattern FEATURE = Pattern.compile("^dmesg .*CPU features: detected: ");

    private static final Pattern CNTPOFF =
            Pattern.compile("^dmesg .*CPU features: detected: Enhanced Counter Virtualization \\(CNTPOFF\\)");

    private boolean notVhe;
    private boolean saysVhe;
    private boolean showsFeatures;
    private boolean cntpoff;
    private boolean unstable;
    private boolean cannotScale;
    private boolean amdScales;
    private boolean amdStarts;
    private @Nullable String arch;
    private @Nullable String kernel;
    private @Nullable String debian;
    private @Nullable String clocksource;
    private @Nullable Integer refinedKhz;
    private @Nullable Integer detectedKhz;
    private @Nullable String saidKhz;
    private @Nullable String tscOffsets;
    private @Nullable String vendor;
    private @Nullable String fracBits;

    private HostFacts() {}

    /** What {@code host.txt} beside a file says; nothing beside standard input. */
    static HostFacts beside(Path file) throws TraceFormatException, IOException {
        return file.equals(LineSource.STANDARD_INPUT) ? new HostFacts() : read(file.resolveSibling("host.txt"));
    }

    /** Notes a rate of the host's TSC, kHz, that counts only if the file has none. */
    void orTscKhz(int khz) {
        if (tscKhz().isEmpty()) {
            saidKhz = String.valueOf(khz);
        }
    }

    /** Reads the file; all facts are unknown if there is none. */
    static HostFacts read(Path file) throws TraceFormatException, IOException {
        HostFacts facts = new HostFacts();
        if (Files.isRegularFile(file)) {
            try (LineSource lines = LineSource.open(file)) {
                for (String line = lines.next(); line != null; line = lines.next()) {
                    facts.take(line);
                }
            }
        }
        return facts;
    }

    private void take(String line) {
        unstable |= UNSTABLE.matcher(line).find();
        cannotScale |= CANNOT_SCALE.matcher(line).find();
        amdScales |= AMD_SCALES.matcher(line).find();
        amdStarts |= AMD_STARTS.matcher(line).find();
        notVhe |= NOT_VHE.matcher(line).find();
        saysVhe |= VHE.matcher(line).find();
        showsFeatures |= FEATURE.matcher(line).find();
        cntpoff |= CNTPOFF.matcher(line).find();
        arch = first(arch, ARCH, line);
        kernel = first(kernel, KERNEL, line);
        debian = first(debian, DEBIAN, line);
        clocksource = first(clocksource, CLOCKSOURCE, line);
        saidKhz = first(saidKhz, TSC_KHZ, line);
        tscOffsets = first(tscOffsets, TSC_OFFSETS, line);
        vendor = first(vendor, VENDOR, line);
        fracBits = first(fracBits, FRAC_BITS, line);
        refinedKhz = khz(refinedKhz, REFINED, line);
        detectedKhz = khz(detectedKhz, DETECTED, line);
    }

    private static @Nullable String first(@Nullable String known, Pattern pattern, String line) {
        if (known != null) {
            return known;
        }
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? matcher.group(1) : null;
    }

    private static @Nullable Integer khz(@Nullable Integer known, Pattern pattern, String line) {
        if (known != null) {
            return known;
        }
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? (Integer) Integer.parseInt(matcher.group(1) + matcher.group(2)) : null;
    }

    /** Whether the kernel runs at EL2 (arm64); assumed unless the file shows otherwise. */
    boolean vhe() {
        return !notVhe;
    }

    /** Whether the kernel has found that the CPUs have CNTPOFF_EL2 (arm64: FEAT_ECV). */
    boolean ecv() {
        return cntpoff;
    }

    /** Whether the file shows if KVM uses CNTPOFF_EL2, which needs the register and VHE. */
    boolean showsCntpoff() {
        return notVhe || (cntpoff ? saysVhe : showsFeatures);
    }

    /**
     * Whether the kernel has found the TSC unstable, and KVM treats it so: with Hyper-V's reference TSC page as clocksource it
     * does not. The message may be later than the log.
     */
    boolean unstable() {
        return unstable && !HYPERV_PAGE.equals(clocksource);
    }

    /** As {@code uname -m} prints it. */
    @Nullable
    String arch() {
        return arch;
    }

    /** As {@code uname -r} prints it. */
    @Nullable
    String kernel() {
        return kernel;
    }

    /**
     * The kernel's release. Distributions name a kernel's interface rather than its patch level: Debian's 5.10.262
     * calls itself {@code 5.10.0-46-amd64}; its version has the release.
     *
     * @return as {@code uname -r} prints it, or the release that the version names; null if the file names no kernel
     */
    @Nullable
    String release() {
        return kernel != null && debian != null && hidesPatch() ? debian : kernel;
    }

    /**
     * Whether the file does not show the release's patch level: the name is a mainline release with a distribution's
     * number.
     */
    boolean isOfUnknownPatch() {
        return debian == null && hidesPatch();
    }

    /** Whether the kernel keeps a release's name and gets changes of later ones. */
    boolean isOfRedHat() {
        return kernel != null && RED_HAT.matcher(kernel).find();
    }

    private boolean hidesPatch() {
        return kernel != null && INTERFACE.matcher(kernel).find();
    }

    /** Whether the file names the clocksource. */
    boolean hasClocksource() {
        return clocksource != null;
    }

    /**
     * Whether the host's clocksource is the TSC; assumed unless the file shows otherwise.
     */
    boolean tscClocksource() {
        return clocksource == null || TSC_CLOCKSOURCES.contains(clocksource);
    }

    /** The bits behind the point of the host's scaling ratio, 0 if it does not scale; null if unknown. */
    @Nullable
    Integer fracBits() {
        if (fracBits != null) {
            return Integer.parseInt(fracBits);
        }
        if (amdScales) {
            return AMD_FRAC_BITS;
        }
        boolean says = amdStarts && kernel != null && SINCE_5_18.matcher(kernel).find();
        return cannotScale || says ? (Integer) 0 : null;
    }

    /** The bits behind the point if the host scales, by its vendor; null if the vendor is unknown. */
    @Nullable
    Integer fracBitsOfVendor() {
        if (vendor == null) {
            return null;
        }
        return switch (vendor) {
            case "GenuineIntel" -> 48;
            case "AuthenticAMD", "HygonGenuine" -> AMD_FRAC_BITS;
            default -> null;
        };
    }

    /**
     * Whether the recorder saw that the host's KVM accepts offsets of a guest's TSC and ignores them. A KVM without the
     * hardware for it (nested, or paravirtual) may do so; its recordings then contradict every kernel.
     */
    boolean ignoresTscOffsets() {
        return "ignored".equals(tscOffsets);
    }

    /**
     * Whether the rate is the one that KVM uses. A kernel refines the rate that it first detected, unless its TSC is
     * unstable or a hypervisor gave it the rate; {@code host.txt} shows both.
     */
    boolean isExactRate() {
        return saidKhz != null || refinedKhz != null || (detectedKhz != null && (unstable || isGivenByHypervisor()));
    }

    /**
     * The rate with which the kernel computes its clocks from the TSC, kHz, if a message shows that it has refined it; KVM
     * may have been loaded before.
     */
    OptionalInt clocksourceKhz() {
        return refinedKhz == null ? OptionalInt.empty() : OptionalInt.of(refinedKhz);
    }

    /** Whether something shows at which rate the kernel computes its clocks from the TSC: a message, or a hypervisor. */
    boolean showsClocksourceKhz() {
        return refinedKhz != null || detectedKhz != null || isGivenByHypervisor();
    }

    private boolean isGivenByHypervisor() {
        return clocksource != null && clocksource.startsWith("hyperv");
    }

    /**
     * The TSC's rate, kHz: as KVM returned it, otherwise as the kernel refined it, otherwise as it first detected it.
     */
    OptionalInt tscKhz() {
        if (saidKhz != null) {
            return OptionalInt.of(Integer.parseInt(saidKhz));
        }
        Integer khz = refinedKhz != null ? refinedKhz : detectedKhz;
        return khz == null ? OptionalInt.empty() : OptionalInt.of(khz);
    }
}
