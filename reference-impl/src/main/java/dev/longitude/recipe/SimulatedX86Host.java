package dev.longitude.recipe;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Field;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.Scaling;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An x86 host. */
final class SimulatedX86Host implements SimulatedHost {
    /** An offset with its ratio: the line that a TSC is on. */
    private record Line(long offset, long ratio) {}

    private final KernelProfile kernel;
    private final X86Host host;
    private final int guestKhz;
    private final int vcpuCount;
    private final String origin;
    private final List<TraceEvent> events = new ArrayList<>();
    private final X86Vm vm;
    private final Map<Integer, X86Vcpu> vcpus = new TreeMap<>();
    /** The deadlines that the VMM wrote: the line on which KVM armed each, or nothing if KVM dropped it. */
    private final Map<Integer, Optional<Line>> armed = new HashMap<>();

    private final Set<Property> falseReplies = EnumSet.noneOf(Property.class);

    /** The offsets that userspace's last writes asked for; empty before the first. */
    private final Set<Long> userOffset = new HashSet<>();

    /** The vCPUs that have run since. */
    private final Set<Integer> ranSince = new HashSet<>();

    private int generation;

    /** The rate that the VM's next vCPU gets, kHz. */
    private int vmKhz;

    /** The guest's kvmclock data in its memory, which migrates with it. */
    private @Nullable Long guestLastClock;

    SimulatedX86Host(
            KernelProfile kernel,
            int khz,
            int guestKhz,
            boolean scales,
            long now,
            long skew,
            @Nullable Long counter,
            int vcpuCount,
            @Nullable Long guestLastClock,
            Runnable preempt,
            String origin,
            SplittableRandom random,
            boolean showsState) {
        this.kernel = kernel;
        this.guestKhz = guestKhz;
        this.vcpuCount = vcpuCount;
        this.guestLastClock = guestLastClock;
        this.origin = origin;
        TscScaling scaling = random.nextBoolean() ? TscScaling.INTEL : TscScaling.AMD;
        // One host in four has a TSC that is about to wrap.
        long tsc = random.nextInt(4) == 0 ? -random.nextLong(1, 1L << 33) : random.nextLong() >>> 12;
        long uptime = (long) khz * random.nextLong(10_000, 864_000_000);
        this.host = new X86Host(
                khz, scales ? scaling : TscScaling.NONE, true, counter == null ? tsc : counter - uptime, events::add);
        if (!showsState) {
            host.omitState();
        }
        host.advance(uptime);
        host.setRealtime(WALL_CLOCK_BEGINS_NS + now + skew);
        this.vmKhz = khz;
        this.vm = new X86Vm(host, kernel, 0);
        vm.setBetween(preempt);
    }

    private X86Vcpu vcpu(int index) {
        return requireNonNull(vcpus.get(index));
    }

    private TraceEvent last() {
        return events.get(events.size() - 1);
    }

    @Override
    public Reply carryOut(Step step, int index, Function<Expression, Long> eval) {
        Reply reply = ofKvm(step, index, eval);
        judge(step, index, eval);
        for (Optional<X86Vcpu> next = kicked(); next.isPresent(); next = kicked()) {
            next.get().reenterGuest();
        }
        return reply;
    }

    /** The first of those that were kicked: its way through KVM may kick others. */
    private Optional<X86Vcpu> kicked() {
        return vcpus.values().stream().filter(X86Vcpu::kicked).findFirst();
    }

