package dev.longitude.audit;

import dev.longitude.recording.VmmLog;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A log that a test writes, one operation after the other; the host's counter counts at 2 GHz, or 1 GHz on arm64. */
final class SmallLog {
    private static final long CALL = 1000;
    private static final int ENXIO = 6;
    private static final String OFFSET = "\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\"";

    private final StringBuilder text = new StringBuilder();
    private final boolean x86;
    private String kernel = "6.12.95";
    private long now = 1_000_000_000L;
    private int line;

    private SmallLog(boolean x86) {
        this.x86 = x86;
        add("KVM_CREATE_VM", -1, "", "", 0);
    }

    static SmallLog x86() {
        return new SmallLog(true);
    }

    static SmallLog arm64() {
        return new SmallLog(false);
    }

    SmallLog on(String release) {
        kernel = release;
        return this;
    }

    /** Time passes. */
    SmallLog later(long cycles) {
        now += cycles;
        return this;
    }

    private SmallLog add(String op, int vcpu, String args, String out, int errno) {
        line++;
        text.append("{\"op\":\"").append(op).append("\",\"vm\":0");
        if (vcpu >= 0) {
            text.append(",\"vcpu\":").append(vcpu);
        }
        text.append(",\"args\":{")
                .append(args)
                .append("},\"out\":{")
                .append(out)
                .append('}');
        int ret = errno != 0 ? -1 : op.endsWith("_MSRS") ? 1 : op.equals("KVM_GET_TSC_KHZ") ? 2_000_000 : 0;
        text.append(",\"ret\":").append(ret).append(",\"errno\":").append(errno);
        text.append(x86 ? ",\"host_tsc\":[" : ",\"host_cntvct\":[")
                .append(now)
                .append(',')
                .append(now + CALL);
        text.append("]}\n");
        now += 2 * CALL;
        return this;
    }

    /** An operation on a vCPU. */
    SmallLog vcpu(int vcpu, String op, String args) {
        return add(op, vcpu, args, "", 0);
    }

    /** An operation on the VM. */
    SmallLog vm(String op, String args) {
        return add(op, -1, args, "", 0);
    }

    /** An operation that failed. */
    SmallLog failed(int vcpu, String op, String args, int errno) {
        return add(op, vcpu, args, "", errno);
    }

    SmallLog create(int... vcpus) {
        for (int vcpu : vcpus) {
            add("KVM_CREATE_VCPU", vcpu, "\"id\":" + vcpu, "", 0);
        }
        return this;
    }

    SmallLog writeMsr(int vcpu, String msr, long value) {
        return add("KVM_SET_MSRS", vcpu, "\"index\":\"" + msr + "\",\"data\":" + value, "", 0);
    }

    SmallLog readMsr(int vcpu, String msr, long value) {
        return add("KVM_GET_MSRS", vcpu, "\"index\":\"" + msr + "\"", "\"data\":" + value, 0);
    }

    SmallLog tsc(int vcpu, long value) {
        return writeMsr(vcpu, "0x10", value);
    }

    /** Registers a vCPU's kvmclock page. */
    SmallLog page(int vcpu) {
        return writeMsr(vcpu, "0x4b564d01", 4097 + 64L * vcpu);
    }

    SmallLog offset(int vcpu, long value) {
        return add("KVM_SET_DEVICE_ATTR", vcpu, OFFSET + ",\"offset\":" + value, "", 0);
    }

    SmallLog refusedOffset(int vcpu, long value) {
        return failed(vcpu, "KVM_SET_DEVICE_ATTR", OFFSET + ",\"offset\":" + value, ENXIO);
    }

    SmallLog readOffset(int vcpu, long value) {
        return add("KVM_GET_DEVICE_ATTR", vcpu, OFFSET, "\"offset\":" + value, 0);
    }

    SmallLog getClock(long ns) {
        return add("KVM_GET_CLOCK", -1, "", "\"clock\":" + ns + ",\"flags\":0", 0);
    }

    SmallLog setClock(long ns) {
        return add("KVM_SET_CLOCK", -1, "\"clock\":" + ns + ",\"flags\":0", "", 0);
    }

    SmallLog register(int vcpu, String name, long value) {
        return add("KVM_SET_ONE_REG", vcpu, "\"reg\":\"KVM_REG_ARM_" + name + "\",\"value\":" + value, "", 0);
    }

    SmallLog run(int... vcpus) {
        for (int vcpu : vcpus) {
            add("KVM_RUN", vcpu, "", "", 0);
        }
        return this;
    }

    /** A KVM_RUN of which the log has only the beginning. */
    SmallLog openRun(int vcpu) {
        line++;
        text.append("{\"op\":\"KVM_RUN\",\"vm\":0,\"vcpu\":")
                .append(vcpu)
                .append(",\"args\":{},\"out\":{}")
                .append(x86 ? ",\"host_tsc\":[" : ",\"host_cntvct\":[")
                .append(now)
                .append(',')
                .append(now)
                .append("]}\n");
        now += CALL;
        return this;
    }

    /** The line of the operation that was added last. */
    int line() {
        return line;
    }

    Path write(Path folder, String name) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("host.txt"),
                x86
                        ? "arch x86_64\nkernel " + kernel + "\nclocksource tsc\ntsc_khz 2000000\n"
                        : "arch aarch64\nkernel " + kernel + "\n");
        return Files.writeString(folder.resolve(name), text);
    }

    /** The audit's report on it, beside the log of the VM that it restores. */
    AuditReport auditAfter(SmallLog source, Path folder) throws TraceFormatException, IOException {
        VmmLog from = VmmLog.read(source.write(folder.resolve("source"), "source.jsonl"), null);
        Path file = write(folder.resolve("destination"), "destination.jsonl");
        VmmLog log = VmmLog.read(file, null);
        return Audit.of(log, new InputFile(file, null).validate(), List.of(from, log));
    }

    /** The audit's report on it. */
    AuditReport audit(Path folder) throws TraceFormatException, IOException {
        Path file = write(folder, "log.jsonl");
        VmmLog log = VmmLog.read(file, null);
        return Audit.of(log, new InputFile(file, null).validate(), List.of(log));
    }

    /** What the audit finds: each identifier with its decisive line. */
    List<String> findings(Path folder) throws TraceFormatException, IOException {
        return audit(folder).findings().stream()
                .map(f -> f.kind().id() + " " + f.lines().get(0))
                .collect(Collectors.toList());
    }
}
