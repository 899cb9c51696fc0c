package dev.longitude.kernel;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.errorprone.annotations.Immutable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A kernel, as the set of switches that are on in it. The same table stands in {@code spec/Kernels.tla}; a test reads
 * that one and proves both equal.
 */
public enum KernelProfile {
    /** Kernels before the three oldest defects were mended, as far as those go: 3.16 and before. */
    V3_16("v3.16", null, null, Switches.OLDEST, Arch.X86),
    /** Linux 5.10 and 5.11. */
    V5_10("v5.10", new Release(5, 10), new Release(5, 12), Switches.OLD, Arch.X86),
    /** Linux 5.12 to 5.14. */
    V5_14("v5.14", new Release(5, 12), new Release(5, 15), Switches.BEFORE, Arch.X86),
    /** The series' arm64 side as posted in June 2021 (v1), on a kernel of that time; no release has it. */
    SERIES_V1("series-v1", null, null, Switches.POSTED_V1, Arch.ARM64),
    /** The series as posted in July 2021 (v2), on a kernel of that time; no release has it. */
    SERIES_V2("series-v2", null, null, Switches.POSTED, Arch.X86, Arch.ARM64),
    /** Linux 5.16, the first with the offset attribute, to 6.0. */
    V5_16("v5.16", new Release(5, 16), new Release(6, 1), Switches.MERGED),
    /** Linux 6.1 and 6.2. */
    V6_1("v6.1", new Release(6, 1), new Release(6, 3), Switches.MERGED, Arch.X86, Arch.ARM64),
    /** Linux 6.3: on arm64 the virtual counter's offset is the VM's. */
    V6_3("v6.3", new Release(6, 3), new Release(6, 4), Switches.GLOBAL, Arch.ARM64),
    /** Linux 6.4 and 6.5: on arm64 both counters' offsets can be set for the VM. */
    V6_4("v6.4", new Release(6, 4), new Release(6, 6), Switches.OF_VM, Arch.ARM64),
    /** Linux 6.6. */
    V6_6("v6.6", new Release(6, 6), new Release(6, 7), Switches.FLIPPING),
    /** Linux 6.7. */
    V6_7("v6.7", new Release(6, 7), new Release(6, 8), Switches.GATED, Arch.X86),
    /** Linux 6.8 to 6.11. */
    V6_8("v6.8", new Release(6, 8), new Release(6, 12), Switches.SPARING),
    /** Linux 6.12 to 6.16. */
    V6_12("v6.12", new Release(6, 12), new Release(6, 17), Switches.SPARING, Arch.X86, Arch.ARM64),
    /** Linux 6.17 to 7.3.3. */
    V7_3("v7.3", new Release(6, 17), new Release(7, 3, 4), Switches.LATEST, Arch.X86, Arch.ARM64),
    /** Linux 7.3.4, and every release after it: on arm64 a timer's compare value cannot wrap. */
    V7_3_4("v7.3.4", new Release(7, 3, 4), null, Switches.NOT_WRAPPING, Arch.ARM64),
    /** The latest kernel with every correction that has been proposed or is known to be needed; no release has it. */
    CORRECTED("corrected", null, null, Switches.MENDED, Arch.X86, Arch.ARM64);

