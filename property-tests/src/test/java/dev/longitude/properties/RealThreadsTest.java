package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceWriter;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceValidator;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A thread for each vCPU, one for the VMM and one for time: every resulting trace conforms. Each run begins with what the
 * test is about, in an order that it forces: all vCPUs are in the guest when the VMM acts. After that the threads are
 * free, and nothing is asserted of the order that they find.
 */
class RealThreadsTest {
    private static final int VCPUS = 3;
    private static final int ROUNDS = 300;
    private static final int TSC_KHZ = 1_000_000;

    @ParameterizedTest
    @ValueSource(strings = {"v6.1", "v7.3", "corrected"})
    void anyScheduleConforms(KernelProfile kernel) throws Exception {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(TSC_KHZ, TscScaling.NONE, true, -1_000_000, events::add);
        X86Vm vm = new X86Vm(host, kernel, 0);
        List<X86Vcpu> vcpus = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            vcpus.add(vm.createVcpu(i));
            vcpus.get(i).writeSystemTime(true);
        }
        Meeting meeting = new Meeting(VCPUS + 1);
        AtomicBoolean setting = new AtomicBoolean(true);
        List<Work> all = new ArrayList<>();
        for (X86Vcpu vcpu : vcpus) {
            all.add(() -> {
                vcpu.enterGuest();
                meeting.everyoneArrives();
                meeting.everyoneArrives();
                vcpu.guestReadClock();
                vcpu.exitGuest();
                do {
                    guest(vcpu);
                } while (setting.get());
            });
        }
        all.add(() -> {
            try {
                meeting.everyoneArrives();
                vm.setClock(1_000_000L, 0, 0);
                meeting.everyoneArrives();
                vmm(host, vm, vcpus);
            } finally {
                setting.set(false);
            }
        });
        together(all, () -> host.advance(1_000));
        assertConforms(kernel, new TraceHeader.X86(TSC_KHZ, 0, host.tscClocksource(), false), events);
        TraceEvent set = first(events, Operation.SET_CLOCK);
        assertThat(inGuest(set))
                .as("vCPUs in the guest when KVM_SET_CLOCK kicks them out")
                .isEqualTo(VCPUS);
        assertThat(events)
                .filteredOn(e -> e.operation() == Operation.REENTER_GUEST)
                .hasSizeGreaterThanOrEqualTo(VCPUS);
        assertThat(events).anyMatch(e -> e.operation() == Operation.SET_TSC_OFFSET || !vm.hasTscOffsetAttribute());
    }

    /** On arm64 a second VM without an offset shares a CPU with the first one's vCPU 0. */
    @ParameterizedTest
    @CsvSource({"series-v1, true", "series-v2, false", "v6.1, true", "v6.12, false", "v7.3, true", "corrected, true"})
    void anyScheduleConformsOnArm64(KernelProfile kernel, boolean vhe) throws Exception {
        List<TraceEvent> events = new ArrayList<>();
        Arm64Host host = new Arm64Host(kernel, vhe, true, VCPUS, -1_000_000, events::add);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu other = host.createVm(1).createVcpu(0);
        List<Arm64Vcpu> vcpus = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            vcpus.add(vm.createVcpu(i));
        }
        Arm64Vcpu idle = vm.createVcpu(VCPUS); // its ioctls never wait for a KVM_RUN
        Meeting meeting = new Meeting(VCPUS + 1);
        AtomicBoolean setting = new AtomicBoolean(true);
        List<Work> all = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            int pcpu = i;
            Arm64Vcpu vcpu = vcpus.get(i);
            all.add(() -> {
                vcpu.load(pcpu);
                vcpu.enterGuest();
                meeting.everyoneArrives();
                meeting.everyoneArrives();
                vcpu.guestReadCntvct();
                vcpu.exitGuest();
                vcpu.put(true);
                while (setting.get()) {
                    run(vcpu, pcpu);
                    if (pcpu == 0) {
                        run(other, 0);
                    }
                }
            });
        }
        all.add(() -> {
            try {
                meeting.everyoneArrives();
                idle.setTimerCnt(1_000);
                meeting.everyoneArrives();
                vmm(host, vm, vcpus);
            } finally {
                setting.set(false);
            }
        });
        together(all, () -> host.advance(1_000));
        assertConforms(kernel, host.described(), events);
        assertThat(inGuest(first(events, Operation.SET_TIMER_CNT)))
                .as("vCPUs in the guest when the counter is set")
                .isEqualTo(VCPUS);
        if (!kernel.has(Switch.OFFSETS_OF_VM)) {
            assertThat(events.stream()
                            .filter(e -> e.operation() == Operation.BROADCAST_TO && inGuest(e) == VCPUS)
                            .count())
                    .as("steps of a broadcast while all are in the guest")
                    .isGreaterThan(VCPUS);
        }
    }

    private static TraceEvent first(List<TraceEvent> events, Operation operation) {
        return events.stream()
                .filter(e -> e.operation() == operation)
                .findFirst()
                .orElseThrow();
    }

    /** Where so many threads wait for each other. */
    private static final class Meeting {
        private static final int MOST_SECONDS = 60;
        private final CyclicBarrier barrier;

        Meeting(int threads) {
            barrier = new CyclicBarrier(threads);
        }

        void everyoneArrives() {
            try {
                barrier.await(MOST_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException("a thread does not arrive", e);
            }
        }
    }

    private static int inGuest(TraceEvent event) {
        return event.state().get(StateVariable.IN_GUEST) instanceof Set<?> inside ? inside.size() : 0;
    }

    private static void run(Arm64Vcpu vcpu, int pcpu) {
        vcpu.load(pcpu);
        vcpu.enterGuest();
        vcpu.guestReadCntvct();
        LockSupport.parkNanos(1_000);
        vcpu.guestReadCntpct();
        vcpu.exitGuest();
        vcpu.put(true);
    }

    private static void vmm(Arm64Host host, Arm64Vm vm, List<Arm64Vcpu> vcpus) {
        for (int i = 0; i < ROUNDS / 10; i++) {
            Arm64Vcpu vcpu = vcpus.get(i % VCPUS);
            vcpu.setTimerCnt(host.cntpct() + i);
            vcpu.setPtimerCnt(host.cntpct() + i);
            vcpu.getTimerCnt();
            if (vcpu.hasOffsetAttributes()) {
                vcpu.setVtimerOffset(i);
                vcpu.setPtimerOffset(i / 2);
            }
            vm.setCounterOffset(1_000L * i, i < ROUNDS / 20 ? 1 : 0);
        }
    }

    private static void guest(X86Vcpu vcpu) {
        for (int i = 0; i < ROUNDS; i++) {
            vcpu.enterGuest();
            vcpu.guestReadTsc();
            LockSupport.parkNanos(1_000);
            vcpu.guestReadClock();
            vcpu.exitGuest();
        }
    }

    private static void vmm(X86Host host, X86Vm vm, List<X86Vcpu> vcpus) {
        for (int i = 0; i < ROUNDS / 10; i++) {
            for (X86Vcpu vcpu : vcpus) {
                if (i % 3 == 0) {
                    vcpu.writeTsc(host.rdtsc() + i);
                } else {
                    vcpu.setTscOffset(1_000L * i);
                }
                vm.getClock();
            }
            vm.setClock(1_000_000L * i, 0, 0);
        }
    }

    /** Runs all of them at once, each in its thread, while time passes in another. */
    private static void together(List<Work> works, Work passing) throws Exception {
        AtomicBoolean running = new AtomicBoolean(true);
        CountDownLatch start = new CountDownLatch(1);
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<Void>> all = new ArrayList<>();
            works.forEach(work -> all.add(threads.submit(after(start, work))));
            Future<Void> time = threads.submit(after(start, () -> {
                while (running.get()) {
                    passing.run();
                    LockSupport.parkNanos(1_000);
                }
            }));
            start.countDown();
            for (Future<Void> each : all) {
                each.get();
            }
            running.set(false);
            time.get();
        } finally {
            running.set(false);
            threads.shutdownNow();
        }
    }

    private interface Work {
        void run();
    }

    private static Callable<Void> after(CountDownLatch start, Work work) {
        return () -> {
            start.await();
            work.run();
            return null;
        };
    }

    /** The schedule cannot be repeated, so the test saves a trace that does not conform. */
    private static void assertConforms(KernelProfile kernel, TraceHeader.Host host, List<TraceEvent> events)
            throws Exception {
        TraceHeader header = new TraceHeader(kernel, host, VCPUS + 1, "real threads");
        TraceValidator validator = new TraceValidator(header);
        for (TraceEvent event : ImmutableList.copyOf(events)) {
            Optional<Refusal> refusal = validator.accept(event);
            if (refusal.isPresent()) {
                Path kept = Path.of("target", "real-threads-" + kernel + ".ndjson");
                try (OutputStream out = Files.newOutputStream(kept);
                        TraceWriter writer = new TraceWriter(out, header)) {
                    for (TraceEvent each : events) {
                        writer.write(each);
                    }
                }
                throw new AssertionError(refusal.get().explain("trace")
                        + "\nto see it again: ./longitude validate property-tests/" + kept);
            }
        }
        assertThat(validator.events()).isEqualTo(events.size());
    }
}
