package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import dev.longitude.trace.Interval;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The lines of an ftrace companion that say something of the modelled state. Its time stamps must be the host's TSC
 * ({@code x86-tsc} trace clock); with another clock the file is of no use here.
 */
final class Tracepoints {
    private static final Pattern LINE =
            Pattern.compile("^.{0,32}-(\\d{1,9}) +\\[\\d+\\] +\\S+ +(\\d{1,20}): (\\w+): (.*)$");
    private static final Pattern WRITE_TSC_OFFSET =
            Pattern.compile("vcpu=(\\d{1,5}) prev=(\\d{1,20}) next=(\\d{1,20})");
    private static final Pattern TRACK_TSC = Pattern.compile(
            "vcpu_id (\\d{1,5}) masterclock (\\d) offsetmatched (\\d{1,9}) nr_online \\d{1,9} hostclock (\\w+)");
    private static final Pattern PVCLOCK_UPDATE = Pattern.compile("vcpu_id (\\d{1,5}), pvclock \\{ version \\d{1,10}, "
            + "tsc_timestamp 0x([0-9a-f]{1,16}), system_time 0x([0-9a-f]{1,16}), "
            + "tsc_to_system_mul 0x([0-9a-f]{1,8}), tsc_shift (-?\\d{1,3}), flags 0x([0-9a-f]{1,2}) }");
    private static final Pattern UPDATE_MASTER_CLOCK =
            Pattern.compile("masterclock (\\d) hostclock (\\w+) offsetmatched (\\d)");

    /** One line. */
    sealed interface Point {
        /** The host's TSC when it was written. */
        long tsc();
    }

    /** kvm_write_tsc_offset: the vCPU's offset before and after. */
    record WriteTscOffset(long tsc, int vcpu, long prev, long next) implements Point {
        /** By how much the vCPU's TSC went on at once, cycles; less than 0 if it went back. */
        long step() {
            return next - prev;
        }
    }

    /** kvm_track_tsc: the books after a TSC write. */
    record TrackTsc(long tsc, int vcpu, boolean masterclock, int nrMatched) implements Point {}

    /** kvm_update_master_clock: an update was worked off, by the thread {@code pid}. */
    record UpdateMasterClock(long tsc, int pid, boolean masterclock) implements Point {}

    /** kvm_pvclock_update: a vCPU's page was written. The version is the guest's memory's affair, and left out. */
    record PvclockUpdate(long tsc, int vcpu, long tscTimestamp, long systemTime, long mul, int shift, int flags)
            implements Point {}

    private final ImmutableList<Point> points;
    private final ImmutableSetMultimap<Integer, Integer> vcpusOfThread;
    private final ImmutableList<WriteTscOffset> offsetsWritten;
    private final ImmutableSet<WriteTscOffset> booked;
    private final Set<Point> used = new HashSet<>();

    private Tracepoints(ImmutableList<Point> points, ImmutableSetMultimap<Integer, Integer> vcpusOfThread) {
        this.points = points;
        this.vcpusOfThread = vcpusOfThread;
        this.booked = booked(points);
        this.offsetsWritten = points.stream()
                .filter(WriteTscOffset.class::isInstance)
                .map(WriteTscOffset.class::cast)
                .collect(ImmutableList.toImmutableList());
    }

