package dev.longitude.kernel;

import static com.google.common.collect.ImmutableList.toImmutableList;
import static com.google.common.collect.ImmutableSortedSet.toImmutableSortedSet;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedSet;
import com.google.common.collect.Sets;
import com.google.errorprone.annotations.Immutable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel, with the switches that are on in it: a release since 5.10; 3.16, which stands for the kernels before the
 * three oldest defects were fixed, for those defects only; or a posting. The switches are computed from the {@link
 * Switch#versions} of each, here as in {@code spec/Kernels.tla}.
 */
@Immutable
public final class KernelProfile {
    private static final Release FIRST = new Release(5, 10, 0);
    private static final Release OLDEST = new Release(3, 16, 0);

    /** The newest known release: the last that a switch names. */
    private static final Release NEWEST = changes().last();

    /**
     * A release that reports know by name: a longterm one, one with recordings, or one that changed something.
     *
     * @param shownOn the architectures on which it stands for all kernels with equal switches, in the matrix and in
     *     tests
     */
    private record Landmark(Release release, ImmutableSet<Arch> shownOn) {
        Landmark(String release, Arch... shownOn) {
            this(Release.of(release), Sets.immutableEnumSet(Arrays.asList(shownOn)));
        }
    }

    private static final ImmutableList<Landmark> LANDMARKS = ImmutableList.of(
            new Landmark("3.16", Arch.X86),
            new Landmark("5.10", Arch.X86),
            new Landmark("5.14", Arch.X86),
            new Landmark("5.15", Arch.X86),
            new Landmark("5.16"),
            new Landmark("6.1", Arch.X86, Arch.ARM64),
            new Landmark("6.3", Arch.ARM64),
            new Landmark("6.4", Arch.ARM64),
            new Landmark("6.6"),
            new Landmark("6.7", Arch.X86),
            new Landmark("6.8"),
            new Landmark("6.12", Arch.X86, Arch.ARM64),
            new Landmark("7.3", Arch.X86, Arch.ARM64),
            new Landmark("7.3.4", Arch.ARM64));

    /** The last second number of 5 and of 6: 5.19 and 6.19. */
    private static final int LAST_MINOR = 19;

    private final Release release;
    private final @Nullable Posting posting;
    private final ImmutableSet<Switch> flipped;
    private final ImmutableSet<Switch> switches;

    private KernelProfile(Release release, @Nullable Posting posting, ImmutableSet<Switch> flipped) {
        this.release = release;
        this.posting = posting;
        this.flipped = flipped;
        this.switches = Arrays.stream(Switch.values())
                .filter(s -> s.isOn(release, posting) != flipped.contains(s))
                .collect(Sets.toImmutableEnumSet());
    }

    private static KernelProfile of(Release release) {
        return new KernelProfile(release, null, ImmutableSet.of());
    }

    private static KernelProfile of(Posting posting) {
        return new KernelProfile(posting.base(), posting, ImmutableSet.of());
    }

    /**
     * The kernel of that name.
     *
     * @param name a posting's, or a release as {@link Release#parse} reads it
     * @return empty if there is no such posting, if {@code name} is no release, such as 6.112, and for releases of which
     *     too little is known: those before 5.10 other than 3.16, and those after {@link #newest}
     */
    public static Optional<KernelProfile> named(String name) {
        Optional<Posting> posting = Arrays.stream(Posting.values())
                .filter(p -> p.specName().equals(name))
                .findFirst();
        return posting.map(KernelProfile::of)
                .or(() -> Release.parse(name)
                        .filter(r -> r.equals(OLDEST) || (r.compareTo(FIRST) >= 0 && isKnown(r)))
                        .map(KernelProfile::of));
    }

    /**
     * The kernel of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static KernelProfile of(String name) {
        return named(name)
                .orElseThrow(
                        () -> new IllegalArgumentException("unknown kernel '" + name + "'; expected " + expected()));
    }

    /**
     * The kernel that judges a release's recordings: the named one of the same mainline release with equal switches, if
     * there is one, otherwise the release itself. A release newer than {@link #newest} is judged as that one.
     *
     * @param release as {@code uname -r} prints it, such as {@code 6.12.95+deb12-cloud-amd64}
     * @return empty if {@code release} is no release, or older than 5.10
     */
    public static Optional<KernelProfile> covering(String release) {
        return Release.parse(release.strip())
                .filter(r -> r.compareTo(FIRST) >= 0)
                .map(r -> of(isKnown(r) ? r : NEWEST))
                .map(k -> k.alike().filter(k::isOfSameMainline).orElse(k));
    }

    private boolean isOfSameMainline(KernelProfile other) {
        return other.release.major() == release.major() && other.release.minor() == release.minor();
    }

    private static boolean isKnown(Release release) {
        return (release.major() < NEWEST.major() && release.minor() <= LAST_MINOR)
                || (release.major() == NEWEST.major() && release.minor() <= NEWEST.minor());
    }

    /** Whether a release, as {@code uname -r} prints it, is not newer than {@link #newest}. */
    public static boolean isKnown(String release) {
        return Release.parse(release.strip()).filter(KernelProfile::isKnown).isPresent();
    }

    /** The newest known release. */
    public static Release newest() {
        return NEWEST;
    }

    /** The kernels that differ on an architecture, oldest first: every other kernel behaves there as one of these. */
    public static ImmutableList<KernelProfile> showing(Arch arch) {
        List<KernelProfile> shown = LANDMARKS.stream()
                .filter(l -> l.shownOn().contains(arch))
                .map(l -> of(l.release()))
                .collect(Collectors.toCollection(ArrayList::new));
        for (Release changed : changes()) {
            KernelProfile one = of(changed);
            if (changed.isMainline()
                    && changed.compareTo(FIRST) >= 0
                    && shown.stream().noneMatch(k -> k.isSameOn(arch, one))) {
                shown.add(one);
            }
        }
        Arrays.stream(Posting.values())
                .map(KernelProfile::of)
                .filter(k -> k.switches.stream()
                        .anyMatch(
                                s -> s.arch() == arch && s.versions().postings().contains(k.posting)))
                .forEach(shown::add);
        return shown.stream()
                .sorted(Comparator.comparing((KernelProfile k) -> k.release).thenComparing(k -> k.posting != null))
                .collect(toImmutableList());
    }

    /** All kernels that reports name, oldest first, then the postings. */
    public static ImmutableList<KernelProfile> known() {
        return Stream.concat(
                        LANDMARKS.stream().map(l -> of(l.release())),
                        Arrays.stream(Posting.values()).map(KernelProfile::of))
                .collect(toImmutableList());
    }

    /** The releases that changed a behaviour, stable ones too, oldest first. */
    public static ImmutableSortedSet<Release> changes() {
        return Arrays.stream(Switch.values())
                .flatMap(s -> s.versions().changed().stream())
                .collect(toImmutableSortedSet(Comparator.naturalOrder()));
    }

    /** What a name may be, for messages. */
    public static String expected() {
        return "a release from " + FIRST + " to " + NEWEST + ", such as 6.12 or v6.12.95, v" + OLDEST + ", or one of "
                + Arrays.stream(Posting.values()).map(Posting::specName).collect(Collectors.joining(", "));
    }

    /**
     * This kernel with one switch the other way: a correction alone, or a fault alone. No trace and no command line can
     * name it.
     */
    public KernelProfile flipped(Switch one) {
        return new KernelProfile(
                release,
                posting,
                Sets.symmetricDifference(flipped, ImmutableSet.of(one)).immutableCopy());
    }

    /** The switches that are not as in the release or posting. */
    public ImmutableSet<Switch> flipped() {
        return flipped;
    }

    /** The name in traces, on the command line and in the models, such as {@code v6.12}. */
    public String specName() {
        return (posting == null ? "v" + release : posting.specName())
                + flipped.stream()
                        .map(s -> (has(s) ? " with " : " without ") + s.specName())
                        .collect(Collectors.joining());
    }

    /** The release, or the one that the posting is based on. */
    public Release release() {
        return release;
    }

    /** The posting, or null for a release. */
    public @Nullable Posting posting() {
        return posting;
    }

    /** The switches that are on. */
    public ImmutableSet<Switch> switches() {
        return switches;
    }

    /** Whether {@code one} is on. */
    public boolean has(Switch one) {
        return switches.contains(one);
    }

    /** The switches of an architecture that a later stable release of the same series changed. */
    public ImmutableSet<Switch> laterInSeries(Arch arch) {
        return Arrays.stream(Switch.values())
                .filter(s -> s.arch() == arch)
                .filter(s -> s.versions().changed().stream()
                        .anyMatch(r -> r.major() == release.major()
                                && r.minor() == release.minor()
                                && r.compareTo(release) > 0))
                .collect(Sets.toImmutableEnumSet());
    }

    /** Whether both behave the same on an architecture. */
    public boolean isSameOn(Arch arch, KernelProfile other) {
        return Arrays.stream(Switch.values()).filter(s -> s.arch() == arch).allMatch(s -> has(s) == other.has(s));
    }

    /** The one of those {@linkplain #showing shown} on an architecture that stands for this: itself if it is one of them. */
    public Optional<KernelProfile> shownOn(Arch arch) {
        ImmutableList<KernelProfile> shown = showing(arch);
        return shown.contains(this)
                ? Optional.of(this)
                : shown.stream().filter(k -> k.isSameOn(arch, this)).findFirst();
    }

    /** The named release with equal switches: the latest before this one, otherwise the next. */
    private Optional<KernelProfile> alike() {
        List<KernelProfile> same = LANDMARKS.stream()
                .map(l -> of(l.release()))
                .filter(k -> posting == null && flipped.isEmpty() && k.switches.equals(switches))
                .toList();
        return same.stream()
                .filter(k -> k.release.compareTo(release) <= 0)
                .reduce((earlier, later) -> later)
                .or(() -> same.stream().findFirst());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KernelProfile that
                && release.equals(that.release)
                && posting == that.posting
                && flipped.equals(that.flipped);
    }

    @Override
    public int hashCode() {
        return Objects.hash(release, posting, flipped);
    }

    /**
     * As reports print it: {@code v6.12}, or {@code 6.9 (as v6.8)} if {@code v6.8} is the named release with equal
     * switches.
     */
    @Override
    public String toString() {
        return alike().filter(k -> !k.equals(this))
                .map(k -> release + " (as " + k.specName() + ")")
                .orElse(specName());
    }
}
