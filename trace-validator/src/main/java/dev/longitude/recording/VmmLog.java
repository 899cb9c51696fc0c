package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.VmmOperation.Kind;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a VMM asked of KVM, in its order: an ioctl log, read for its operations rather than for a kernel's behaviour.
 *
 * @param file the log
 * @param kernel the kernel that it was recorded on, or that the user named
 * @param validatedBy the profile by which the validator judges it; null: the recorded kernel
 * @param hasStableTsc false if the host's kernel found its TSC unstable: then each load of a vCPU may move its offset
 * @param khz the rate of the host's TSC; 0 if the log does not show it, and on arm64
 */
public record VmmLog(
        Path file,
        Arch arch,
        KernelProfile kernel,
        @Nullable KernelProfile validatedBy,
        boolean hasStableTsc,
        long khz,
        ImmutableList<VmmOperation> operations) {
    /**
     * Reads a log.
     *
     * @param kernel the kernel to read it by; null: the recorded one
     * @throws TraceFormatException if it is no ioctl log
     */
    public static VmmLog read(Path file, @Nullable KernelProfile kernel) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(file)) {
            if (!new IoctlLog().recognises(lines.head())) {
                throw new TraceFormatException(
                        file.toString(),
                        "expected an ioctl log, a JSON object a line with \"op\"; trace-validator/LOG-FORMAT.md"
                                + " describes it");
            }
            RecordedRun run = IoctlLog.run(file, lines, kernel);
            ImmutableList<VmmOperation> operations = OperationReader.read(lines.name(), run.records());
            Arch arch = IoctlLog.architecture(file, run.host(), run.records()).arch();
            return new VmmLog(
                    file,
                    arch,
                    run.kernel(),
                    isRecorded(run.host()) ? null : kernel,
                    !run.host().unstable(),
                    arch == Arch.X86 ? rate(run, operations) : 0,
                    operations);
        }
    }

    /** Whether {@code host.txt} names a kernel that is known. */
    private static boolean isRecorded(HostFacts host) {
        return Optional.ofNullable(host.release())
                .flatMap(KernelProfile::covering)
                .isPresent();
    }

    /** As KVM_GET_TSC_KHZ returned it before the VMM set another, otherwise as {@code host.txt} shows it. */
    private static long rate(RecordedRun run, ImmutableList<VmmOperation> operations) {
        for (VmmOperation operation : operations) {
            if (operation.is(Kind.SET_TSC_KHZ) || operation.is(Kind.SET_VM_TSC_KHZ)) {
                break;
            }
            if (operation.is(Kind.GET_TSC_KHZ) && operation.done()) {
                return Objects.requireNonNullElse(operation.value("khz"), 0L);
            }
        }
        return run.host().tscKhz().orElse(0);
    }
}
