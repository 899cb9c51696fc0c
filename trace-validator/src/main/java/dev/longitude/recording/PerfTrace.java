package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code perf trace} prints. A line has the time at which its call began, and how long it took: the order follows
 * from both. A call that lasted while others were printed has two lines.
 */
final class PerfTrace implements RecordingFormat {
    private static final String PREFIX =
            "^ *(\\d{1,10})\\.(\\d{3}) \\( *(?:(\\d{1,10})\\.(\\d{3}) ms)? *\\): +(.{1,32}?)/(\\d{1,9}) +";
    private static final Pattern IOCTL = Pattern.compile(PREFIX
            + "ioctl\\((?:fd: (\\d{1,9})(?:<([^>]{0,4096})>)?)?(?:, )?(?:cmd: (" + IoctlRequest.TEXT + "))?"
            + "(?:, )?(?:arg: ([^ )]{1,32}))?\\) *(.*)$");
    private static final Pattern CONTINUED =
            Pattern.compile(PREFIX + "\\.\\.\\. \\[continued\\]: ioctl\\(\\)\\) *(.*)$");
    private static final Pattern LINE = Pattern.compile(PREFIX + "\\S.*$", Pattern.MULTILINE);
    private static final Pattern RETURNED =
            Pattern.compile("^= (-?\\d{1,20}|0x[0-9a-f]{1,16})(?: (E[A-Z0-9]{1,32}))?\\b.*$");
    private static final Pattern LOST = Pattern.compile("^LOST \\d+ events");
    private static final String UNFINISHED = "...";

    private static final int US_PER_MS = 1000;

    /** The time and the duration are rounded. */
    private static final long ROUNDED_US = 2;

    private static final int MS = 1;
    private static final int US = 2;
    private static final int TOOK_MS = 3;
    private static final int TOOK_US = 4;
    private static final int THREAD = 6;
    private static final int DESCRIPTOR = 7;
    private static final int PATH = 8;
    private static final int REQUEST = 9;
    private static final int ARGUMENT = 10;
    private static final int REST = 11;
    private static final int REST_CONTINUED = 7;

    @Override
    public boolean recognises(String head) {
        return LINE.matcher(head).find();
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        Reader reader = new Reader(lines);
        String note = ToolLines.read(lines, reader::take);
        reader.finish();
        return CallOrder.read(
                        file,
                        lines,
                        reader.calls,
                        reader.lost ? "that none of the events that perf lost was an ioctl of KVM's" : null,
                        kernel)
                .withNote(note);
    }

    private static final class Reader {
        private final LineSource lines;
        private final ShownCalls calls;
        private final Descriptors descriptors = new Descriptors();

        /** The last call of each thread: it ended before the next one began, whatever rounding says. */
        private final Map<String, Last> last = new LinkedHashMap<>();

        private boolean lost;

        /**
         * A call.
         *
         * @param end its place in the order; null: it has not ended yet
         */
        private record Last(ShownCalls.Call call, @Nullable Long end, ShownCalls.Result result) {}

        Reader(LineSource lines) {
            this.lines = lines;
            this.calls = new ShownCalls(lines.name());
        }

        void take(String text) throws TraceFormatException {
            lost |= LOST.matcher(text).find();
            Matcher continued = CONTINUED.matcher(text);
            if (continued.matches()) {
                String thread = continued.group(THREAD);
                Last before = last.get(thread);
                if (before != null && before.end == null) {
                    end(thread, before.call, end(continued), continued.group(REST_CONTINUED));
                }
                return;
            }
            Matcher ioctl = IOCTL.matcher(text);
            if (ioctl.matches()) {
                ioctl(ioctl);
            } else if (text.contains("ioctl(") && ToolLines.mayBeKvms(text)) {
                throw lines.fault(
                        1,
                        "expected ioctl(fd: DESCRIPTOR, cmd: REQUEST, arg: ARGUMENT) = RESULT, as perf trace prints it");
            }
        }

        /** Two places for each microsecond. */
        private static long begin(Matcher line) {
            return 2 * (us(line, MS, US) + ROUNDED_US);
        }

        private static long end(Matcher line) {
            return 2 * (us(line, MS, US) + us(line, TOOK_MS, TOOK_US) + 2 * ROUNDED_US) + 1;
        }

        private static long us(Matcher line, int ms, int us) {
            String whole = line.group(ms);
            return whole == null ? 0 : Long.parseLong(whole) * US_PER_MS + Long.parseLong(line.group(us));
        }

        private void ioctl(Matcher line) throws TraceFormatException {
            long descriptor = line.group(DESCRIPTOR) == null ? 0 : Long.parseLong(line.group(DESCRIPTOR));
            String path = line.group(PATH);
            String request = line.group(REQUEST);
            // (perf leaves out a 0.)
            Object arg = line.group(ARGUMENT) == null ? (Long) 0L : ToolLines.argument(line.group(ARGUMENT));
            long value = arg instanceof Long number ? number : -1;
            Optional<String> op = request == null ? Optional.empty() : IoctlRequest.ofPerf(request, value);
            Optional<ShownCalls.Target> on = descriptors.target(descriptor, path);
            if (op.isEmpty() || on.isEmpty() || Descriptors.isForeign(path)) {
                return;
            }
            String thread = line.group(THREAD);
            ShownCalls.Target target = op.get().equals("KVM_CREATE_VM")
                    ? descriptors.newVm()
                    : op.get().equals("KVM_CREATE_VCPU") ? ToolLines.vcpu(on.get(), value) : on.get();
            long begin = begin(line);
            add(thread, begin);
            ShownCalls.Call call = new ShownCalls.Call(lines.line(), thread, target, op.get(), begin, arg);
            if (line.group(REST).equals(UNFINISHED)) {
                last.put(thread, new Last(call, null, ShownCalls.Result.UNKNOWN));
            } else {
                end(thread, call, end(line), line.group(REST));
            }
        }

        private void end(String thread, ShownCalls.Call call, long end, String rest) throws TraceFormatException {
            Matcher returned = RETURNED.matcher(rest);
            if (!returned.matches()) {
                throw lines.fault(1, "expected \"= RESULT\" or \"...\" at the end of the ioctl");
            }
            ShownCalls.Result result = ToolLines.result(returned.group(1), returned.group(2));
            Long ret = result.ret();
            if (ret != null && ret >= 0 && ToolLines.createsDescriptor(call.op())) {
                descriptors.got(ret, call.on(), thread);
            }
            last.put(thread, new Last(call, Math.max(end, call.begin() + 1), result));
        }

        /** Adds the last call of a thread, which ended before the next one began. */
        private void add(String thread, long next) throws TraceFormatException {
            Last before = last.remove(thread);
            if (before == null) {
                return;
            }
            if (next <= before.call.begin()) {
                throw lines.fault(
                        1,
                        "the time of thread " + thread + " goes back from line " + before.call.line()
                                + " to this one: expected the output of one perf trace");
            }
            long end = before.end == null ? next : Math.min(before.end, next);
            calls.add(before.call, end, before.result);
        }

        void finish() throws TraceFormatException {
            long latest = last.values().stream()
                    .mapToLong(l -> l.end == null ? l.call.begin() + 1 : l.end)
                    .max()
                    .orElse(0);
            for (Last each : last.values()) {
                boolean run = each.call.op().equals("KVM_RUN");
                long open = run ? each.call.begin() : Math.max(latest, each.call.begin() + 1);
                calls.add(each.call, each.end == null ? open : each.end, each.result);
            }
        }
    }
}
