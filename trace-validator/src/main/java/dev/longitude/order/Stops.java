package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** Finds the stops of a recording. */
public final class Stops {
    /** The operations of one VM, without its creation and its end. */
    private final List<VmmOperation> operations;

    private final int vm;
    private final List<Stop> stops = new ArrayList<>();

    /** The vCPUs whose KVM_RUN began, and no line has shown its end; each with the thread, "" if that is unknown. */
    private final Map<Integer, String> running = new HashMap<>();

    /** The vCPUs that have run since this stop began. */
    private final Set<Integer> resumed = new HashSet<>();

    private boolean isFirst;
    private List<Stop.Step> steps = new ArrayList<>();
    private List<VmmOperation> runs = new ArrayList<>();

    private Stops(int vm, List<VmmOperation> operations, boolean created) {
        this.vm = vm;
        this.operations = operations;
        this.isFirst = created;
    }

    /** The stops of each VM, the VMs in order of creation. */
    public static ImmutableList<Stop> of(List<VmmOperation> operations) {
        Map<Integer, List<VmmOperation>> ofVm = new TreeMap<>();
        Set<Integer> created = new HashSet<>();
        for (VmmOperation operation : operations) {
            if (operation.is(Kind.CREATE_VM)) {
                created.add(operation.vm());
            }
            List<VmmOperation> all = ofVm.computeIfAbsent(operation.vm(), v -> new ArrayList<>());
            if (operation.vm() >= 0 && !operation.is(Kind.CREATE_VM) && !operation.is(Kind.CLOSE_VM)) {
                all.add(operation);
            }
        }
        ImmutableList.Builder<Stop> stops = ImmutableList.builder();
        ofVm.forEach((vm, all) -> stops.addAll(new Stops(vm, all, created.contains(vm)).all()));
        return stops.build();
    }

    private List<Stop> all() {
        for (int i = 0; i < operations.size(); i++) {
            VmmOperation operation = operations.get(i);
            if (operation.is(Kind.ENTER_GUEST)) {
                enter(operation);
            } else {
                if (begins(i)) {
                    end();
                }
                leave(operation);
                steps.add(new Stop.Step(operation, !resumed.isEmpty(), ImmutableSet.copyOf(running.keySet())));
            }
        }
        end();
        return stops;
    }

    /** A KVM_RUN has ended where its vCPU or its thread does something else. */
    private void leave(VmmOperation operation) {
        running.remove(operation.vcpu());
        String thread = operation.thread();
        if (thread != null) {
            running.values().removeIf(thread::equals);
        }
    }

    private void enter(VmmOperation run) {
        leave(run);
        if (resumed.add(run.vcpu())) {
            runs.add(run);
        }
        if (run.isOpenRun()) {
            running.put(run.vcpu(), Objects.requireNonNullElse(run.thread(), ""));
        }
    }

    /** Whether an operation begins another stop: unless it prepares a vCPU of this stop that is about to run too. */
    private boolean begins(int at) {
        VmmOperation operation = operations.get(at);
        if (resumed.isEmpty()) {
            return false;
        }
        int vcpu = operation.vcpu();
        if (vcpu < 0 || resumed.contains(vcpu) || operation.is(Kind.CREATE_VCPU)) {
            return true;
        }
        for (VmmOperation next : operations.subList(at, operations.size())) {
            if (next.vcpu() == vcpu && next.is(Kind.ENTER_GUEST)) {
                return false;
            }
            if (next.vcpu() < 0 || (resumed.contains(next.vcpu()) && !next.is(Kind.ENTER_GUEST))) {
                return true;
            }
        }
        return true;
    }

    private void end() {
        if (!steps.isEmpty() || !runs.isEmpty()) {
            stops.add(new Stop(vm, isFirst, ImmutableList.copyOf(steps), ImmutableList.copyOf(runs)));
        }
        isFirst = false;
        steps = new ArrayList<>();
        runs = new ArrayList<>();
        resumed.clear();
    }
}
