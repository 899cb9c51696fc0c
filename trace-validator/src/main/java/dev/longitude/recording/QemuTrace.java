package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What QEMU's backend {@code log} prints with {@code -trace 'kvm_*ioctl'}. QEMU prints a line before each call, with its
 * own index of the vCPU and without the result; nothing shows when the call ended.
 */
final class QemuTrace implements RecordingFormat {
    private static final Pattern IOCTL = Pattern.compile(
            "^(?:\\d{1,9}@\\d{1,19}\\.\\d{1,9}:)?kvm_(|vm_|vcpu_)ioctl (?:cpu_index (\\d{1,5}), )?type (0x[0-9a-f]{1,8}),"
                    + " arg (\\S{1,32})\\s*$",
            Pattern.MULTILINE);
    private static final Pattern MAYBE =
            Pattern.compile("^(?:\\d{1,9}@\\d{1,19}\\.\\d{1,9}:)?kvm_(?:|vm_|vcpu_)ioctl\\b");

    private static final String ASSUMED =
            "that each call happened when its line was printed, and that QEMU's index of a"
                    + " vCPU is its place among the creations";

    @Override
    public boolean recognises(String head) {
        return IOCTL.matcher(head).find();
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        Reader reader = new Reader(lines);
        String note = ToolLines.read(lines, reader::take);
        return CallOrder.read(
                        file,
                        lines,
                        reader.calls,
                        reader.withoutCreation
                                ? ASSUMED + ", and that the VM was created just before the first line"
                                : ASSUMED,
                        kernel)
                .withNote(note);
    }

    private static final class Reader {
        private final LineSource lines;
        private final ShownCalls calls;
        private int vm = -1;
        private int vcpus;
        private boolean withoutCreation;

        Reader(LineSource lines) {
            this.lines = lines;
            this.calls = new ShownCalls(lines.name());
        }

        void take(String text) throws TraceFormatException {
            Matcher line = IOCTL.matcher(text);
            if (!line.matches()) {
                if (MAYBE.matcher(text).find()) {
                    throw lines.fault(1, "expected \"type 0xNUMBER, arg POINTER\", as QEMU prints it");
                }
                return;
            }
            Optional<String> op = IoctlRequest.exact(line.group(3));
            if (op.isEmpty()) {
                throw lines.fault(1, "expected one of KVM's ioctls, with 0xae in its number, and not " + line.group(3));
            }
            Object arg = ToolLines.argument(line.group(4));
            ShownCalls.Target on = switch (line.group(1)) {
                case "" -> op.get().equals("KVM_CREATE_VM") ? newVm() : ShownCalls.Target.NONE;
                case "vm_" -> vm(op.get());
                default -> vcpu(line.group(2));
            };
            calls.add(call(on, op.get(), arg, place()), place() + 1, ShownCalls.Result.UNKNOWN);
        }

        private ShownCalls.Call call(ShownCalls.Target on, String op, @Nullable Object arg, long place) {
            return new ShownCalls.Call(lines.line(), null, on, op, place, arg);
        }

        /** Between two lines there is room for a call that has none. */
        private long place() {
            return 2L * lines.line();
        }

        private ShownCalls.Target newVm() {
            vm++;
            vcpus = 0;
            return new ShownCalls.Target(vm, null);
        }

        private ShownCalls.Target vm(String op) throws TraceFormatException {
            if (vm < 0) {
                withoutCreation = true;
                calls.addUnseen(call(newVm(), "KVM_CREATE_VM", null, place() - 1), place());
            }
            return new ShownCalls.Target(vm, op.equals("KVM_CREATE_VCPU") ? (Integer) vcpus++ : null);
        }

        private ShownCalls.Target vcpu(@Nullable String index) throws TraceFormatException {
            return new ShownCalls.Target(vm("").vm(), index == null ? null : Integer.valueOf(index));
        }
    }
}
