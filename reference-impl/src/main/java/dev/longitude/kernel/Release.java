package dev.longitude.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.errorprone.annotations.Immutable;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A release of Linux, such as 6.12 or 6.12.95.
 *
 * @param major the first number
 * @param minor the second number
 * @param patch the third number, 0 for the mainline release
 */
@Immutable
public record Release(int major, int minor, int patch) implements Comparable<Release> {
    private static final Pattern TEXT = Pattern.compile("v?(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,6}))?(?:[^\\d.].*)?");
    private static final Comparator<Release> ORDER = Comparator.comparingInt(Release::major)
            .thenComparingInt(Release::minor)
            .thenComparingInt(Release::patch);

    /**
     * The release that a text names.
     *
     * @param text as people write it or {@code uname -r} prints it: {@code 6.12}, {@code v6.12.95},
     *     {@code 6.12.95+deb12-cloud-amd64}
     * @return empty if the text names no release
     */
    public static Optional<Release> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Release(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3))));
    }

    static Release of(String text) {
        Optional<Release> release = parse(text);
        checkArgument(release.isPresent(), "%s is no release", text);
        return release.orElseThrow();
    }

    /** Whether this is a mainline release and not a stable one. */
    public boolean isMainline() {
        return patch == 0;
    }

    /**
     * Whether this release has the changes of {@code other}. Every later release has those of a mainline release, and a
     * stable series those of its own earlier releases.
     */
    boolean includes(Release other) {
        return other.isMainline()
                ? compareTo(other) >= 0
                : major == other.major && minor == other.minor && patch >= other.patch;
    }

    @Override
    public int compareTo(Release other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