    private Reply ofKvm(Step step, int index, Function<Expression, Long> eval) {
        switch (step.kind()) {
            case CREATE_VCPU -> vcpus.put(index, vm.createVcpu(index));
            case ENTER_GUEST -> {
                vcpu(index).enterGuest();
                if (!armed.containsKey(index)) {
                    vcpu(index).guestSetsTimer(true, 0);
                }
            }
            case SET_LAPIC -> {
                vcpu(index).setLapic(true);
                noteDeadline(index, armed.containsKey(index));
            }
            case EXIT_GUEST -> vcpu(index).exitGuest();
            case WRITE_SYSTEM_TIME -> vcpu(index).writeSystemTime(true);
            case SET_VM_TSC_KHZ -> {
                int errno = vm.setVmTscKhz(guestKhz);
                vmKhz = errno == 0 ? guestKhz : vmKhz;
                return Reply.of(errno);
            }
            case SET_TSC_KHZ -> {
                return Reply.of(vcpu(index).setTscKhz(guestKhz));
            }
            case READ_TSC -> {
                return Reply.of("", vcpu(index).readTsc());
            }
            case WRITE_TSC -> vcpu(index).writeTsc(eval.apply(step.arg("value")));
            case WRITE_TSC_DEADLINE -> {
                vcpu(index).writeTscDeadline(counter(index) + host.millis(3_600_000));
                noteDeadline(index, true);
            }
            case GET_TSC_OFFSET -> {
                long offset = vcpu(index).getTscOffset();
                return new Reply((int) last().results().getOrDefault(Field.ERRNO, 0), ImmutableMap.of("", offset));
            }
            case SET_TSC_OFFSET -> vcpu(index).setTscOffset(eval.apply(step.arg("offset")));
            case GET_CLOCK -> {
                X86Vm.ClockData data = vm.getClock();
                boolean given = (data.flags() & KvmAbi.CLOCK_REALTIME) != 0;
                return new Reply(
                        0,
                        ImmutableMap.of(
                                "clock",
                                data.clock(),
                                "flags",
                                (long) data.flags(),
                                "realtime",
                                given ? data.realtime() : host.realtime(),
                                "hostTsc",
                                data.hostTsc()));
            }
            case SET_CLOCK -> {
                int flags = (int) (long) eval.apply(step.arg("flags"));
                long realtime = (flags & KvmAbi.CLOCK_REALTIME) == 0 ? 0 : eval.apply(step.arg("realtime"));
                return Reply.of(vm.setClock(eval.apply(step.arg("clock")), flags, realtime));
            }
            case KVMCLOCK_CTRL -> {
                return Reply.of(vcpu(index).kvmclockCtrl());
            }
            case VCPU_LOAD -> vcpu(index).load();
            default -> throw new IllegalArgumentException(step.kind() + " is not of x86");
        }
        return Reply.NOTHING;
    }

    private void noteDeadline(int index, boolean written) {
        if (written) {
            armed.put(index, vcpu(index).readTscDeadline() == 0 ? Optional.empty() : Optional.of(line(index)));
        }
    }

    /** Checks the reply itself, and notes what userspace's writes asked for. */
    private void judge(Step step, int index, Function<Expression, Long> eval) {
        switch (step.kind()) {
            case WRITE_TSC -> {
                int before = generation;
                generation = vm.curTscGeneration();
                if (generation != before) {
                    asked(vm.curTscOffset());
                }
                if (!(step.arg("value") instanceof Expression.Literal)
                        && counter(index) != eval.apply(step.arg("value"))
                        && !(userOffset.contains(vcpu(index).tscOffset()) && !ranSince.contains(index))) {
                    falseReplies.add(Property.RESTORE_TAKES_EFFECT);
                }
            }
            case SET_TSC_OFFSET -> {
                generation = vm.curTscGeneration();
                long offset = eval.apply(step.arg("offset"));
                asked(offset);
                if (vcpu(index).tscOffset() != offset) {
                    falseReplies.add(Property.RESTORE_TAKES_EFFECT);
                }
            }
            case SET_CLOCK -> {
                long shows = host.baseNs() + vm.kvmclockOffset();
                long off = shows - eval.apply(step.arg("clock"));
                if ((int) last().results().getOrDefault(Field.ERRNO, 0) == 0
                        && (eval.apply(step.arg("flags")) & KvmAbi.CLOCK_REALTIME) == 0
                        && Math.abs(off) > 1) {
                    falseReplies.add(Property.RESTORE_TAKES_EFFECT);
                }
            }
            case ENTER_GUEST -> {
                generation = vm.curTscGeneration();
                ranSince.add(index);
            }
            default -> generation = vm.curTscGeneration();
        }
    }

