package dev.longitude.recipe;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Timers;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An arm64 host. Its vCPU n runs on CPU n. */
final class SimulatedArm64Host implements SimulatedHost {
    /** The compare value of the guest's timers, which were on: the guest's counters have long passed it. */
    private static final long GUEST_CVAL = 1;

    /** Both offsets. */
    private record Line(long virtual, long physical) {}

    private final KernelProfile kernel;
    private final int khz;
    private final int vcpuCount;
    private final String origin;
    private final List<TraceEvent> events = new ArrayList<>();
    private final Arm64Host host;
    private final Arm64Vm vm;
    private final Map<Integer, Arm64Vcpu> vcpus = new TreeMap<>();
    private final Set<Property> falseReplies = EnumSet.noneOf(Property.class);
    /** The vCPUs whose timers the VMM has restored. */
    private final Set<Integer> vtimers = new HashSet<>();

    private final Set<Integer> ptimers = new HashSet<>();
    private long realtime;

    /** The last value that userspace set, or null. */
    private @Nullable Long askedVirtual;

    private @Nullable Long askedPhysical;

    SimulatedArm64Host(
            KernelProfile kernel,
            int khz,
            long now,
            long skew,
            @Nullable Long counter,
            int vcpuCount,
            String origin,
            SplittableRandom random,
            boolean showsState) {
        this.kernel = kernel;
        this.khz = khz;
        this.vcpuCount = vcpuCount;
        this.origin = origin;
        this.realtime = WALL_CLOCK_BEGINS_NS + now + skew;
        // (Not a counter about to wrap: the guest sees it unchanged, and would read a jump ahead as one back.)
        long other = random.nextLong() >>> 12;
        this.host = new Arm64Host(kernel, true, false, vcpuCount, counter == null ? other : counter, events::add);
        if (!showsState) {
            host.omitState();
        }
        this.vm = host.createVm(0);
    }

    private Arm64Vcpu vcpu(int index) {
        return requireNonNull(vcpus.get(index));
    }

    @Override
    public Reply carryOut(Step step, int index, Function<Expression, Long> eval) {
        switch (step.kind()) {
            case CREATE_VCPU -> vcpus.put(index, vm.createVcpu(index));
            case INIT_VCPU -> vcpu(index).init();
            case ENTER_GUEST -> {
                vcpu(index).load(index);
                vcpu(index).enterGuest();
            }
            case EXIT_GUEST -> {
                vcpu(index).exitGuest();
                vcpu(index).put(true);
            }
            case SET_VTIMER_CVAL -> {
                vtimers.add(index);
                vcpu(index).timers().setVtimerCval(GUEST_CVAL);
            }
            case SET_VTIMER_CTL -> vcpu(index).timers().setVtimerCtl(true);
            case SET_PTIMER_CVAL -> {
                ptimers.add(index);
                return Reply.of(vcpu(index).timers().setPtimerCval(GUEST_CVAL));
            }
            case SET_PTIMER_CTL -> {
                return Reply.of(vcpu(index).timers().setPtimerCtl(true));
            }
            case GET_TIMER_CNT -> {
                return Reply.of("", vcpu(index).getTimerCnt());
            }
            case SET_TIMER_CNT -> {
                long value = eval.apply(step.arg("value"));
                return set(vcpu(index).setTimerCnt(value), host.cntpct() - value, null, index);
            }
            case GET_PTIMER_CNT -> {
                return Reply.of("", vcpu(index).getPtimerCnt());
            }
            case SET_PTIMER_CNT -> {
                long value = eval.apply(step.arg("value"));
                return set(vcpu(index).setPtimerCnt(value), null, host.cntpct() - value, index);
            }
            case GET_VTIMER_OFFSET -> {
                return Reply.of("", vcpu(index).getVtimerOffset());
            }
            case SET_VTIMER_OFFSET -> {
                long offset = eval.apply(step.arg("offset"));
                vcpu(index).setVtimerOffset(offset);
                return set(0, offset, null, index);
            }
            case GET_PTIMER_OFFSET -> {
                return Reply.of("", vcpu(index).getPtimerOffset());
            }
            case SET_PTIMER_OFFSET -> {
                long offset = eval.apply(step.arg("offset"));
                vcpu(index).setPtimerOffset(offset);
                return set(0, null, offset, index);
            }
            case GET_SYSTEM_COUNTER_STATE -> {
                Arm64Vcpu.SystemCounterState state = vcpu(index).getSystemCounterState();
                return new Reply(0, ImmutableMap.of("cntvoff", state.cntvoff(), "cntpoff", state.cntpoff()));
            }
            case SET_SYSTEM_COUNTER_STATE -> {
                long virtual = eval.apply(step.arg("cntvoff"));
                long physical = eval.apply(step.arg("cntpoff"));
                int errno = vcpu(index)
                        .setSystemCounterState(
                                index,
                                new Arm64Vcpu.SystemCounterState(
                                        KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET, virtual, physical));
                return set(errno, virtual, physical, index);
            }
            case SET_COUNTER_OFFSET -> {
                long offset = eval.apply(step.arg("offset"));
                return set(vm.setCounterOffset(offset, 0), offset, offset, 0);
            }
            default -> throw new IllegalArgumentException(step.kind() + " is not of arm64");
        }
        return Reply.NOTHING;
    }

