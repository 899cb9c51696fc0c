package dev.longitude.recording;

import dev.longitude.kernel.Arch;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The differences between the ioctl logs of the architectures: the host's counter in the lines, and their import. */
enum LogArchitecture {
    /** Lines show the host's TSC, and tracepoints may be beside the log. */
    X86(Arch.X86, "host_tsc") {
        @Override
        ImportedTrace read(RecordedRun run) throws TraceFormatException, IOException {
            return X86Log.read(run);
        }
    },
    /** Lines show the host's counter. No tracepoint shows an offset. */
    ARM64(Arch.ARM64, "host_cntvct") {
        @Override
        ImportedTrace read(RecordedRun run) throws TraceFormatException {
            return Arm64Log.read(run)
                    .withNote(
                            !run.orderOnly() && Files.isRegularFile(TracepointFile.of(run.file()))
                                    ? "tracepoints not used: arm64's show no counter, so the file is not read"
                                    : null);
        }
    };

    private final Arch arch;
    private final String counterKey;

    LogArchitecture(Arch arch, String counterKey) {
        this.arch = arch;
        this.counterKey = counterKey;
    }

    static LogArchitecture of(Arch arch) {
        return Arrays.stream(values()).filter(a -> a.arch == arch).findFirst().orElseThrow();
    }

    Arch arch() {
        return arch;
    }

    /** The architecture of a recording's host: what host.txt says, otherwise what the file shows. */
    static LogArchitecture of(HostFacts host, Path file, LogArchitecture shown) throws TraceFormatException {
        String machine = host.arch();
        return machine == null
                ? shown
                : Arch.named(machine)
                        .map(LogArchitecture::of)
                        .orElseThrow(() -> new TraceFormatException(
                                file.toString(),
                                "recorded on " + machine + "; only " + Arch.names() + " are modelled"));
    }

    /** The key of the host's counter in a line. */
    String counterKey() {
        return counterKey;
    }

    /** Converts a log to a trace. */
    abstract ImportedTrace read(RecordedRun run) throws TraceFormatException, IOException;

    /** As {@code uname -m} prints it. */
    @Override
    public String toString() {
        return arch.toString();
    }
}
