package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.processes.ChildJvms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * JVMs that each run TLC on one small model after the other, so that not every model pays for the start of a JVM. There
 * are at most as many as cores. Each run has classes of TLC of its own ({@link LoadedTlc}).
 *
 * <p>They are not this program's own JVM, because TLC may end the JVM ({@link System#exit}) or exhaust its memory. A JVM
 * runs one model at a time, so that what TLC does to the whole JVM concerns that model only; it is replaced after
 * {@value #RUNS} runs, and after any run that did not end with an exit code. Another TLC ({@code -Dtla2tools=...}) runs
 * in the same way, from the class loader of its own jar.
 *
 * <p>An output from here is a reason to believe a model only if it is exactly the expected one. {@link ModelCheck} runs
 * the model again, in a process of its own, whenever it is not.
 */
public class TlcJvms implements AutoCloseable {
    /**
     * The options of these JVMs. RMI, in which TLC registers its set of fingerprints, has soft references to TLC's
     * classes: without the last option they would stay for half an hour, and so would the classes of every run.
     */
    static final ImmutableList<String> JVM_OPTIONS = ImmutableList.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx2g",
            "-XX:+DisplayVMOutputToStderr",
            "-XX:SoftRefLRUPolicyMSPerMB=0");

    private static final int RUNS = 50;

    /** The longest default model takes seconds. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final AtomicLong answered = new AtomicLong();
    private final Semaphore cores = new Semaphore(Runtime.getRuntime().availableProcessors());
    private final ChildJvms jvms;

    /** No JVM yet; one is started when it is needed. */
    public TlcJvms() {
        this(LIMIT);
    }

    /** The same with another limit on the time of a run. */
    public TlcJvms(Duration limit) {
        this(limit, Tlc.classPath());
    }

    private TlcJvms(Duration limit, String classPath) {
        this.jvms = new ChildJvms(() -> command(classPath), limit, RUNS);
    }

    /** The same with our operators in Java; empty if another TLC runs: it may bring operators of its own. */
    public static Optional<TlcJvms> withOverrides(Duration limit) {
        return SelectedTlc.isBundled()
                ? Optional.of(new TlcJvms(limit, System.getProperty("java.class.path")))
                : Optional.empty();
    }

    /**
     * One run with one worker.
     *
     * @param module the root module, one of the specification's own
     * @param config the configuration's text
     * @return what TLC printed; empty if the JVM ended, the run took too long, or TLC failed without an exit code
     * @throws IOException if the disk is full
     */
    Optional<TlcOutput> run(String module, String config) throws IOException, InterruptedException {
        return run(module, ImmutableMap.of(), config, Tlc.ONE_WORKER);
    }

    /** One run with another root module and with these options instead of one worker. */
    Optional<TlcOutput> run(String module, String text, String config, List<String> options)
            throws IOException, InterruptedException {
        return run(module, ImmutableMap.of(module, text), config, options);
    }

    /**
     * One run with other texts for some modules, and with these options.
     *
     * @param replaced the texts, by the module's name
     */
    public Optional<TlcOutput> run(
            String module, ImmutableMap<String, String> replaced, String config, List<String> options)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("longitude-tlc").toAbsolutePath();
        cores.acquire();
        try {
            Tlc.unpack(folder, module, replaced, config);
            Path temporary = Files.createDirectory(folder.resolve("tmp"));
            TlcJvm.Request request =
                    new TlcJvm.Request(folder.toString(), temporary.toString(), Tlc.arguments(folder, options, module));
            return answer(request);
        } finally {
            cores.release();
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    private Optional<TlcOutput> answer(TlcJvm.Request request) throws InterruptedException {
        Optional<TlcOutput> answer = jvms.ask((requests, answers) -> {
            request.writeTo(requests);
            if (answers.readInt() != TlcJvm.ANSWER) {
                return Optional.empty();
            }
            int exitCode = answers.readInt();
            byte[] printed = new byte[answers.readInt()];
            answers.readFully(printed);
            return exitCode == TlcJvm.FAILED
                    ? Optional.empty()
                    : Optional.of(
                            TlcOutput.parse(new String(printed, UTF_8).lines().toList(), exitCode));
        });
        if (answer.isPresent()) {
            answered.incrementAndGet();
        }
        return answer;
    }

    private static List<String> command(String classPath) {
        List<String> command = new ArrayList<>(List.of(Tlc.java()));
        command.addAll(JVM_OPTIONS);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TlcJvm.class.getName()));
        command.add(classPath);
        return command;
    }

    /** How many runs ended with an exit code. */
    long answered() {
        return answered.get();
    }

    /** Ends the JVMs, which must be idle. */
    @Override
    public void close() {
        jvms.close();
    }
}
