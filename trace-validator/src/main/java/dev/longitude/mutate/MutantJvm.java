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
        Replays.Kind kind = Replays.Kind.valueOf(in.readUTF());
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
            Specification.replace(ImmutableMap.of(module, new String(text, UTF_8)));
            Optional<String> caught = replays.difference(
                    kind, ImmutableSet.copyOf(archs), kind == Replays.Kind.SCENARIOS && module.equals("Kernels"));
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
}