    /** The sets that profiles share. */
    private static final class Switches {
        static final ImmutableSet<Switch> BEFORE = ImmutableSet.of(Switch.READS_FLAG_LATER);
        static final ImmutableSet<Switch> OLD = with(BEFORE, Switch.SET_CLOCK_FROM_NOW);
        static final ImmutableSet<Switch> OLDEST =
                with(OLD, Switch.COUNTS_EVERY_MATCH, Switch.TRACKS_ONLY_STATE, Switch.GUEST_WRITE_SYNCHRONIZES);
        static final ImmutableSet<Switch> POSTED = with(
                BEFORE,
                Switch.CLOCK_REALTIME,
                Switch.TSC_OFFSET_ATTR,
                Switch.RECORDS_GENERATION_EARLY,
                Switch.GET_TSC_OFFSET_FAILS,
                Switch.REFUSES_OWN_FLAGS,
                Switch.TIMER_OFFSET_ATTRS,
                Switch.GET_VTIMER_FALLS_THROUGH);
        static final ImmutableSet<Switch> POSTED_V1 = with(BEFORE, Switch.SYSTEM_COUNTER_STATE, Switch.TRAPS_IN_IOCTL);
        static final ImmutableSet<Switch> MERGED =
                ImmutableSet.of(Switch.ADJUST_ASKS, Switch.CLOCK_REALTIME, Switch.TSC_OFFSET_ATTR);
        static final ImmutableSet<Switch> GLOBAL = with(MERGED, Switch.OFFSETS_OF_VM);
        static final ImmutableSet<Switch> OF_VM =
                with(GLOBAL, Switch.SET_COUNTER_OFFSET, Switch.PTIMER_CNT, Switch.USES_CNTPOFF, Switch.TRAPS_AT_LOAD);
        static final ImmutableSet<Switch> FLIPPING = with(OF_VM, Switch.FLIPS_CVAL);
        static final ImmutableSet<Switch> GATED = with(FLIPPING, Switch.USER_SET_TSC_GATE);
        static final ImmutableSet<Switch> SPARING = with(GATED, Switch.TRACK_ONLY_ON_CHANGE);
        static final ImmutableSet<Switch> LATEST = with(SPARING, Switch.VM_TSC_KHZ_FIRST);
        static final ImmutableSet<Switch> NOT_WRAPPING = with(LATEST, Switch.CVAL_CANNOT_WRAP);
        static final ImmutableSet<Switch> MENDED = with(
                NOT_WRAPPING,
                Switch.KEEPS_LINE_ON_MATCH,
                Switch.ZERO_IS_A_VALUE,
                Switch.SYNCHRONIZES_ON_KHZ,
                Switch.REFUSAL_KEEPS_KHZ,
                Switch.MATCHES_OFFSETS,
                Switch.MASTER_CLOCK_AT_CREATION,
                Switch.CLOCK_IN_GUEST_RATE,
                Switch.RATES_IN_HZ,
                Switch.SIGNED_CATCH_UP,
                Switch.ONE_UPDATE,
                Switch.RESUME_MOVES_LINE,
                Switch.GUEST_WRITE_ASKS,
                Switch.TSC_WRITE_ASKS,
                Switch.CREATION_KEEPS_LINE,
                Switch.SET_NEEDS_ALL_VCPUS,
                Switch.IGNORED_WRITE_FAILS);

        private static ImmutableSet<Switch> with(ImmutableSet<Switch> those, Switch... more) {
            return ImmutableSet.<Switch>builder().addAll(those).add(more).build();
        }
    }

    /** A kernel release's numbers; the third is 0 where there is none. */
    @Immutable
    private record Release(int major, int minor, int patch) {
        private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,6}))?(\\D.*)?");
        private static final Comparator<Release> ORDER = Comparator.comparingInt(Release::major)
                .thenComparingInt(Release::minor)
                .thenComparingInt(Release::patch);

        Release(int major, int minor) {
            this(major, minor, 0);
        }

        boolean isBefore(Release other) {
            return ORDER.compare(this, other) < 0;
        }

        static Optional<Release> parse(String text) {
            Matcher matcher = TEXT.matcher(text.strip());
            if (!matcher.matches()) {
                return Optional.empty();
            }
            return Optional.of(new Release(
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(2)),
                    matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3))));
        }
    }

    private final String specName;
    private final @Nullable Release from;
    private final @Nullable Release before;
    private final ImmutableSet<Switch> switches;
    private final ImmutableSet<Arch> archs;

    KernelProfile(
            String specName,
            @Nullable Release from,
            @Nullable Release before,
            ImmutableSet<Switch> switches,
            Arch... archs) {
        this.specName = specName;
        this.from = from;
        this.before = before;
        this.switches = Sets.immutableEnumSet(switches);
        this.archs = Sets.immutableEnumSet(Arrays.asList(archs));
    }

    /** The profiles that show what changed on an architecture: the others are as one of these there. */
    public static ImmutableList<KernelProfile> showing(Arch arch) {
        return Arrays.stream(values()).filter(p -> p.archs.contains(arch)).collect(ImmutableList.toImmutableList());
    }

    /** The name in the specification, on the command line and in traces, such as {@code v6.12}. */
    public String specName() {
        return specName;
    }

    /** The switches that are on. */
    public ImmutableSet<Switch> switches() {
        return switches;
    }

    /** Whether {@code one} is on. */
    public boolean has(Switch one) {
        return switches.contains(one);
    }

    /** The profile of that name, if there is one. */
    public static Optional<KernelProfile> named(String specName) {
        return Arrays.stream(values()).filter(p -> p.specName.equals(specName)).findFirst();
    }

    /**
     * The profile that covers a kernel release.
     *
     * @param release as {@code uname -r} prints it, such as {@code 6.12.95+deb12-cloud-amd64}
     * @return empty if {@code release} is not a release, is older than 5.10, or is 5.15, which has no profile
     */
    public static Optional<KernelProfile> covering(String release) {
        return Release.parse(release)
                .flatMap(r -> Arrays.stream(values()).filter(p -> p.covers(r)).findFirst());
    }

    private boolean covers(Release release) {
        return from != null && !release.isBefore(from) && (before == null || release.isBefore(before));
    }

    /** All names, for messages: {@code v6.1, v6.12, ...}. */
    public static String names() {
        return Arrays.stream(values()).map(KernelProfile::specName).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return specName;
    }
}
