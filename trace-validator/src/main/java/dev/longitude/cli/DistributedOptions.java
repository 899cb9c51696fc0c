package dev.longitude.cli;

import static java.util.Objects.requireNonNullElseGet;

import dev.longitude.model.DistributedTlc;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options of a check on several hosts. */
final class DistributedOptions {
    @Option(
            names = "--distributed",
            description =
                    "Run the --model in TLC's distributed mode: a master here, and workers here or on other hosts.")
    private boolean distributed;

    @ArgGroup(exclusive = false, heading = "With --distributed:%n")
    private @Nullable Detail given;

    /** The options that need it. */
    static final class Detail {
        @Option(
                names = "--workers",
                defaultValue = "2",
                description = "Workers on this host; 0: all are on other hosts (default: 2).")
        private int workers = 2;

        @Option(
                names = "--fingerprint-servers",
                defaultValue = "0",
                description = "How many processes share the set of fingerprints; 0: the master keeps it (default: 0).")
        private int servers;

        @Option(
                names = "--address",
                defaultValue = "127.0.0.1",
                description =
                        "This host's address as the others reach it (default: 127.0.0.1, for workers on this host only).")
        private String address = "127.0.0.1";

        @Option(names = "--port", defaultValue = "0", description = "The master's port (default: a free one).")
        private int port;
    }

    boolean isAsked() {
        return distributed;
    }

    /** Whether such options are given without {@code --distributed}. */
    boolean isIdle() {
        return given != null && !distributed;
    }

    /** What is wrong with the numbers, or empty. */
    String fault() {
        Detail detail = requireNonNullElseGet(given, Detail::new);
        if (detail.workers < 0 || detail.workers > 64) {
            return "--workers is 0 to 64";
        }
        if (detail.servers < 0 || detail.servers > 64) {
            return "--fingerprint-servers is 0 to 64";
        }
        return detail.port < 0 || detail.port > 65535 ? "--port is 0 to 65535" : "";
    }

    DistributedTlc run() throws IOException {
        Detail detail = requireNonNullElseGet(given, Detail::new);
        int port = detail.port == 0 ? DistributedTlc.freePort() : detail.port;
        return new DistributedTlc(detail.address, port, detail.workers, detail.servers);
    }
}
