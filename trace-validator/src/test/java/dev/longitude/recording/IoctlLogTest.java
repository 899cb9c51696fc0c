package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoctlLogTest {
    private static final String CREATE_VM = record("null", "KVM_CREATE_VM", "{}", "{}", 0, 10, 20);
    private static final String CREATE_VCPU = record("0", "KVM_CREATE_VCPU", "{\"id\":0}", "{}", 0, 30, 90);

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static String record(String vcpu, String op, String args, String out, int ret, long lo, long hi) {
        return "{\"seq\":1,\"t\":1,\"vm\":0,\"vcpu\":" + vcpu + ",\"op\":\"" + op + "\",\"args\":" + args + ",\"ret\":"
                + ret + ",\"errno\":0,\"out\":" + out + ",\"host_tsc\":[" + lo + "," + hi + "]}\n";
    }

    private ImportedTrace read(String log, @Nullable KernelProfile kernel) throws Exception {
        Path file = folder.resolve("run.jsonl");
        Files.writeString(file, log);
        try (LineSource lines = LineSource.open(file)) {
            return IoctlLog.read(file, lines, kernel);
        }
    }

    private void host(String text) throws Exception {
        Files.writeString(folder.resolve("host.txt"), text);
    }

    private static final String HOST =
            "arch x86_64\nkernel 6.12.95-x\nclocksource tsc\ndmesg [ 1.0] tsc: Detected 1000.000 MHz processor\n";

    @Test
    void theProfileFollowsFromTheRecordedKernel() throws Exception {
        host(HOST);
        assertThat(read(CREATE_VM, null).header().kernel()).isEqualTo(KernelProfile.V6_12);
        assertThat(read(CREATE_VM, KernelProfile.V6_1).header().kernel()).isEqualTo(KernelProfile.V6_1);
        assertThat(read(CREATE_VM, null).header().x86().tscKhz()).isEqualTo(1_000_000);
    }

    @Test
    void nothingIsJudgedOnAHostWhoseTscIsUnstableIfNoTracepointsShowItsLoads() throws Exception {
        host(HOST + "dmesg [ 3.0] tsc: Marking TSC unstable due to clocksource watchdog\n");
        assertThat(read(CREATE_VM, null).disturbances())
                .containsExactly(new ImportedTrace.Disturbance(1, 0, "an unstable host TSC without tracepoints"));
    }

    /** One vCPU: its creation loads it twice before it writes its TSC, and so does each later ioctl, once. */
    private static final String LOADS = """
               probe-1  [000] ...1.  40: kvm_write_tsc_offset: vcpu=0 prev=0 next=0
               probe-1  [000] ...1.  45: kvm_write_tsc_offset: vcpu=0 prev=0 next=18446744073709551573
               probe-1  [000] d..1.  50: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551573 next=18446744073709551568
               probe-1  [000] d..1.  60: kvm_track_tsc: vcpu_id 0 masterclock 0 offsetmatched 0 nr_online 1 hostclock none
               probe-1  [000] ...1.  210: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551568 next=18446744073709551416
            """;

    private static final String READ_OFFSET = record(
            "0",
            "KVM_GET_DEVICE_ATTR",
            "{\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\"}",
            "{\"offset\":-200}",
            0,
            200,
            230);

    @Test
    void aLoadOnAnUnstableTscIsAnEvent() throws Exception {
        host(HOST + "dmesg [ 0.0] tsc: Marking TSC unstable due to boot parameter\n");
        Files.writeString(folder.resolve("run.ftrace.txt"), LOADS);
        ImportedTrace trace = read(CREATE_VM + CREATE_VCPU + READ_OFFSET, null);
        assertThat(trace.header().x86().tscUnstable()).isTrue();
        assertThat(trace.header().x86().tscClocksource()).isFalse();
        assertThat(trace.disturbances()).isEmpty();
        assertThat(trace.modelled()).isEqualTo(3);
        assertThat(trace.events())
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.CREATE_VM, Operation.CREATE_VCPU, Operation.LOAD_VCPU, Operation.GET_TSC_OFFSET);
        assertThat(trace.events().get(1).state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -48L));
        TraceEvent load = trace.events().get(2);
        assertThat(load.state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -200L));
        assertThat(load.counter().lo()).isEqualTo(200);
        assertThat(load.counter().hi()).isEqualTo(210);
        assertThat(trace.tracepoints()).isEqualTo("all tracepoints taken");
    }

    @Test
    void loadsThatWriteAnOffsetShowThatTheTscIsUnstable() throws Exception {
        host(HOST);
        Files.writeString(folder.resolve("run.ftrace.txt"), LOADS);
        assertThat(read(CREATE_VM + CREATE_VCPU + READ_OFFSET, null)
                        .header()
                        .x86()
                        .tscUnstable())
                .isTrue();
    }

    /** The offsets: -290 as it is loaded, -240 as it is caught up with; and again when the thread comes back. */
    private static final String PREEMPTED = """
               probe-1  [000] ...1.  310: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551416 next=18446744073709551326
               probe-1  [000] d....  350: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551326 next=18446744073709551376
               probe-1  [000] ...1.  500: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551376 next=18446744073709551286
               probe-1  [000] d....  540: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551286 next=18446744073709551366
            """;

    /** The steps of one run on a host whose TSC is unstable. */
    private List<TraceEvent> steps(String tracepoints, String run) throws Exception {
        host(HOST + "dmesg [ 0.0] tsc: Marking TSC unstable due to boot parameter\n");
        Files.writeString(folder.resolve("run.ftrace.txt"), LOADS + tracepoints);
        List<TraceEvent> events =
                read(CREATE_VM + CREATE_VCPU + READ_OFFSET + run, null).events();
        return events.subList(4, events.size());
    }

    @Test
    void aRunThatWasPreemptedIsLeftAndEnteredAgain() throws Exception {
        List<TraceEvent> steps =
                steps(PREEMPTED, record("0", "KVM_RUN", "{\"guest\":\"rdtsc\"}", "{\"guest_tsc\":450}", 0, 300, 900));
        assertThat(steps)
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.LOAD_VCPU,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST,
                        Operation.LOAD_VCPU,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.GUEST_READ_TSC,
                        Operation.EXIT_GUEST);
        assertThat(steps.get(2).state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -240L));
        // It was loaded at 500 with an offset that is less by 90: it was seen last 90 cycles before.
        assertThat(steps.get(3).counter()).isEqualTo(Interval.exactly(410));
    }

    /** The guest leaves for the MSR at 410; KVM reads it at 430, by the offset -240, and is preempted then. */
    @Test
    void whatKvmReadsForAGuestIsReadWhenTheGuestHasLeft() throws Exception {
        assertThat(steps(
                        PREEMPTED,
                        record(
                                "0",
                                "KVM_RUN",
                                "{\"guest\":\"rdmsr\",\"index\":\"0x10\"}",
                                "{\"data\":190}",
                                0,
                                300,
                                900)))
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.LOAD_VCPU,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST,
                        Operation.READ_TSC,
                        Operation.LOAD_VCPU,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST);
    }

    /** Caught up with three times, to the offsets -240, -235 and -230: 215 was read at 450, by the second. */
    @Test
    void whatTheGuestReadStandsBehindTheEntryWhoseOffsetItShows() throws Exception {
        List<TraceEvent> steps =
                steps("""
               probe-1  [000] ...1.  310: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551416 next=18446744073709551326
               probe-1  [000] d....  350: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551326 next=18446744073709551376
               probe-1  [000] d....  400: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551376 next=18446744073709551381
               probe-1  [000] d....  500: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551381 next=18446744073709551386
            """, record("0", "KVM_RUN", "{\"guest\":\"rdtsc\"}", "{\"guest_tsc\":215}", 0, 300, 900));
        assertThat(steps)
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.LOAD_VCPU,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.REENTER_GUEST,
                        Operation.GUEST_READ_TSC,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.REENTER_GUEST,
                        Operation.EXIT_GUEST);
        assertThat(steps.get(4).state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -235L));
    }

    @Test
    void aRunIsLaidOutByItsTracepoints() throws Exception {
        host(HOST);
        String page = "pvclock { version 2, tsc_timestamp 0x1, system_time 0x1, tsc_to_system_mul 0x80000000, "
                + "tsc_shift 1, flags 0x1 }\n";
        Files.writeString(
                folder.resolve("run.ftrace.txt"),
                "   probe-1  [000] d..1.  50: kvm_write_tsc_offset: vcpu=0 prev=0 next=18446744073709551568\n"
                        + "   probe-1  [000] .....  310: kvm_pvclock_update: vcpu_id 0, " + page
                        + "   probe-1  [000] d....  400: kvm_write_tsc_offset: vcpu=0 prev=18446744073709551568"
                        + " next=18446744073709551573\n"
                        + "   probe-1  [000] .....  450: kvm_pvclock_update: vcpu_id 0, " + page);
        String active = record("0", "KVM_SET_MSRS", "{\"index\":\"0x4b564d01\",\"data\":1}", "{}", 1, 100, 110);
        String run = record("0", "KVM_RUN", "{\"guest\":\"wrmsr\",\"index\":\"0x3b\",\"data\":5}", "{}", 0, 300, 900);
        List<TraceEvent> events =
                read(CREATE_VM + CREATE_VCPU + active + run, null).events();
        List<TraceEvent> steps = events.subList(3, events.size());
        assertThat(steps)
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.ENTER_GUEST,
                        Operation.GUEST_WRITE_TSC_ADJUST,
                        Operation.ASK_FOR_CLOCK_UPDATE,
                        Operation.REENTER_GUEST,
                        Operation.EXIT_GUEST);
        assertThat(steps.get(1).counter().hi()).isEqualTo(310);
        assertThat(steps.get(2).state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -43L));
    }

    @Test
    void aRefinedRateIsBetterThanADetectedOne() throws Exception {
        host(HOST + "dmesg [ 2.0] tsc: Refined TSC clocksource calibration: 1000.123 MHz\n");
        assertThat(read(CREATE_VM, null).header().x86().tscKhz()).isEqualTo(1_000_123);
    }

    @Test
    void whatIsMissingIsNamed() throws Exception {
        assertThatThrownBy(() -> read(CREATE_VM, null))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageEndingWith("no host.txt beside it names the kernel; say which with --kernel");
        assertThatThrownBy(() -> read(CREATE_VM, KernelProfile.V6_12))
                .hasMessageEndingWith("the rate of the host's TSC is nowhere to be found");
        host(HOST.replace("6.12.95", "4.19.1"));
        assertThatThrownBy(() -> read(CREATE_VM, null))
                .hasMessageContaining("no profile covers the recorded kernel 4.19.1");
        host(HOST.replace("x86_64", "aarch64"));
        assertThatThrownBy(() -> read(CREATE_VM, null))
                .hasMessageContaining("expected host_cntvct: the host is aarch64");
        host(HOST.replace("x86_64", "riscv64"));
        assertThatThrownBy(() -> read(CREATE_VM, null)).hasMessageContaining("recorded on riscv64");
    }

    @Test
    void runIsAnEntryAReadAndAnExit() throws Exception {
        host(HOST);
        ImportedTrace trace = read(
                CREATE_VM
                        + CREATE_VCPU
                        + record(
                                "0",
                                "KVM_RUN",
                                "{\"guest\":\"rdtsc\"}",
                                "{\"guest_tsc\":18446744073709551615}",
                                0,
                                100,
                                200),
                null);
        List<TraceEvent> events = trace.events();
        assertThat(events)
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.CREATE_VM,
                        Operation.CREATE_VCPU,
                        Operation.ENTER_GUEST,
                        Operation.GUEST_READ_TSC,
                        Operation.EXIT_GUEST);
        assertThat(events.get(3).results()).containsEntry(Field.VALUE, -1L);
    }

    @Test
    void aTracepointWithinTheBracketTellsTheOffset() throws Exception {
        host(HOST);
        Files.writeString(folder.resolve("run.ftrace.txt"), """
                   probe-1  [000] d..1.  50: kvm_write_tsc_offset: vcpu=0 prev=0 next=18446744073709551576
                   probe-1  [000] d..1.  60: kvm_track_tsc: vcpu_id 0 masterclock 0 offsetmatched 0 nr_online 1 hostclock tsc
                   probe-1  [000] d..1.  5000: kvm_write_tsc_offset: vcpu=0 prev=0 next=7
                """);
        ImportedTrace trace = read(CREATE_VM + CREATE_VCPU, null);
        TraceEvent create = trace.events().get(1);
        assertThat(create.state())
                .containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -40L))
                .containsEntry(StateVariable.NR_VCPUS_MATCHED, 0);
        assertThat(create.counter().hi()).isEqualTo(50);
        assertThat(create.revealedOffsets()).containsExactly(-40L);
        assertThat(trace.tracepoints())
                .isEqualTo("tracepoints taken, but for 1 that lie within no operation of the log");
    }

    @Test
    void aLaterReadRevealsTheOffset() throws Exception {
        host(HOST);
        ImportedTrace trace = read(
                CREATE_VM
                        + CREATE_VCPU
                        + record(
                                "0",
                                "KVM_GET_DEVICE_ATTR",
                                "{\"group\":\"KVM_VCPU_TSC_CTRL\",\"attr\":\"KVM_VCPU_TSC_OFFSET\"}",
                                "{\"offset\":-40}",
                                0,
                                100,
                                110),
                null);
        assertThat(trace.events().get(1).revealedOffsets()).containsExactly(-40L);
    }

    @Test
    void whatIsNotModelledIsCountedAndWhatMayDisturbIsMarked() throws Exception {
        host(HOST);
        ImportedTrace trace = read(
                CREATE_VM
                        + record("null", "KVM_CREATE_IRQCHIP", "{}", "{}", 0, 25, 26)
                        + CREATE_VCPU
                        + record("0", "KVM_SET_MP_STATE", "{}", "{}", 0, 95, 96)
                        + record("null", "KVM_SET_CLOCK_GUEST", "{}", "{}", 0, 100, 110)
                        + record("0", "KVM_SET_MSRS", "{\"index\":\"0x10\",\"data\":5}", "{}", 0, 120, 130),
                null);
        assertThat(trace.summary())
                .isEqualTo("modelled: 2 of 3 operations that concern the guest's time (66.7 %), "
                        + "not KVM_SET_CLOCK_GUEST 1; 3 others");
        assertThat(trace.disturbances()).containsExactly(new ImportedTrace.Disturbance(5, 0, "KVM_SET_CLOCK_GUEST"));
    }

    /** The kernel stops at the first MSR that it refuses: whether the TSC came before it, nobody can say. */
    @Test
    void aWriteOfSeveralMsrsThatStoppedHalfwayIsNotTakenForDone() throws Exception {
        host(HOST);
        String args = "{\"nmsrs\":5,\"clock_msrs\":{\"0x10\":7}}";
        String whole = record("0", "KVM_SET_MSRS", args, "{}", 5, 100, 110);
        String half = record("0", "KVM_SET_MSRS", args, "{}", 3, 100, 110);
        assertThat(read(CREATE_VM + CREATE_VCPU + whole, null).events())
                .extracting(TraceEvent::operation)
                .contains(Operation.WRITE_TSC);
        assertThat(read(CREATE_VM + CREATE_VCPU + half, null).disturbances())
                .containsExactly(new ImportedTrace.Disturbance(3, 0, "KVM_SET_MSRS"));
    }

    /** 2^32 + 14 is not 14. */
    @Test
    void aNumberThatDoesNotFitIsNotCut() throws Exception {
        host(HOST);
        String clock = record("null", "KVM_GET_CLOCK", "{}", "{\"flags\":4294967310}", 0, 100, 110);
        assertThatThrownBy(() -> read(CREATE_VM + clock, null))
                .hasMessageEndingWith(":2:1: expected flags of KVM_GET_CLOCK from 0 to 2147483647");
    }

    @Test
    void aCutLogIsRefused() throws Exception {
        host(HOST);
        assertThatThrownBy(() -> read(CREATE_VM + CREATE_VCPU.strip(), null)).hasMessageContaining("truncated");
        assertThatThrownBy(() -> read(CREATE_VM + CREATE_VCPU.substring(0, 60), null))
                .hasMessageContaining(":2:")
                .hasMessageContaining("truncated");
    }
}
