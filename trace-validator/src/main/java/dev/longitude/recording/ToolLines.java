package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the lines of the tools that print system calls have in common: numbers, names of errors, a cut last line. */
final class ToolLines {
    private static final Pattern HEX = Pattern.compile("0x([0-9a-fA-F]{1,16})\\b.*");
    private static final Pattern DECIMAL = Pattern.compile("(-?\\d{1,18})\\b.*");
    private static final Pattern NAME = Pattern.compile("[A-Z][A-Z0-9_]{1,64}");
    private static final int HEXADECIMAL = 16;

    /** The errors of KVM's ioctls, by the names of {@code errno-base.h} and {@code errno.h}. */
    private static final ImmutableMap<String, Integer> ERRORS = ImmutableMap.<String, Integer>builder()
            .put("EPERM", 1)
            .put("ENOENT", 2)
            .put("EINTR", 4)
            .put("EIO", 5)
            .put("ENXIO", 6)
            .put("E2BIG", 7)
            .put("EBADF", 9)
            .put("EAGAIN", 11)
            .put("ENOMEM", 12)
            .put("EACCES", 13)
            .put("EFAULT", 14)
            .put("EBUSY", 16)
            .put("EEXIST", 17)
            .put("ENODEV", 19)
            .put("EINVAL", 22)
            .put("ENOTTY", 25)
            .put("ENOSPC", 28)
            .put("ENOSYS", 38)
            .put("EOPNOTSUPP", 95)
            .buildOrThrow();

    private ToolLines() {}

    /** Takes one line. */
    interface Taker {
        void take(String line) throws TraceFormatException;
    }

    /**
     * Reads all lines. A last line without an end is cut: nothing is read of it.
     *
     * @return a note about it, or null
     */
    static @Nullable String read(LineSource lines, Taker taker) throws TraceFormatException {
        for (String line = lines.next(); line != null; line = lines.next()) {
            if (!lines.lastWasTerminated()) {
                return "the last line, " + lines.line() + ", has no end and is not read: the file may be truncated";
            }
            taker.take(line);
        }
        return null;
    }

    /** Whether a line that could not be read may show one of KVM's ioctls. */
    static boolean mayBeKvms(String line) {
        return line.contains("KVM_") || line.contains("0xae") || line.contains("kvm");
    }

    /** An argument that is a number ({@code Long}) or a name; null if it is neither. */
    static @Nullable Object argument(String text) {
        Matcher hex = HEX.matcher(text);
        if (hex.matches()) {
            return Long.parseUnsignedLong(hex.group(1), HEXADECIMAL);
        }
        Matcher decimal = DECIMAL.matcher(text);
        if (decimal.matches()) {
            return Long.parseLong(decimal.group(1));
        }
        return text.equals("NULL") || text.equals("(nil)")
                ? (Long) 0L
                : NAME.matcher(text).matches() ? text : null;
    }

    /** The vCPU of an id, if that is one. */
    static ShownCalls.Target vcpu(ShownCalls.Target vm, long id) {
        return id < 0 || id > IoctlRecord.LARGEST_ID || vm.vm() == null ? vm : new ShownCalls.Target(vm.vm(), (int) id);
    }

    /** Whether an ioctl returns a descriptor of a VM or vCPU. */
    static boolean createsDescriptor(String op) {
        return op.equals("KVM_CREATE_VM") || op.equals("KVM_CREATE_VCPU");
    }

    /**
     * A result.
     *
     * @param error the name of the error, or null
     */
    static ShownCalls.Result result(String number, @Nullable String error) {
        Object ret = argument(number);
        if (!(ret instanceof Long value)) {
            return ShownCalls.Result.UNKNOWN;
        }
        return value < 0
                ? new ShownCalls.Result(value, error == null ? null : ERRORS.get(error))
                : new ShownCalls.Result(value, 0);
    }
}
