package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code strace -f} prints. It shows each ioctl with its descriptor and result, and pointers in place of payload.
 * strace stops a thread before and after each call and prints a line at both stops, or one line if it printed nothing
 * in between: a call happened between its two lines.
 */
final class Strace implements RecordingFormat {
    private static final String THREAD = "^(?:\\[pid +(\\d{1,9})\\] |(\\d{1,9}) +(?=\\S))?";
    private static final String TIME = " *(?:(?:\\(\\+ *[0-9.]{1,32}\\)|[0-9:.]{1,32}) +){0,2}";
    private static final String DESCRIPTOR = "(-?\\d{1,9})(?:<([^>]{0,4096})>)?";

    private static final Pattern LINE = Pattern.compile(THREAD + TIME + "(\\S.*)$");
    private static final Pattern IOCTL =
            Pattern.compile("^ioctl\\(" + DESCRIPTOR + ", (" + IoctlRequest.TEXT + ")(.*)$");
    private static final Pattern RESUMED = Pattern.compile("^<\\.\\.\\. ioctl resumed>(.*)$");
    private static final Pattern UNFINISHED = Pattern.compile("^(.*) <(?:unfinished|detached) \\.\\.\\.>$");
    private static final Pattern RETURNED =
            Pattern.compile("^(.*)\\) += (-?\\d{1,20}|0x[0-9a-f]{1,16}|\\?)(?:<[^>]{0,4096}>)?(.*)$");
    private static final Pattern ERROR = Pattern.compile("^ (E[A-Z0-9]{1,32})\\b");
    private static final Pattern CLOSE =
            Pattern.compile("^close\\((\\d{1,9})(?:<[^>]{0,4096}>)?(?: <unfinished \\.\\.\\.>|\\) += 0\\b.*)$");
    private static final Pattern ENDS = Pattern.compile("^\\+\\+\\+ .*\\+\\+\\+$");

    /** Any system call of strace: a name, an argument list and a result, or half of it. */
    private static final Pattern ANY = Pattern.compile(
            THREAD + TIME
                    + "(?:[a-z_0-9]{1,64}\\(.*(?:\\) += (?:-?\\d+|0x[0-9a-f]+|\\?)|<unfinished \\.\\.\\.>)|<\\.\\.\\. \\w+ resumed>).*$",
            Pattern.MULTILINE);

    /** The ioctl that a thread has begun. */
    private record Begun(ShownCalls.Call call, long descriptor) {}

    @Override
    public boolean recognises(String head) {
        return ANY.matcher(head).find();
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        Reader reader = new Reader(lines);
        String note = ToolLines.read(lines, reader::take);
        reader.finish();
        return CallOrder.read(file, lines, reader.calls, null, kernel)
                .withNote(note)
                .withNote(
                        reader.unknownEnds == 0
                                ? null
                                : reader.unknownEnds
                                        + " lines show the end of an ioctl whose beginning the file does not have");
    }

    private static final class Reader {
        private final LineSource lines;
        private final ShownCalls calls;
        private final Descriptors descriptors = new Descriptors();
        private final Map<String, Begun> begun = new HashMap<>();
        private final Set<String> others = new HashSet<>();
        private int unknownEnds;

        Reader(LineSource lines) {
            this.lines = lines;
            this.calls = new ShownCalls(lines.name());
        }

        /** A line's place in the order is its number twice; between its call's two stops nothing else was printed. */
        private long place() {
            return 2L * lines.line();
        }

