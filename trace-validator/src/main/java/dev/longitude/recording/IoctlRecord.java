package dev.longitude.recording;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Interval;
import dev.longitude.trace.JsonLine;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One line of an ioctl log: an operation with its decoded input and output, between two readings of the host's counter.
 * A null value is missing in the line.
 *
 * @param line its line, from 1
 * @param seq its number in the run
 * @param vm the log's number of the VM
 * @param vcpu the log's number of the vCPU
 * @param op the ioctl's name, or one of {@code note}, {@code close_vm}, {@code pvclock_page}
 * @param thread who did it
 * @param ret what the ioctl returned
 * @param errno 0, or the reason of a failure
 * @param t CLOCK_MONOTONIC, ns, when the record was written; 0 if missing
 * @param rt CLOCK_REALTIME, ns, when the record was written; 0 if missing
 * @param pcpu the CPU that the recorder ran on
 * @param arch the architecture of the host's counter
 * @param host the host's counter before and after the call: cycles of the TSC, or ticks
 * @param unlisted the keys that the format does not list
 */
record IoctlRecord(
        int line,
        @Nullable Long seq,
        @Nullable Integer vm,
        @Nullable Integer vcpu,
        String op,
        @Nullable String thread,
        Payload args,
        Payload out,
        @Nullable Long ret,
        @Nullable Integer errno,
        long t,
        long rt,
        @Nullable Integer pcpu,
        LogArchitecture arch,
        @Nullable Interval host,
        ImmutableSet<String> unlisted) {

    /** The largest number of a VM or vCPU. */
    static final int LARGEST_ID = 65535;

    static final String NOTE = "note";
    static final String CLOSE_VM = "close_vm";
    static final String PVCLOCK_PAGE = "pvclock_page";

    /** The name of an unrecorded ioctl of a vCPU; no line can have this name. */
    static final String UNRECORDED = "";

    /** A write of a vCPU's TSC by the VMM that only a tracepoint shows: by value, or by its attribute. */
    static final String SHOWN_WRITE = "a write of a vCPU's TSC";

    /** A masterclock update that only a tracepoint shows, and not for which vCPU. */
    static final String SHOWN_UPDATE = "a masterclock update";

    static IoctlRecord read(LineSource source, String text) throws TraceFormatException {
        Reader reader = new Reader(source);
        JsonLine.read(source, text, reader::members);
        return reader.record();
    }

    /** An unrecorded ioctl after a line of the log. */
    static IoctlRecord unrecorded(IoctlRecord before) {
        Payload nothing = Payload.empty("", before.line());
        return new IoctlRecord(
                before.line(),
                null,
                before.vm(),
                before.vcpu(),
                UNRECORDED,
                null,
                nothing,
                nothing,
                0L,
                0,
                0,
                0,
                null,
                before.arch(),
                null,
                ImmutableSet.of());
    }

    private static final class Reader {
        private final LineSource source;
        private final ImmutableSet.Builder<String> unlisted = ImmutableSet.builder();
        private @Nullable Long seq;
        private @Nullable Integer vm;
        private @Nullable Integer vcpu;
        private @Nullable String op;
        private @Nullable Payload args;
        private @Nullable Payload out;
        private @Nullable Long ret;
        private @Nullable Integer errno;
        private long t;
        private long rt;
        private @Nullable Integer pcpu;
        private LogArchitecture arch = LogArchitecture.X86;
        private @Nullable Interval host;

        Reader(LineSource source) {
            this.source = source;
        }

        void members(JsonLine json) throws IOException, TraceFormatException {
            json.members(name -> {
                if (json.isNull()) {
                    return; // unknown to the recorder
                }
                switch (name) {
                    case "seq" -> seq = json.bits();
                    case "vm" -> vm = json.number(0, LARGEST_ID);
                    case "vcpu" -> vcpu = json.number(0, LARGEST_ID);
                    case "op" -> op = json.string();
                    case "args" -> args = Payload.read(json, source.name(), source.line());
                    case "out" -> out = Payload.read(json, source.name(), source.line());
                    case "ret" -> ret = json.bits();
                    case "errno" -> errno = json.number(0, KvmAbi.MAX_ERRNO);
                    case "t" -> t = json.bits();
                    case "rt" -> rt = json.bits();
                    case "pcpu" -> pcpu = json.number(0, TraceHeader.MOST_PCPUS - 2);
                    case "host_tsc", "host_cntvct" -> {
                        if (host != null) {
                            throw json.expected("one of host_tsc and host_cntvct");
                        }
                        host = json.bracket();
                        arch = name.equals(LogArchitecture.ARM64.counterKey())
                                ? LogArchitecture.ARM64
                                : LogArchitecture.X86;
                    }
                    case "scn" -> json.skip(); // for the recorder only
                    default -> {
                        unlisted.add(name);
                        json.skip();
                    }
                }
            });
        }

        IoctlRecord record() throws TraceFormatException {
            String name = op;
            if (name == null || name.isEmpty()) {
                throw source.fault(1, "expected \"op\" in the record");
            }
            Payload in = args == null ? Payload.empty(source.name(), source.line()) : args;
            Payload result = out == null ? Payload.empty(source.name(), source.line()) : out;
            IoctlTable.check(name, in, result, unlisted::add);
            return new IoctlRecord(
                    source.line(),
                    seq,
                    vm,
                    vcpu,
                    name,
                    in.label(IoctlTable.THREAD),
                    in,
                    result,
                    ret,
                    errno,
                    t,
                    rt,
                    pcpu,
                    arch,
                    host,
                    unlisted.build());
        }
    }

    boolean is(String name) {
        return op.equals(name);
    }

    /** Whether the ioctl is known to have failed. */
    boolean failed() {
        return (errno != null && errno != 0) || (ret != null && ret < 0);
    }

    /** Whether the ioctl is known to have failed with this error. */
    boolean failedWith(int error) {
        return errno != null && errno == error;
    }

    /** Whether the result of the ioctl is known. */
    boolean hasOutcome() {
        return failed() || ret != null || errno != null;
    }

    /** Whether the ioctl is not known to have succeeded. */
    boolean mayHaveFailed() {
        return failed() || !hasOutcome();
    }

    /** Whether the record has only the start of a KVM_RUN. */
    boolean isOpenRun() {
        return is("KVM_RUN") && host != null && host.isExact();
    }

    /** A fault of the record. */
    TraceFormatException fault(String source, String message) {
        return new TraceFormatException(source, line, 1, message);
    }
}
