package dev.longitude.properties;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Release;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.providers.ArbitraryProvider;
import net.jqwik.api.providers.TypeUsage;

/** Kernels: each that reports know by name, and each release that changed something, stable ones too. */
public final class KernelArbitrary implements ArbitraryProvider {
    private static final List<KernelProfile> KERNELS = Stream.concat(
                    KernelProfile.known().stream(),
                    KernelProfile.changes().stream()
                            .map(Release::toString)
                            .map(KernelProfile::named)
                            .flatMap(Optional::stream))
            .distinct()
            .toList();

    @Override
    public boolean canProvideFor(TypeUsage target) {
        return target.isOfType(KernelProfile.class);
    }

    @Override
    public Set<Arbitrary<?>> provideFor(TypeUsage target, SubtypeProvider subtypes) {
        return Set.of(Arbitraries.of(KERNELS));
    }
}
