package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.processes.ChildProcesses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * TLC's own distributed mode: a master with the queue of states, workers that compute their successors, and servers
 * with parts of the set of fingerprints. Each is a process; workers and fingerprint servers may be on other hosts, and
 * get the modules from the master.
 *
 * @param address this host's name or address, as the others reach it
 * @param port the master's port
 * @param workers how many workers to start here; 0: all are on other hosts
 * @param servers how many fingerprint servers there are; 0: the master keeps the set itself
 */
public record DistributedTlc(String address, int port, int workers, int servers) {
    private static final String PACKAGE = "tlc2.tool.distributed.";
    private static final long POLL_MILLIS = 100;

    /** What the master prints when it loses a worker, or does not reach a server of fingerprints. */
    private static final Pattern LOST = Pattern.compile("TLC worker \\S+ disconnected|to the fp server at \\S+");

    /** The messages with which the search ends: all that is lost later leaves because it is done. */
    private static final Pattern ENDED = Pattern.compile("@!@!@STARTMSG (2186|2193|\\d+:1 ).*");

    /** How long the master may take to end after a part has. */
    private static final long GRACE_MILLIS = 20_000;

    /** The part of another host. */
    public enum Part {
        /** Compute successors. */
        WORKER("TLCWorker"),
        /** Keep fingerprints. */
        FINGERPRINTS("fp.DistributedFPSet");

        private final String main;

        Part(String main) {
            this.main = main;
        }
    }

    /** A port that is free. */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /**
     * The command for a part of a run.
     *
     * @param own this host's name or address, as the others reach it
     * @param master the master's host name or address
     * @param port its port
     * @param threads the threads of a worker
     * @param temporary an empty folder of its own
     */
    public static ImmutableList<String> command(
            Part part, String own, String master, int port, int threads, Path temporary) {
        return ImmutableList.<String>builder()
                .addAll(java(own, port, temporary))
                .add("-D" + PACKAGE + "TLCWorker.threadCount=" + threads)
                .add(PACKAGE + part.main, master)
                .build();
    }

    private static ImmutableList<String> java(String own, int port, Path temporary) {
        return ImmutableList.of(
                Tlc.java(),
                "-Xmx2g",
                "-Djava.rmi.server.hostname=" + own,
                "-Djava.io.tmpdir=" + temporary,
                "-D" + PACKAGE + "TLCServer.port=" + port,
                "-cp",
                Tlc.classPath());
    }

    /**
     * One run.
     *
     * @param module the root module, one of the specification's own
     * @param config the configuration's text
     * @throws IOException if a process cannot be started, or a part of the run, here or on another host, ends before
     *     the master
     */
    TlcOutput run(String module, String config) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("longitude-tlc");
        Map<String, Process> others = new HashMap<>();
        Process master = null;
        try {
            Tlc.unpack(folder, module, ImmutableMap.of(), config);
            List<String> command = new ArrayList<>(java(address, port, Files.createDirectory(folder.resolve("tmp"))));
            command.add("-D" + PACKAGE + "TLCServer.expectedFPSetCount=" + servers);
            command.addAll(List.of(PACKAGE + "TLCServer", "-tool", "-config", "model.cfg"));
            command.addAll(List.of("-metadir", folder.resolve("states").toString(), module));
            master = start(command, folder, "master");
            for (int i = 0; i < (workers == 0 ? 0 : servers); i++) {
                others.put("fingerprints" + i, part(Part.FINGERPRINTS, folder, "fingerprints" + i));
            }
            for (int i = 0; i < workers; i++) {
                others.put("worker" + i, part(Part.WORKER, folder, "worker" + i));
            }
            long ended = 0;
            while (!master.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                for (Map.Entry<String, Process> other : others.entrySet()) {
                    // (Each ends with 0 when the master is done, and the master a moment later.)
                    if (!other.getValue().isAlive()
                            && (other.getValue().exitValue() != 0 || ++ended * POLL_MILLIS > GRACE_MILLIS)) {
                        throw new IOException(other.getKey() + " ended before the master, which would wait for it for"
                                + " ever; its output: " + String.join(" / ", said(folder, other.getKey())));
                    }
                }
                Optional<String> lost = lost(said(folder, "master"));
                if (lost.isPresent()) {
                    throw new IOException("a part of the run has ended before it was done: " + lost.get());
                }
            }
            return TlcOutput.parse(said(folder, "master"), master.exitValue());
        } finally {
            List<Process> all = new ArrayList<>(others.values());
            if (master != null) {
                all.add(master);
            }
            for (Process process : all) {
                process.destroyForcibly().waitFor();
            }
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /**
     * What a master says of a part that it has lost.
     *
     * @param said the lines that it has printed so far
     */
    static Optional<String> lost(List<String> said) {
        return said.stream()
                .takeWhile(line -> !ENDED.matcher(line).matches())
                .filter(line -> LOST.matcher(line).find())
                .findFirst();
    }

    private Process part(Part part, Path folder, String name) throws IOException {
        Path temporary = Files.createDirectory(folder.resolve(name));
        return start(command(part, address, address, port, 1, temporary), folder, name);
    }

    private static Process start(List<String> command, Path folder, String name) throws IOException {
        return ChildProcesses.start(new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".out").toFile()));
    }

    private static List<String> said(Path folder, String name) throws IOException {
        return Files.readAllLines(folder.resolve(name + ".out"), UTF_8);
    }
}
