package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.spec.Specification;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The main class of a JVM that replays traces on one mutant after the other: see {@link MutantJvms}, the other end of its
 * standard input and output. The specification is in static state, so this needs a JVM of its own.
 */
final class MutantJvm {
    /** What became of a mutant. */
    enum Answer {
        /** It cannot be parsed or loaded: it is none. */
        INVALID,
        /** A trace is judged otherwise than it must be. */
        CAUGHT,
        /** None is. */
        SURVIVES
    }

    /** How a request for a search in lockstep begins; the model's name follows. */
    static final String LOCKSTEP = "lockstep ";

    private MutantJvm() {}

    /** Answers requests until standard input ends. */
    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err); // (TLC prints)
        Replays replays = new Replays();
        try (DataInputStream in = new DataInputStream(System.in);
                DataOutputStream out = new DataOutputStream(answers)) {
            while (true) {
                answer(in, out, replays);
            }
        } catch (EOFException e) {
            System.exit(0); // (TLC leaves a thread behind)
        }
    }

    private static void answer(DataInputStream in, DataOutputStream out, Replays replays) throws IOException {
        String what = in.readUTF();
        String module = in.readUTF();
        byte[] text = new byte[in.readInt()];
        in.readFully(text);
        Set<Arch> archs = Splitter.on(' ')
                .omitEmptyStrings()
                .splitToStream(in.readUTF())
                .map(name -> Arch.valueOf(name.toUpperCase(Locale.ROOT)))
                .collect(Collectors.toSet());
        Answer answer = Answer.SURVIVES;
        String by = "";
        try {
            ImmutableMap<String, String> replaced = ImmutableMap.of(module, new String(text, UTF_8));
            Optional<String> caught = what.startsWith(LOCKSTEP)
                    ? LockstepReplay.difference(what.substring(LOCKSTEP.length()), replaced)
                            .map(difference -> what + ": " + difference)
                    : difference(Replays.Kind.valueOf(what), replaced, ImmutableSet.copyOf(archs), replays);
            answer = caught.isPresent() ? Answer.CAUGHT : Answer.SURVIVES;
            by = caught.orElse("");
        } catch (IllegalStateException e) {
            answer = Answer.INVALID;
            by = String.valueOf(e.getMessage());
        }
        out.writeUTF(answer.name());
        out.writeUTF(by.substring(0, Math.min(by.length(), 10_000)));
        out.flush();
    }

    private static Optional<String> difference(
            Replays.Kind kind, ImmutableMap<String, String> replaced, ImmutableSet<Arch> archs, Replays replays)
            throws IOException {
        Specification.replace(replaced);
        return replays.difference(kind, archs, kind == Replays.Kind.SCENARIOS && replaced.containsKey("Kernels"));
    }
}
