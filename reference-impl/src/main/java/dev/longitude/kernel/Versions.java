package dev.longitude.kernel;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedSet;
import com.google.errorprone.annotations.Immutable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The kernels in which a switch is on.
 *
 * @param since the releases that brought the behaviour: the mainline one, then each stable one known to have it; empty
 *     if no release brought it
 * @param until the releases that ended the behaviour, in the same way; empty if none did
 * @param postings the postings in which it is on, whatever release they are based on
 * @param reference the commit or patch
 */
@Immutable
public record Versions(
        ImmutableSortedSet<Release> since,
        ImmutableSortedSet<Release> until,
        ImmutableSet<Posting> postings,
        String reference) {

    /** On since {@code mainline}, by a commit; the stable releases, and later ones of their series, have that commit too. */
    static Versions since(String mainline, String commit, String... stable) {
        return new Versions(releases(mainline, stable), releases(null), ImmutableSet.of(), commit);
    }

    /** On until {@code mainline}, which ended it by a commit; the stable releases, and later ones of their series, have that commit too. */
    static Versions until(String mainline, String commit, String... stable) {
        return new Versions(releases(null), releases(mainline, stable), ImmutableSet.of(), commit);
    }

    /** On in a posting only. */
    static Versions in(Posting posting, String patch) {
        return new Versions(releases(null), releases(null), ImmutableSet.of(posting), patch);
    }

    /** The same, and on in a posting too. */
    Versions andIn(Posting posting) {
        return new Versions(
                since,
                until,
                ImmutableSet.<Posting>builder().addAll(postings).add(posting).build(),
                reference);
    }

    private static ImmutableSortedSet<Release> releases(@Nullable String mainline, String... stable) {
        ImmutableSortedSet.Builder<Release> releases = new ImmutableSortedSet.Builder<>(Comparator.reverseOrder());
        if (mainline != null) {
            releases.add(Release.of(mainline));
        }
        Arrays.stream(stable).map(Release::of).forEach(releases::add);
        return releases.build();
    }

    /** Whether the switch is on in a release with a posting on it, or none. */
    boolean areOn(Release release, @Nullable Posting posting) {
        return postings.contains(posting) || has(since, release) || (!until.isEmpty() && !has(until, release));
    }

    private static boolean has(ImmutableSet<Release> changed, Release release) {
        return changed.stream().anyMatch(release::includes);
    }

    /** The releases that changed the behaviour, the mainline one first; empty if none did. */
    public ImmutableSortedSet<Release> changed() {
        return since.isEmpty() ? until : since;
    }

    /** As text: {@code since 5.15 (also 5.14.4, 5.10.65), d9130a2dfdd4}. */
    @Override
    public String toString() {
        if (changed().isEmpty()) {
            return reference;
        }
        String stable = changed().stream().skip(1).map(Release::toString).collect(Collectors.joining(", "));
        return (since.isEmpty() ? "until " : "since ")
                + changed().first()
                + (stable.isEmpty() ? "" : " (also " + stable + ")")
                + (since.isEmpty() ? ", which fixed it by " : ", ")
                + reference;
    }
}
