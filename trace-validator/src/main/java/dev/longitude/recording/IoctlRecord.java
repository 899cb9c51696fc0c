package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Interval;
import dev.longitude.trace.JsonLine;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of an ioctl log: an operation with decoded input and output, between two readings of the host's counter.
 *
 * @param vm null where it does not apply, as is {@code vcpu}
 * @param args the decoded input: 64-bit numbers as {@link Long}, text as {@link String}, groups as maps of them
 * @param out the decoded output, likewise
 * @param pcpu the CPU that the recorder ran on; null if it does not say
 * @param rt CLOCK_REALTIME, ns, when the record was written, as {@code t} is CLOCK_MONOTONIC; 0 if it does not say
 * @param arm64 whether the host's counter is the generic timer's, and not a TSC
 * @param host the host's counter before and after
 */
record IoctlRecord(
        int line,
        @Nullable Integer vm,
        @Nullable Integer vcpu,
        String op,
        ImmutableMap<String, Object> args,
        ImmutableMap<String, Object> out,
        long ret,
        long errno,
        long t,
        long rt,
        @Nullable Integer pcpu,
        boolean arm64,
        @Nullable Interval host) {

    static IoctlRecord read(LineSource source, String text) throws TraceFormatException {
        Reader reader = new Reader(source);
        JsonLine.read(source, text, reader::members);
        return reader.record();
    }

    private static final class Reader {
        private final LineSource source;
        private @Nullable Integer vm;
        private @Nullable Integer vcpu;
        private @Nullable String op;
        private ImmutableMap<String, Object> args = ImmutableMap.of();
        private ImmutableMap<String, Object> out = ImmutableMap.of();
        private long ret;
        private long errno;
        private long t;
        private long rt;
        private @Nullable Integer pcpu;
        private boolean arm64;
        private @Nullable Interval host;

        Reader(LineSource source) {
            this.source = source;
        }

        void members(JsonLine json) throws IOException, TraceFormatException {
            json.members(name -> {
                switch (name) {
                    case "vm" -> vm = json.isNull() ? null : (Integer) json.number(0, 65535);
                    case "vcpu" -> vcpu = json.isNull() ? null : (Integer) json.number(0, 65535);
                    case "op" -> op = json.string();
                    case "args" -> args = group(json);
                    case "out" -> out = group(json);
                    case "ret" -> ret = json.bits();
                    case "errno" -> errno = json.bits();
                    case "t" -> t = json.bits();
                    case "rt" -> rt = json.bits();
                    case "pcpu" -> pcpu = json.isNull() ? null : (Integer) json.number(0, TraceHeader.MOST_PCPUS - 2);
                    case "host_tsc" -> host = json.bracket();
                    case "host_cntvct" -> {
                        host = json.bracket();
                        arm64 = true;
                    }
                    default -> json.skip(); // seq, scn and whatever else a recorder notes
                }
            });
        }

        private static ImmutableMap<String, Object> group(JsonLine json) throws IOException, TraceFormatException {
            Map<String, Object> values = new LinkedHashMap<>();
            json.members(name -> {
                if (json.isObject()) {
                    values.put(name, group(json));
                } else if (json.isText()) {
                    values.put(name, json.string());
                } else if (json.isWhole()) {
                    values.put(name, json.bits());
                } else {
                    json.skip();
                }
            });
            return ImmutableMap.copyOf(values);
        }

        IoctlRecord record() throws TraceFormatException {
            if (op == null) {
                throw source.fault(1, "expected \"op\" in the record");
            }
            return new IoctlRecord(source.line(), vm, vcpu, op, args, out, ret, errno, t, rt, pcpu, arm64, host);
        }
    }

    boolean failed() {
        return errno != 0 || ret < 0;
    }

    /** A number of the input; null if it is not there. */
    @Nullable
    Long arg(String name) {
        return args.get(name) instanceof Long number ? number : null;
    }

    /** A number of the output; null if it is not there. */
    @Nullable
    Long result(String name) {
        return out.get(name) instanceof Long number ? number : null;
    }

    /** Whether an argument is this text. */
    boolean says(String name, String text) {
        return text.equals(args.get(name));
    }
}