    /** Userspace has asked for a line. */
    private void asked(long offset) {
        userOffset.clear();
        userOffset.add(offset);
        ranSince.clear();
    }

    @Override
    public void advance(long ns) {
        host.advance(SimulatedHost.cycles(ns, host.tscKhz()));
    }

    @Override
    public void stepRealtime(long by) {
        host.setRealtime(host.realtime() + by);
    }

    @Override
    public boolean canCreateVcpu() {
        return host.scaling().supported() || vmKhz >= host.tscKhz() || isNearEnough(vmKhz);
    }

    @Override
    public boolean isNearEnough(int khz) {
        return TscScaling.nearEnough(khz, host.tscKhz());
    }

    @Override
    public long hostCounter() {
        return host.rdtsc();
    }

    @Override
    public long hostRealtime() {
        return host.realtime();
    }

    @Override
    public long scaled(long hostCounter) {
        Scaling scaling = host.scaling();
        return scaling.scale(
                hostCounter, scaling.supported() ? scaling.ratio(guestKhz, host.tscKhz()) : scaling.defaultRatio());
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
        X86Vcpu vcpu = vcpu(index);
        return host.scaling().scale(host.rdtsc(), vcpu.tscScalingRatio()) + vcpu.tscOffset();
    }

    @Override
    public @Nullable Long clock(int index) {
        PvclockPage page = vcpu(index).pvclockPage();
        if (page.version() == 0) {
            return null;
        }
        long reading = page.read(() -> counter(index));
        Long latest = guestLastClock;
        // The guest does not let an unstable clock go back.
        if (!page.contents().stable() && latest != null && reading - latest < 0) {
            return latest;
        }
        guestLastClock = latest == null || reading - latest > 0 ? Long.valueOf(reading) : latest;
        return reading;
    }

    @Override
    public Line line(int index) {
        return new Line(vcpu(index).tscOffset(), vcpu(index).tscScalingRatio());
    }

    @Override
    public ImmutableMap<String, Long> made() {
        ImmutableMap.Builder<String, Long> made = ImmutableMap.builder();
        vcpus.forEach((index, vcpu) ->
                made.put("offset " + index, vcpu.tscOffset()).put("ratio " + index, vcpu.tscScalingRatio()));
        return made.put("kvmclock offset", vm.kvmclockOffset()).buildOrThrow();
    }

    @Override
    public Set<Property> falseNow(boolean restored, boolean over) {
        Set<Property> all = EnumSet.noneOf(Property.class);
        all.addAll(falseReplies);
        for (int index : executing()) {
            Optional<Line> at = armed.get(index);
            if (at != null && !at.equals(Optional.of(line(index)))) {
                all.add(Property.TIMER_ON_TIME);
            }
            PvclockPage page = vcpu(index).pvclockPage();
            if (restored && page.version() != 0 && (page.contents().flags() & KvmAbi.PVCLOCK_GUEST_STOPPED) == 0) {
                all.add(Property.STOPPED_IS_SHOWN);
            }
            if (restored && Math.abs(scaledKhz(vcpu(index)) - guestKhz) > 1) {
                all.add(Property.SAME_RATE);
            }
        }
        if (over && executing().size() == vcpuCount && !vm.useMasterClock()) {
            all.add(Property.MASTER_CLOCK_IS_ON);
        }
        return all;
    }

    private long scaledKhz(X86Vcpu vcpu) {
        return host.scaling().scale(host.tscKhz(), vcpu.tscScalingRatio());
    }

    @Override
    public Trace trace() {
        return new Trace(
                new TraceHeader(
                        kernel,
                        new TraceHeader.X86(host.tscKhz(), host.scaling().fracBits(), true, false),
                        vcpuCount,
                        origin),
                ImmutableList.copyOf(events));
    }
}
