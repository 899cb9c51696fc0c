package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a kernel. */
final class KernelOption implements ITypeConverter<KernelProfile> {
    @Override
    public KernelProfile convert(String value) {
        return KernelProfile.named(value)
                .orElseThrow(() -> new TypeConversionException(
                        "unknown kernel '" + value + "'; expected " + KernelProfile.expected()
                                + NearestName.hint(
                                        value,
                                        KernelProfile.known().stream()
                                                .map(KernelProfile::specName)
                                                .toList())));
    }
}
