package dev.longitude.kernel;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.errorprone.annotations.Immutable;
import java.util.Arrays;
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
    /** The series as posted in July 2021 (v2), on a kernel of that time; no release has it. */
    SERIES_V2("series-v2", null, null, Switch.RECORDS_GENERATION_EARLY),
    /** Linux 5.16, the first with the offset attribute, to 6.0. */
    V5_16("v5.16", new Release(5, 16), new Release(6, 1)),
    /** Linux 6.1 to 6.6. */
    V6_1("v6.1", new Release(6, 1), new Release(6, 7)),
    /** Linux 6.7. */
    V6_7("v6.7", new Release(6, 7), new Release(6, 8), Switch.USER_SET_TSC_GATE),
    /** Linux 6.8 to 6.11. */
    V6_8("v6.8", new Release(6, 8), new Release(6, 12), Switch.USER_SET_TSC_GATE, Switch.TRACK_ONLY_ON_CHANGE),
    /** Linux 6.12 to 6.16. */
    V6_12("v6.12", new Release(6, 12), new Release(6, 17), Switch.USER_SET_TSC_GATE, Switch.TRACK_ONLY_ON_CHANGE),
    /** Linux 7.3, and every release from 6.17 on. */
    V7_3(
            "v7.3",
            new Release(6, 17),
            null,
            Switch.USER_SET_TSC_GATE,
            Switch.TRACK_ONLY_ON_CHANGE,
            Switch.VM_TSC_KHZ_FIRST),
    /** The latest kernel with every correction that has been proposed or is known to be needed; no release has it. */
    CORRECTED(
            "corrected",
            null,
            null,
            Switch.USER_SET_TSC_GATE,
            Switch.TRACK_ONLY_ON_CHANGE,
            Switch.KEEPS_LINE_ON_MATCH,
            Switch.ZERO_IS_A_VALUE,
            Switch.VM_TSC_KHZ_FIRST,
            Switch.SYNCHRONIZES_ON_KHZ,
            Switch.REFUSAL_KEEPS_KHZ,
            Switch.MATCHES_OFFSETS);

    /** A kernel release's first two numbers. */
    @Immutable
    private record Release(int major, int minor) {
        private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(\\D.*)?");

        boolean isBefore(Release other) {
            return major < other.major || (major == other.major && minor < other.minor);
        }

        static Optional<Release> parse(String text) {
            Matcher matcher = TEXT.matcher(text.strip());
            if (!matcher.matches()) {
                return Optional.empty();
            }
            return Optional.of(new Release(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))));
        }
    }

    private final String specName;
    private final @Nullable Release from;
    private final @Nullable Release before;
    private final ImmutableSet<Switch> switches;

    KernelProfile(String specName, @Nullable Release from, @Nullable Release before, Switch... switches) {
        this.specName = specName;
        this.from = from;
        this.before = before;
        this.switches = Sets.immutableEnumSet(Arrays.asList(switches));
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
     * @return empty if {@code release} is not a release, or is older than 5.16, the first with the offset attribute
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