    /** A set has returned: did it take effect? */
    private Reply set(int errno, @Nullable Long virtual, @Nullable Long physical, int index) {
        if (errno == 0) {
            Arm64Vcpu vcpu = vcpus.get(index);
            if (vcpu != null
                    && ((virtual != null && vcpu.virtualOffset() != virtual)
                            || (physical != null && vcpu.physicalOffset() != physical))) {
                falseReplies.add(Property.RESTORE_TAKES_EFFECT);
            } else {
                askedVirtual = virtual == null ? askedVirtual : virtual;
                askedPhysical = physical == null ? askedPhysical : physical;
            }
        }
        return Reply.of(errno);
    }

    @Override
    public void advance(long ns) {
        host.advance(SimulatedHost.cycles(ns, khz));
        realtime += ns;
    }

    @Override
    public void stepRealtime(long by) {
        realtime += by;
    }

    @Override
    public boolean isNearEnough(int khz) {
        return true;
    }

    @Override
    public long hostCounter() {
        return host.cntpct();
    }

    @Override
    public long hostRealtime() {
        return realtime;
    }

    @Override
    public long scaled(long hostCounter) {
        return hostCounter;
    }

    @Override
    public Set<Integer> vcpus() {
        return vcpus.keySet();
    }

    @Override
    public boolean inGuest(int index) {
        return vcpu(index).inGuest();
    }

    @Override
    public long counter(int index) {
        return host.cntpct() - vcpu(index).virtualOffset();
    }

    @Override
    public Long clock(int index) {
        return SimulatedHost.ns(host.cntpct() - vcpu(index).physicalOffset(), khz);
    }

    @Override
    public Line line(int index) {
        return new Line(vcpu(index).virtualOffset(), vcpu(index).physicalOffset());
    }

    @Override
    public ImmutableMap<String, Long> made() {
        ImmutableMap.Builder<String, Long> made = ImmutableMap.builder();
        vcpus.forEach((index, vcpu) ->
                made.put("virtual " + index, vcpu.virtualOffset()).put("physical " + index, vcpu.physicalOffset()));
        return made.buildOrThrow();
    }

    @Override
    public Set<Property> falseNow(boolean restored, boolean over) {
        Set<Property> all = EnumSet.noneOf(Property.class);
        all.addAll(falseReplies);
        for (Arm64Vcpu vcpu : vcpus.values()) {
            if ((askedVirtual != null && vcpu.virtualOffset() != askedVirtual)
                    || (askedPhysical != null && vcpu.physicalOffset() != askedPhysical)) {
                all.add(Property.BROADCAST_COMPLETE);
            }
        }
        for (int index : executing()) {
            Arm64Timers timers = vcpu(index).timers();
            boolean virtual = !vtimers.contains(index) || (timers.hasVtimer() && timers.lookAtVtimer());
            boolean physical = !ptimers.contains(index)
                    || !kernel.has(Switch.PTIMER_CNT)
                    || (timers.hasPtimer() && timers.lookAtPtimer());
            if (!virtual || !physical) {
                all.add(Property.TIMER_ON_TIME);
            }
        }
        return all;
    }

    @Override
    public Trace trace() {
        return new Trace(new TraceHeader(kernel, host.described(), vcpuCount, origin), ImmutableList.copyOf(events));
    }
}
