package dev.longitude.scenario;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.TraceEvent;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** One host, one VM, and what a scenario does to them. */
final class X86Stage {
    static final int TSC_KHZ = 2_596_124;
    static final long MINUTES_3 = 180_000_000_000L;
    static final ImmutableList<TscScaling> SCALINGS =
            ImmutableList.of(TscScaling.NONE, TscScaling.INTEL, TscScaling.AMD);

    final X86Host host;
    final KernelProfile kernel;
    final boolean clocksourceIsTsc;
    final X86Vm vm;
    final int nrVcpus;
    final SplittableRandom random;
    final List<X86Vcpu> vcpus = new ArrayList<>();
    final List<TraceEvent> events = new ArrayList<>();

    X86Stage(KernelProfile kernel, int nrVcpus, SplittableRandom random, long tsc) {
        this.kernel = kernel;
        this.nrVcpus = nrVcpus;
        this.random = random;
        // One host in eight has another clocksource, two in three scale.
        this.clocksourceIsTsc = random.nextInt(8) != 0;
        this.host = new X86Host(TSC_KHZ, SCALINGS.get(random.nextInt(3)), clocksourceIsTsc, tsc, events::add);
        host.setRealtime(1_626_400_000_000_000_000L + random.nextInt(1_000_000_000));
        this.vm = new X86Vm(host, kernel, 0);
    }

    void pass(long ms) {
        host.advance(host.millis(ms) + random.nextInt(1000));
    }

    void create() {
        pass(1);
        vcpus.add(vm.createVcpu(vcpus.size()));
    }

    void createAll() {
        for (int i = 0; i < nrVcpus; i++) {
            create();
        }
    }

    /** Creates all vCPUs, each with a kvmclock page, and reads the clocks. */
    void createAllWithClocks() {
        createAll();
        vcpus.forEach(v -> v.writeSystemTime(true));
        readClocks();
    }

    /** Sets the offset where the kernel can. */
    void setOffset(X86Vcpu vcpu, long offset) {
        if (vm.hasTscOffsetAttribute()) {
            vcpu.setTscOffset(offset);
        }
    }

    void writeAll(long value, int msBetween) {
        for (X86Vcpu vcpu : vcpus) {
            vcpu.writeTsc(value);
            pass(msBetween);
        }
    }

    void runEach() {
        for (X86Vcpu vcpu : vcpus) {
            if (vm.hasTscOffsetAttribute()) {
                vcpu.getTscOffset();
            }
            run(vcpu);
            vcpu.readTsc();
        }
        vm.getClock();
    }

    void run(X86Vcpu vcpu) {
        pass(1);
        vcpu.enterGuest();
        pass(0);
        vcpu.guestReadTsc();
        vcpu.exitGuest();
    }

    /** Sets kvmclock; if the distance is not 0, by a real time that many ns from now. */
    void setClock(long clock, long shift) {
        vm.setClock(clock, shift == 0 ? 0 : KvmAbi.CLOCK_REALTIME, shift == 0 ? 0 : host.realtime() + shift);
        vm.getClock();
    }

    /** Every vCPU with a page runs and reads its clocks; the VMM reads the clock and the page. */
    void readClocks() {
        for (X86Vcpu vcpu : vcpus) {
            pass(1);
            vcpu.enterGuest();
            pass(0);
            if (vcpu.showsClock()) {
                vcpu.guestReadClock();
            }
            vcpu.guestReadTsc();
            vcpu.exitGuest();
            vcpu.readPvclockPage();
        }
        vm.getClock();
    }

    void readBoth() {
        pass(0);
        vcpus.get(0).guestReadTsc();
        vcpus.get(0).guestReadTscAdjust();
    }

    void anything() {
        if (random.nextInt(3) == 0) {
            pass(random.nextInt(4) == 0 ? random.nextInt(3_000) : random.nextInt(10));
        }
        int index = random.nextInt(nrVcpus);
        if (index >= vcpus.size()) {
            create();
            return;
        }
        X86Vcpu vcpu = vcpus.get(index);
        if (vcpu.inGuest()) {
            inTheGuest(vcpu);
            return;
        }
        switch (random.nextInt(20)) {
            case 0 -> vcpu.writeTsc(anyValue(vcpu));
            case 1 ->
                setOffset(
                        vcpu,
                        random.nextInt(3) == 0
                                ? random.nextLong()
                                : vcpus.get(random.nextInt(vcpus.size())).tscOffset());
            case 2 -> vcpu.readTsc();
            case 3 -> vm.getClock();
            case 4 -> vm.setClock(random.nextLong() >>> 20, 0, 0);
            case 5 -> setClock(random.nextLong() >>> 20, random.nextInt() * 1_000L);
            case 6 -> vcpu.writeTscAdjust(random.nextLong());
            case 7 -> vcpu.readTscAdjust();
            case 8 -> vcpu.setTscKhz(random.nextInt(2) * (TSC_KHZ - random.nextInt(TSC_KHZ) + TSC_KHZ / 2));
            case 9 -> vcpu.getTscKhz();
            case 10 -> vcpu.writeSystemTime(random.nextInt(4) != 0);
            case 11 -> vcpu.kvmclockCtrl();
            case 12 -> vcpu.readPvclockPage();
            case 13 -> vcpu.load();
            case 14 -> vcpu.askForClockUpdate();
            case 15 -> anythingOfTheHost();
            default -> vcpu.enterGuest();
        }
    }

    private void inTheGuest(X86Vcpu vcpu) {
        switch (random.nextInt(16)) {
            case 0 -> vcpu.guestWriteTsc(anyValue(vcpu));
            case 1 -> vcpu.guestWriteTscAdjust(host.millis(random.nextInt(1_000)));
            case 2 -> vcpu.guestReadTscAdjust();
            case 3 -> vcpu.guestWriteSystemTime(random.nextInt(4) != 0, random.nextInt(4) == 0);
            case 4, 5 -> vcpu.reenterGuest();
            case 6 -> vm.getClock();
            case 7, 8 -> {
                vcpu.reenterGuest();
                if (vcpu.showsClock()) {
                    vcpu.guestReadClock();
                }
            }
            case 9 -> {
                vcpu.reenterGuest();
                if ((vcpu.pvclockPage().contents().flags() & KvmAbi.PVCLOCK_GUEST_STOPPED) != 0) {
                    vcpu.guestClearsStopped();
                }
            }
            case 10, 11, 12 -> vcpu.exitGuest();
            default -> vcpu.guestReadTsc();
        }
    }

    private void anythingOfTheHost() {
        switch (random.nextInt(8)) {
            case 0 -> host.markTscUnstable();
            case 1 -> {
                if (vcpus.stream().noneMatch(X86Vcpu::inGuest)) {
                    host.resume(host.millis(1 + random.nextInt(500)), random.nextInt(1_000_000_000));
                }
            }
            case 2, 3, 4 -> host.setTscClocksource(!host.tscClocksource() && !host.tscUnstable());
            default -> host.setRealtime(host.realtime() + random.nextInt());
        }
    }

    /** Mostly values that a restore would write: near the guest's TSC, or the same again. */
    private long anyValue(X86Vcpu vcpu) {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> random.nextLong();
            case 2 -> host.millis(10_000);
            default -> host.rdtsc() + vcpu.tscOffset() + host.millis(random.nextInt(4_000) - 2_000);
        };
    }
}
