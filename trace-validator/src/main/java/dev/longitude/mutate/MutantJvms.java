package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Model;
import dev.longitude.processes.ChildJvms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** JVMs that each replay traces on one mutant after the other. Each is used by one thread at a time. */
final class MutantJvms implements AutoCloseable {
    /** All traces of an architecture take seconds. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** TLC's tables of names grow with each specification that it loads. */
    private static final int RUNS = 300;

    private final ChildJvms jvms = new ChildJvms(MutantJvms::command, LIMIT, RUNS);

    /**
     * What a mutant's replay gave.
     *
     * @param by which replay gave another verdict, a colon, and what is wrong; or why the text cannot be loaded
     */
    record Replayed(MutantJvm.Answer answer, String by) {}

    /**
     * Replays traces of a kind.
     *
     * @param text the whole text of the mutated module
     * @param archs the architectures whose traces are replayed; none: the text is only loaded
     */
    Replayed replay(Replays.Kind kind, String module, String text, ImmutableSet<Arch> archs)
            throws InterruptedException {
        return ask(kind.name(), module, text, archs);
    }

    /** Explores a model with the mutant and the reference implementation together. */
    Replayed lockstep(Model model, String module, String text) throws InterruptedException {
        return ask(MutantJvm.LOCKSTEP + model.name(), module, text, ImmutableSet.of());
    }

    private Replayed ask(String what, String module, String text, ImmutableSet<Arch> archs)
            throws InterruptedException {
        return jvms.ask((requests, answers) -> {
                    byte[] bytes = text.getBytes(UTF_8);
                    requests.writeUTF(what);
                    requests.writeUTF(module);
                    requests.writeInt(bytes.length);
                    requests.write(bytes);
                    requests.writeUTF(archs.stream().map(Arch::name).collect(Collectors.joining(" ")));
                    requests.flush();
                    return Optional.of(new Replayed(MutantJvm.Answer.valueOf(answers.readUTF()), answers.readUTF()));
                })
                // Nothing is known then, and other checks follow.
                .orElse(new Replayed(MutantJvm.Answer.SURVIVES, "replay: the JVM came to no result"));
    }

    private static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-Xss4m",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-cp",
                System.getProperty("java.class.path"),
                MutantJvm.class.getName());
    }

    @Override
    public void close() {
        jvms.close();
    }
}
