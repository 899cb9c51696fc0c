package dev.longitude.mutate;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import java.util.Arrays;

/**
 * A module whose operators are mutated. The others add only bounds ({@code MC*}) or words of 64 bits for traces
 * ({@code Trace*}); the operators of {@code Words64} are evaluated by no check, but by twins in Java.
 */
enum MutatedModule {
    GUEST_TIME("GuestTime", "MCVmmX86"),
    KERNELS("Kernels", "MCVmmX86", Arch.X86, Arch.ARM64),
    WORDS("Words", "MCVmmX86"),
    RATES("Rates", "MCVmmX86", Arch.X86),
    KVM_X86("KvmX86", "MCVmmX86", Arch.X86),
    VMM_X86("VmmX86", "MCVmmX86"),
    KVM_ARM64("KvmArm64", "MCVmmArm64", Arch.ARM64),
    VMM_ARM64("VmmArm64", "MCVmmArm64"),
    MIGRATION("Migration", "MigrationX86"),
    MIGRATION_X86("MigrationX86", "MigrationX86"),
    MIGRATION_ARM64("MigrationArm64", "MigrationArm64"),
    PVCLOCK("Pvclock", "Pvclock");

    private final String module;
    private final String root;
    private final ImmutableSet<Arch> ofTraces;

    MutatedModule(String module, String root, Arch... ofTraces) {
        this.module = module;
        this.root = root;
        this.ofTraces = ImmutableSet.copyOf(ofTraces);
    }

    /** The module of that name. */
    static MutatedModule named(String module) {
        return Arrays.stream(values())
                .filter(m -> m.module.equals(module))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no operator of " + module + " is mutated"));
    }

    /** Whether the models of recipes of an architecture build on it. */
    boolean isOfRecipes(Arch arch) {
        return switch (this) {
            case KERNELS, WORDS, MIGRATION -> true;
            case RATES, KVM_X86, MIGRATION_X86 -> arch == Arch.X86;
            case KVM_ARM64, MIGRATION_ARM64 -> arch == Arch.ARM64;
            case GUEST_TIME, VMM_X86, VMM_ARM64, PVCLOCK -> false;
        };
    }

    /** The module's name. */
    String module() {
        return module;
    }

    /** A module that builds on it, and that TLC can load as a root. */
    String root() {
        return root;
    }

    /** The architectures whose traces are replayed through it. */
    ImmutableSet<Arch> ofTraces() {
        return ofTraces;
    }
}
