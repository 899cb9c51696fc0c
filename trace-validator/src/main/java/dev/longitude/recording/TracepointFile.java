package dev.longitude.recording;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.SetMultimap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Interval;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The lines of an ftrace companion that show modelled state, in order of time. The time stamps must be the host's TSC
 * (trace clock {@code x86-tsc}).
 *
 * @param points the usable lines
 * @param unusable the reasons of the unusable lines
 * @param missing how many lines are missing by the count in its head; 0 without a count
 * @param inSeconds whether the time stamps are not the TSC but seconds of another clock; the points then have ns
 */
record TracepointFile(
        ImmutableList<Tracepoint> points, ImmutableMultiset<String> unusable, long missing, boolean inSeconds) {
    /** No tracepoints. */
    static final TracepointFile NONE = new TracepointFile(ImmutableList.of(), ImmutableMultiset.of(), 0, false);

    private static final Pattern LINE =
            Pattern.compile("^ *(.{1,32}?)-(\\d{1,9}) +\\[\\d+\\] +(?:\\S+ +)?([0-9.]{1,32}): (\\w+): (.*)$");
    private static final Pattern WRITE_TSC_OFFSET =
            Pattern.compile("vcpu=(\\d{1,5}) prev=(\\d{1,20}) next=(\\d{1,20})");
    private static final Pattern TRACK_TSC = Pattern.compile(
            "vcpu_id (\\d{1,5}) masterclock (\\d) offsetmatched (\\d{1,9}) nr_online \\d{1,9} hostclock (\\w+)");
    private static final Pattern PVCLOCK_UPDATE = Pattern.compile("vcpu_id (\\d{1,5}), pvclock \\{ version \\d{1,10}, "
            + "tsc_timestamp 0x([0-9a-f]{1,16}), system_time 0x([0-9a-f]{1,16}), "
            + "tsc_to_system_mul 0x([0-9a-f]{1,8}), tsc_shift (-?\\d{1,3}), flags 0x([0-9a-f]{1,2}) }");
    private static final Pattern UPDATE_MASTER_CLOCK =
            Pattern.compile("masterclock (\\d) hostclock (\\w+) offsetmatched (\\d)");
    private static final Pattern MSR =
            Pattern.compile("msr_(read|write) ([0-9a-f]{1,8}) = 0x([0-9a-f]{1,16})( \\(#GP\\))?");

    private static final Pattern SECONDS = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})");

    /** The events that show modelled state. */
    static final ImmutableSet<String> EVENTS = ImmutableSet.of(
            "kvm_write_tsc_offset", "kvm_track_tsc", "kvm_update_master_clock", "kvm_pvclock_update", "kvm_msr");

    /** A line of one of them, in any form that another tool prints. */
    private static final Pattern ELSEWHERE = Pattern.compile("\\b(?:" + String.join("|", EVENTS) + ")\\b:");

    /** The kernel's mark for dropped lines. */
    private static final Pattern LOST = Pattern.compile("^CPU:\\d+ \\[LOST (?:\\d+ )?EVENTS\\]");

    /** How many lines the kernel wrote, and how many it still has. */
    private static final Pattern OVERWRITTEN =
            Pattern.compile("^# entries-in-buffer/entries-written: (\\d{1,18})/(\\d{1,18}) ");

    /** The path of a log's tracepoints: {@code NAME.ftrace.txt} for {@code NAME.jsonl} or {@code NAME.jsonl.gz}. */
    static Path of(Path log) {
        return log.resolveSibling(log.getFileName().toString().replaceFirst("\\.jsonl(?:\\.gz)?$", "") + ".ftrace.txt");
    }

    /**
     * Whether none of its time stamps is within the log's range of the host's counter: then they use another trace
     * clock.
     */
    boolean isOfAnotherClock(List<IoctlRecord> records) {
        List<Interval> brackets =
                records.stream().map(IoctlRecord::host).filter(Objects::nonNull).toList();
        if (brackets.isEmpty() || points.isEmpty()) {
            return false;
        }
        long origin = brackets.get(0).lo();
        long first = brackets.stream().mapToLong(b -> b.lo() - origin).min().getAsLong();
        long last = brackets.stream().mapToLong(b -> b.hi() - origin).max().getAsLong();
        // (An operation with only its start in the log may have continued after the last line.)
        boolean open = records.stream().anyMatch(IoctlRecord::isOpenRun);
        return points.stream()
                .mapToLong(p -> p.tsc() - origin)
                .noneMatch(stamp -> first <= stamp && (stamp <= last || open));
    }

    /** The names that several threads share. */
    Set<String> sharedNames() {
        SetMultimap<String, Integer> threads = HashMultimap.create();
        points.forEach(p -> threads.put(p.where().comm(), p.where().pid()));
        return threads.keySet().stream()
                .filter(name -> threads.get(name).size() > 1)
                .collect(ImmutableSet.toImmutableSet());
    }

    /** Reads the tracepoints of a log; empty if there is no such file. */
    static TracepointFile beside(Path log) throws TraceFormatException, IOException {
        Path file = of(log);
        if (!Files.isRegularFile(file)) {
            return NONE;
        }
        try (LineSource lines = LineSource.open(file)) {
            return read(lines, false);
        }
    }

    /** A line in the form of {@code perf script}. */
    private static final Pattern PERF = Pattern.compile(
            "^ *(\\S.{0,31}?) +(\\d{1,9})(?:/\\d{1,9})? +(\\[\\d+\\]) +([0-9.]{1,32}): +\\w+:(\\w+): *(.*)$");

    /** A line as the kernel prints it in its file {@code trace}. */
    private static String inKernelsForm(String line) {
        Matcher perf = PERF.matcher(line);
        return perf.matches()
                ? perf.group(1) + "-" + perf.group(2) + " " + perf.group(3) + " " + perf.group(4) + ": " + perf.group(5)
                        + ": " + perf.group(6)
                : line;
    }

    /** Whether a file that begins with these lines shows tracepoints of KVM. */
    static boolean isIn(String head) {
        return head.lines()
                .map(TracepointFile::inKernelsForm)
                .map(LINE::matcher)
                .anyMatch(m -> m.matches() && m.group(4).startsWith("kvm_"));
    }

    /**
     * Reads tracepoints.
     *
     * @param alone whether there is no log beside them: then their time stamps may be of any clock, and their lines in
     *     the form of another tool
     */
    static TracepointFile read(LineSource lines, boolean alone) throws TraceFormatException {
        List<Tracepoint> points = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        ImmutableMultiset.Builder<String> unusable = ImmutableMultiset.builder();
        boolean lost = false;
        boolean inSeconds = false;
        long missing = 0;
        for (String text = lines.next(); text != null; text = lines.next()) {
            String line = alone ? inKernelsForm(text) : text;
            Matcher matcher = LINE.matcher(line);
            missing -= matcher.matches() ? 1 : 0;
            if (!matcher.matches()) {
                lost |= isOfLost(line);
                missing += entries(line);
                if (ELSEWHERE.matcher(line).find()) {
                    unusable.add("not in the form of the kernel's file named trace");
                }
            } else if (EVENTS.contains(matcher.group(4))) {
                boolean seconds = matcher.group(3).contains(".");
                if (alone && seconds != inSeconds && !points.isEmpty()) {
                    throw lines.fault(1, "expected time stamps of one clock, all with a point or all without");
                }
                inSeconds |= alone && seconds;
                if (seconds && !alone) {
                    unusable.add("written with another trace clock than x86-tsc");
                } else if (!seen.add(line)) {
                    unusable.add("there twice");
                } else {
                    Tracepoint point = point(lines, matcher);
                    if (point == null) {
                        unusable.add("an access of a guest that failed, or of an MSR that moves no clock");
                    } else {
                        points.add(point);
                    }
                }
            }
        }
        if (lost) {
            // The importer takes the tracepoints for everything that happened, but here some are missing.
            unusable.addCopies("in a file of which the kernel has lost some lines", points.size());
            points.clear();
        }
        if (!points.isEmpty()) {
            long origin = points.get(0).tsc();
            points.sort((a, b) -> Long.compare(a.tsc() - origin, b.tsc() - origin));
        }
        return new TracepointFile(ImmutableList.copyOf(points), unusable.build(), Math.max(0, missing), inSeconds);
    }

    /** How many lines of the file follow, by its head; 0 if this line does not show it. */
    private static long entries(String line) {
        Matcher counts = OVERWRITTEN.matcher(line);
        return counts.find() ? Long.parseLong(counts.group(1)) : 0;
    }

    private static boolean isOfLost(String line) {
        Matcher counts = OVERWRITTEN.matcher(line);
        return LOST.matcher(line).find()
                || (counts.find() && Long.parseLong(counts.group(1)) < Long.parseLong(counts.group(2)));
    }

    /** The tracepoint of a line; null if there is none to use. */
    private static @Nullable Tracepoint point(LineSource lines, Matcher line) throws TraceFormatException {
        Tracepoint.Where where = new Tracepoint.Where(
                lines.line(), Integer.parseInt(line.group(2)), line.group(1).strip(), stamp(lines, line.group(3)));
        String event = line.group(4);
        String text = line.group(5).stripLeading(); // (trace-cmd aligns the fields)
        return switch (event) {
            case "kvm_write_tsc_offset" -> {
                Matcher m = fields(lines, WRITE_TSC_OFFSET, event, text);
                yield new Tracepoint.WriteTscOffset(
                        where, Integer.parseInt(m.group(1)), unsigned(lines, m.group(2)), unsigned(lines, m.group(3)));
            }
            case "kvm_track_tsc" -> {
                Matcher m = fields(lines, TRACK_TSC, event, text);
                yield new Tracepoint.TrackTsc(
                        where,
                        Integer.parseInt(m.group(1)),
                        m.group(2).equals("1"),
                        Integer.parseInt(m.group(3)),
                        m.group(4));
            }
            case "kvm_update_master_clock" -> {
                Matcher m = fields(lines, UPDATE_MASTER_CLOCK, event, text);
                yield new Tracepoint.UpdateMasterClock(where, m.group(1).equals("1"), m.group(2));
            }
            case "kvm_pvclock_update" -> {
                Matcher m = fields(lines, PVCLOCK_UPDATE, event, text);
                yield new Tracepoint.PvclockUpdate(
                        where,
                        Integer.parseInt(m.group(1)),
                        Long.parseUnsignedLong(m.group(2), 16),
                        Long.parseUnsignedLong(m.group(3), 16),
                        Long.parseLong(m.group(4), 16),
                        shift(lines, m.group(5)),
                        Integer.parseInt(m.group(6), 16));
            }
            default -> {
                Matcher m = fields(lines, MSR, event, text);
                long index = Long.parseLong(m.group(2), 16);
                boolean write = m.group(1).equals("write");
                boolean harmless = KvmAbi.Msr.of(index).isEmpty() && (!write || HarmlessMsrs.isHarmless(index));
                yield m.group(4) != null || harmless
                        ? null
                        : new Tracepoint.GuestMsr(where, write, index, Long.parseUnsignedLong(m.group(3), 16));
            }
        };
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

    /** A time stamp: cycles, or seconds as ns. */
    private static long stamp(LineSource lines, String digits) throws TraceFormatException {
        Matcher seconds = SECONDS.matcher(digits);
        if (!digits.contains(".")) {
            return unsigned(lines, digits);
        }
        if (!seconds.matches()) {
            throw lines.fault(1, "expected seconds with 1 to 9 digits behind the point, and not " + digits);
        }
        String fraction = (seconds.group(2) + "00000000").substring(0, 9);
        return Long.parseLong(seconds.group(1)) * 1_000_000_000 + Long.parseLong(fraction);
    }

    private static long unsigned(LineSource lines, String digits) throws TraceFormatException {
        try {
            return Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw lines.fault(1, "expected a number that fits 64 bits and not " + digits);
        }
    }
}
