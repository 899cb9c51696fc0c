package dev.longitude.lockstep;

import static com.google.common.base.Preconditions.checkState;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Behaviours of a model as traces, with the words and the rates of a real kernel: a tick of the model is a part of a real
 * second, and a word in the upper half of its circle is one in the upper half of the real circle.
 */
final class Behaviours {
    private static final long SECOND = 1_000_000_000L;

    private final Subject subject;
    private final long tick;

    private Behaviours(Subject subject) {
        this.subject = subject;
        this.tick = SECOND / (subject.vms().isEmpty() ? subject.model().number("NsPerSecond") : 1);
    }

    /**
     * Writes behaviours that have every kind of step: a zip file with a trace for each.
     *
     * @return how many
     */
    static int write(Subject subject, String name, Edges edges, Explorer explorer, Path folder) throws IOException {
        Behaviours real = new Behaviours(subject);
        ImmutableList<ImmutableList<Integer>> all = edges.behaviours(explorer::follow);
        try (OutputStream file = Files.newOutputStream(folder.resolve(name + ".zip"));
                ZipOutputStream zip = new ZipOutputStream(file, UTF_8)) {
            for (int i = 0; i < all.size(); i++) {
                ZipEntry entry = new ZipEntry(String.format("%s-%04d.ndjson", name, i));
                entry.setTime(0); // the same file every time
                zip.putNextEntry(entry);
                zip.write(real.trace(name, all.get(i)));
                zip.closeEntry();
            }
        }
        return all.size();
    }

    private byte[] trace(String name, List<Integer> moves) throws IOException {
        KernelProfile kernel = Subject.kernel(subject.model(), "");
        Machine.Recorded recorded = subject.vms().isEmpty()
                ? X86Moves.real(subject.model(), kernel, this::wide, tick)
                : Arm64Moves.real(subject.model(), kernel, this::wide, tick);
        List<TraceEvent> events = new ArrayList<>(recorded.created());
        for (int number : moves) {
            Move move = subject.moves().get(number);
            if (move.operation() == null) {
                checkState(recorded.machine().tick(wide(subject.words().small(move.ahead()))), "time does not pass");
                continue;
            }
            if (move.guestHasMasterClock() != null) {
                recorded.machine().setGuestHasMasterClock(move.guestHasMasterClock());
            }
            ImmutableMap<Field, Object> args = recorded.machine().completed(move.operation(), real(move.args()));
            events.addAll(requireNonNull(
                    recorded.machine().perform(move.operation(), move.vm(), args), "refused with real words"));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        TraceHeader header = recorded.header(name + ", moves " + moves);
        try (TraceWriter writer = new TraceWriter(bytes, header)) {
            for (TraceEvent event : events) {
                writer.write(event);
            }
        }
        return bytes.toByteArray();
    }

    private ImmutableMap<Field, Object> real(ImmutableMap<Field, Object> args) {
        ImmutableMap.Builder<Field, Object> real = ImmutableMap.builder();
        args.forEach((field, value) -> {
            if (field.equals(Field.KHZ)) {
                real.put(field, X86Moves.realKhz(subject.model(), (Integer) value));
            } else if (value instanceof Long word && !field.equals(Field.MUL)) {
                real.put(field, wide(subject.words().small(word)));
            } else {
                real.put(field, value);
            }
        });
        return real.buildOrThrow();
    }

    /** A word of the model as a real one. */
    private long wide(int small) {
        int bits = subject.words().bits();
        int signed = small << (Integer.SIZE - bits) >> (Integer.SIZE - bits);
        return signed * tick;
    }
}