    /** Reads {@code NAME.ftrace.txt} beside {@code NAME.jsonl}; null if there is none, or its clock is another. */
    static @Nullable Tracepoints beside(Path log) throws TraceFormatException, IOException {
        Path file = log.resolveSibling(log.getFileName().toString().replaceFirst("\\.jsonl$", "") + ".ftrace.txt");
        if (!Files.isRegularFile(file)) {
            return null;
        }
        List<Point> points = new ArrayList<>();
        ImmutableSetMultimap.Builder<Integer, Integer> vcpusOfThread = ImmutableSetMultimap.builder();
        try (LineSource lines = LineSource.open(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    int pid = Integer.parseInt(matcher.group(1));
                    long tsc = unsigned(lines, matcher.group(2));
                    Point point = point(lines, tsc, pid, matcher.group(3), matcher.group(4));
                    if (point != null) {
                        points.add(point);
                        if (vcpuOf(point) >= 0) {
                            vcpusOfThread.put(pid, vcpuOf(point));
                        }
                    }
                }
            }
        }
        return points.isEmpty() ? null : new Tracepoints(ImmutableList.copyOf(points), vcpusOfThread.build());
    }

    private static @Nullable Point point(LineSource lines, long tsc, int pid, String event, String text)
            throws TraceFormatException {
        switch (event) {
            case "kvm_write_tsc_offset" -> {
                Matcher m = fields(lines, WRITE_TSC_OFFSET, event, text);
                return new WriteTscOffset(
                        tsc, Integer.parseInt(m.group(1)), unsigned(lines, m.group(2)), unsigned(lines, m.group(3)));
            }
            case "kvm_track_tsc" -> {
                Matcher m = fields(lines, TRACK_TSC, event, text);
                return new TrackTsc(
                        tsc, Integer.parseInt(m.group(1)), m.group(2).equals("1"), Integer.parseInt(m.group(3)));
            }
            case "kvm_update_master_clock" -> {
                Matcher m = fields(lines, UPDATE_MASTER_CLOCK, event, text);
                return new UpdateMasterClock(tsc, pid, m.group(1).equals("1"));
            }
            case "kvm_pvclock_update" -> {
                Matcher m = fields(lines, PVCLOCK_UPDATE, event, text);
                return new PvclockUpdate(
                        tsc,
                        Integer.parseInt(m.group(1)),
                        Long.parseUnsignedLong(m.group(2), 16),
                        Long.parseUnsignedLong(m.group(3), 16),
                        Long.parseLong(m.group(4), 16),
                        shift(lines, m.group(5)),
                        Integer.parseInt(m.group(6), 16));
            }
            default -> {
                return null;
            }
        }
    }

    private static int shift(LineSource lines, String digits) throws TraceFormatException {
        int shift = Integer.parseInt(digits);
        if (shift < Byte.MIN_VALUE || shift > Byte.MAX_VALUE) {
            throw lines.fault(1, "expected a shift that fits a signed byte and not " + digits);
        }
        return shift;
    }

    private static Matcher fields(LineSource lines, Pattern pattern, String event, String text)
            throws TraceFormatException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.lookingAt()) {
            throw lines.fault(1, "expected the fields of " + event + " and not \"" + text + "\"");
        }
        return matcher;
    }

    private static long unsigned(LineSource lines, String digits) throws TraceFormatException {
        try {
            return Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw lines.fault(1, "expected a number that fits 64 bits and not " + digits);
        }
    }

    /** The first line of that kind, for that vCPU, within the interval, that no other operation has taken. */
    <T extends Point> Optional<T> take(Class<T> kind, int vcpu, Interval within) {
        for (Point point : points) {
            if (kind.isInstance(point)
                    && within.contains(point.tsc())
                    && (vcpu(point) == vcpu || vcpu(point) < 0)
                    && used.add(point)) {
                return Optional.of(kind.cast(point));
            }
        }
        return Optional.empty();
    }

    /** All writes of an offset, in order. */
    ImmutableList<WriteTscOffset> offsetsWritten() {
        return offsetsWritten;
    }

    /** The writes of a vCPU's offset within an interval, in order. */
    ImmutableList<WriteTscOffset> offsetsWritten(int vcpu, Interval within) {
        return offsetsWritten.stream()
                .filter(w -> w.vcpu() == vcpu && within.contains(w.tsc()))
                .collect(ImmutableList.toImmutableList());
    }

    /** The first line within the interval that no operation has taken and that tells of a write of the vCPU's TSC. */
    Optional<TrackTsc> tracked(int vcpu, Interval within) {
        return points.stream()
                .filter(TrackTsc.class::isInstance)
                .map(TrackTsc.class::cast)
                .filter(t -> t.vcpu() == vcpu && within.contains(t.tsc()) && !used.contains(t))
                .findFirst();
    }

    /** Whether that write was one of the vCPU's TSC: the books follow it. */
    boolean isBooked(WriteTscOffset write) {
        return booked.contains(write);
    }

    /** The writes of offsets that the books follow, before the vCPU's next. */
    private static ImmutableSet<WriteTscOffset> booked(List<Point> points) {
        Map<Integer, WriteTscOffset> last = new HashMap<>();
        ImmutableSet.Builder<WriteTscOffset> booked = ImmutableSet.builder();
        for (Point point : points) {
            if (point instanceof WriteTscOffset write) {
                last.put(write.vcpu(), write);
            } else if (point instanceof TrackTsc track && last.containsKey(track.vcpu())) {
                booked.add(Objects.requireNonNull(last.remove(track.vcpu())));
            }
        }
        return booked.build();
    }

    /** Whether an operation has taken that line. */
    boolean isTaken(Point point) {
        return used.contains(point);
    }

    /** Takes a line. */
    void take(Point point) {
        used.add(point);
    }

    /**
     * The vCPU's lines of an interval that no operation has taken, in order; they are taken now.
     *
     * @param unclear with those updates of the masterclock too of which it is not clear for which vCPU they were
     */
    ImmutableList<Point> takeAll(int vcpu, Interval within, boolean unclear) {
        ImmutableList<Point> taken = points.stream()
                .filter(p -> within.contains(p.tsc()) && !used.contains(p))
                .filter(p -> vcpu == vcpu(p) || (unclear && p instanceof UpdateMasterClock && vcpu(p) < 0))
                .collect(ImmutableList.toImmutableList());
        used.addAll(taken);
        return taken;
    }

    /** The vCPU of a line, or of the one vCPU that its thread runs; else -1. */
    private int vcpu(Point point) {
        if (point instanceof UpdateMasterClock update) {
            Set<Integer> those = vcpusOfThread.get(update.pid());
            return those.size() == 1 ? those.iterator().next() : -1;
        }
        return vcpuOf(point);
    }

    private static int vcpuOf(Point point) {
        if (point instanceof WriteTscOffset write) {
            return write.vcpu();
        }
        if (point instanceof PvclockUpdate update) {
            return update.vcpu();
        }
        return point instanceof TrackTsc track ? track.vcpu() : -1;
    }

    /** How many lines no operation has taken. */
    int unused() {
        return points.size() - used.size();
    }
}
