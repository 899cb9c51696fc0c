package dev.longitude.recording;

import dev.longitude.trace.TraceFormatException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the VM and vCPU of each record. A log numbers VMs in any way, and may reuse the number of a closed VM, as with
 * file descriptors; in a trace each VM has its own number.
 */
final class VmNumbers {
    private record Vm(int number, int line, Map<Integer, Integer> vcpus) {}

    private final String source;
    private final Findings findings;
    private final Map<Integer, Vm> latest = new HashMap<>();
    private final Set<Integer> open = new HashSet<>();
    private final Set<Integer> used = new HashSet<>();
    private int next;

    /** For the log with these records. */
    VmNumbers(String source, List<IoctlRecord> records, Findings findings) {
        this.source = source;
        this.findings = findings;
        this.next = records.stream()
                        .map(IoctlRecord::vm)
                        .filter(Objects::nonNull)
                        .mapToInt(vm -> vm)
                        .max()
                        .orElse(-1)
                + 1;
    }

    /**
     * The VM of a record that has the host's counter. The caller must ask for the records in order of time.
     *
     * @return its number in the trace; -1 if there is none
     * @throws TraceFormatException if two VMs are alive under one number
     */
    int vm(IoctlRecord record) throws TraceFormatException {
        Integer label = record.vm();
        if (label == null || (record.is("KVM_CREATE_VM") && record.failed())) {
            return -1;
        }
        Vm vm = latest.get(label);
        if (record.is("KVM_CREATE_VM")) {
            if (vm != null && open.contains(label)) {
                throw record.fault(
                        source,
                        "VM " + label + " is created here and in line " + vm.line()
                                + ", with no close_vm between: expected its own number for each live VM");
            }
            open.add(label);
            latest.put(label, created(label, record));
        } else if (record.is(IoctlRecord.CLOSE_VM)) {
            open.remove(label);
        } else if (vm == null && !isHarmless(record)) {
            latest.put(label, created(label, record));
            stop(record, "the log does not have the creation of VM " + label);
        }
        Vm known = latest.get(label);
        return known == null ? -1 : known.number();
    }

    private Vm created(int label, IoctlRecord record) {
        return new Vm(used.add(label) ? label : next++, record.line(), new HashMap<>());
    }

    /**
     * The vCPU of a record; the caller must ask for its VM first.
     *
     * @return its id; -1 if there is none
     * @throws TraceFormatException if two vCPUs have one number
     */
    int vcpu(IoctlRecord record) throws TraceFormatException {
        Vm vm = record.vm() == null ? null : latest.get(record.vm());
        Integer label = record.vcpu();
        Integer id = record.is("KVM_CREATE_VCPU") ? record.args().count("id") : null;
        label = label == null ? id : label;
        if (vm == null || label == null) {
            return -1;
        }
        if (record.is("KVM_CREATE_VCPU")) {
            if (record.failed()) {
                return id == null ? label : id;
            }
            int given = id == null ? label : id;
            if (vm.vcpus().containsKey(label) || vm.vcpus().containsValue(given)) {
                throw record.fault(
                        source,
                        "vCPU " + label + " of VM " + record.vm()
                                + " is created a second time: expected its own number for each live VM");
            }
            vm.vcpus().put(label, given);
        } else if (!vm.vcpus().containsKey(label) && !isHarmless(record)) {
            vm.vcpus().put(label, label);
            stop(record, "the log does not have the creation of vCPU " + label + " of VM " + record.vm());
        }
        return vm.vcpus().getOrDefault(label, -1);
    }

    private static boolean isHarmless(IoctlRecord record) {
        return IoctlTable.harmless(record.op()).isPresent() || record.is(IoctlRecord.NOTE);
    }

    private void stop(IoctlRecord record, String reason) {
        @Nullable Vm vm = record.vm() == null ? null : latest.get(record.vm());
        findings.stop(
                record.line(),
                vm == null ? null : (Integer) vm.number(),
                Objects.requireNonNull(record.host()).lo(),
                reason);
    }
}