        void take(String text) throws TraceFormatException {
            Matcher line = LINE.matcher(text);
            if (!line.matches()) {
                return;
            }
            String thread = line.group(1) != null ? line.group(1) : line.group(2);
            String label = thread == null ? "" : thread;
            String rest = line.group(3);
            Matcher ioctl = IOCTL.matcher(rest);
            Matcher resumed = RESUMED.matcher(rest);
            Matcher close = CLOSE.matcher(rest);
            if (ioctl.matches()) {
                end(label, ShownCalls.Result.UNKNOWN, place());
                ioctl(ioctl, thread, label);
            } else if (resumed.matches()) {
                resumed(resumed.group(1), label);
            } else if (close.matches()) {
                descriptors.closed(Long.parseLong(close.group(1)));
            } else if (ENDS.matcher(rest).matches()) {
                end(label, ShownCalls.Result.UNKNOWN, place());
            } else if (rest.startsWith("ioctl(") && ToolLines.mayBeKvms(rest)) {
                throw lines.fault(1, "expected ioctl(DESCRIPTOR, REQUEST, ARGUMENT) = RESULT, as strace prints it");
            }
        }

        private void ioctl(Matcher ioctl, @Nullable String thread, String label) throws TraceFormatException {
            long descriptor = Long.parseLong(ioctl.group(1));
            String path = ioctl.group(2);
            String rest = ioctl.group(4);
            Optional<String> op = IoctlRequest.exact(ioctl.group(3));
            Optional<ShownCalls.Target> on = descriptors.target(descriptor, path);
            boolean ofKvm = op.isPresent() && on.isPresent() && !Descriptors.isForeign(path);
            Matcher unfinished = UNFINISHED.matcher(rest);
            Matcher returned = RETURNED.matcher(rest);
            boolean ends = returned.matches();
            if (ofKvm && !ends && !unfinished.matches()) {
                throw lines.fault(1, "expected \") = RESULT\" or \"<unfinished ...>\" at the end of the ioctl");
            }
            if (!ofKvm && !ends) {
                others.add(label);
            }
            if (ofKvm) {
                String args = ends ? returned.group(1) : unfinished.group(1);
                ShownCalls.Target target = switch (op.get()) {
                    case "KVM_CREATE_VM" -> descriptors.newVm();
                    default -> on.get();
                };
                begun.put(
                        label,
                        new Begun(
                                call(thread, target, op.get(), args.startsWith(", ") ? args.substring(2) : ""),
                                descriptor));
                if (ends) {
                    end(label, result(returned), place() + 1);
                }
            }
        }

        private ShownCalls.Call call(@Nullable String thread, ShownCalls.Target on, String op, String arg) {
            Object value = ToolLines.argument(arg);
            ShownCalls.Target target = on;
            if (op.equals("KVM_CREATE_VCPU") && on.vcpu() == null && value instanceof Long id) {
                target = ToolLines.vcpu(on, id);
            }
            return new ShownCalls.Call(lines.line(), thread, target, op, place(), value);
        }

        private void resumed(String rest, String label) throws TraceFormatException {
            Begun call = begun.get(label);
            Matcher returned = RETURNED.matcher(rest);
            if (call == null) {
                unknownEnds += others.remove(label) ? 0 : 1;
            } else if (returned.matches()) {
                end(label, result(returned), place());
            } else {
                throw lines.fault(1, "expected \") = RESULT\" at the end of the ioctl");
            }
        }

        private void end(String label, ShownCalls.Result result, long place) throws TraceFormatException {
            Begun call = begun.remove(label);
            if (call == null) {
                return;
            }
            calls.add(call.call, place, result);
            Long ret = result.ret();
            if (ret != null && ret >= 0 && ToolLines.createsDescriptor(call.call.op())) {
                descriptors.got(ret, call.call.on(), label);
            }
        }

        /** Ends the calls whose end the file does not have. */
        void finish() throws TraceFormatException {
            for (Begun call : begun.values()) {
                boolean run = call.call.op().equals("KVM_RUN");
                calls.add(call.call, run ? call.call.begin() : place() + 2, ShownCalls.Result.UNKNOWN);
            }
        }

        private static ShownCalls.Result result(Matcher returned) {
            String number = returned.group(2);
            String rest = returned.group(3);
            if (number.equals("?") || rest.contains("(INJECTED)")) {
                return ShownCalls.Result.UNKNOWN;
            }
            Matcher error = ERROR.matcher(rest);
            return ToolLines.result(number, error.find() ? error.group(1) : null);
        }
    }
}
