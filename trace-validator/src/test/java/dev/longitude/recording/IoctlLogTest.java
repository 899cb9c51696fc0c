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
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoctlLogTest {
    private static final String CREATE_VM = record("null", "KVM_CREATE_VM", "{}", "{}", 0, 10, 20);
    private static final String CREATE_VCPU = record("0", "KVM_CREATE_VCPU", "{\"id\":0}", "{}", 0, 30, 90);

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static String record(String vcpu, String op, String args, String out, int ret, long lo, long hi) {
        return "{\"t\":1,\"vm\":0,\"vcpu\":" + vcpu + ",\"op\":\"" + op + "\",\"args\":" + args + ",\"ret\":" + ret
                + ",\"errno\":0,\"out\":" + out + ",\"host_tsc\":[" + lo + "," + hi + "]}\n";
    }

    private ImportedTrace read(String log, @Nullable KernelProfile kernel) throws Exception {
        Path file = folder.resolve("run.jsonl");
        Files.writeString(file, log);
        try (LineSource lines = LineSource.open(file)) {
            return new IoctlLog().read(file, lines, kernel);
        }
    }

    private void host(String text) throws Exception {
        Files.writeString(folder.resolve("host.txt"), text);
    }

    private static final String HOST =
            "arch x86_64\nkernel 6.12.95-x\nclocksource tsc\ndmesg [ 1.0] tsc: Refined TSC clocksource calibration: 1000.000 MHz\n";

    @Test
    void theProfileFollowsFromTheRecordedKernel() throws Exception {
        host(HOST);
        assertThat(read(CREATE_VM, null).header().kernel()).isEqualTo(KernelProfile.of("v6.12"));
        assertThat(read(CREATE_VM, KernelProfile.of("v6.1")).header().kernel()).isEqualTo(KernelProfile.of("v6.1"));
        assertThat(read(CREATE_VM, null).header().x86().tscKhz()).isEqualTo(1_000_000);
    }

    @Test
    void nothingIsJudgedOnAHostWhoseTscIsUnstableIfNoTracepointsShowItsLoads() throws Exception {
        host(HOST + "dmesg [ 3.0] tsc: Marking TSC unstable due to clocksource watchdog\n");
        ImportedTrace trace = read(CREATE_VM, null);
        assertThat(trace.disturbances())
                .extracting(ImportedTrace.Disturbance::line)
                .containsExactly(1);
        assertThat(trace.events()).isEmpty();
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
                        Operation.CREATE_VM, Operation.CREATE_VCPU, Operation.X86_VCPU_LOAD, Operation.GET_TSC_OFFSET);
        assertThat(trace.events().get(1).state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -48L));
        TraceEvent load = trace.events().get(2);
        assertThat(load.state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -200L));
        assertThat(load.counter().lo()).isEqualTo(200);
        assertThat(load.counter().hi()).isEqualTo(210);
        assertThat(trace.notes()).isEmpty();
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

    /** The offsets: -290 at its load, -240 when KVM catches up; and again when the thread comes back. */
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

    /** KVM last saw the vCPU between the entry's tracepoint and the load's: nothing shows where. */
    @Test
    void aRunThatWasPreemptedIsLeftAndEnteredAgain() throws Exception {
        List<TraceEvent> steps =
                steps(PREEMPTED, record("0", "KVM_RUN", "{\"guest\":\"rdtsc\"}", "{\"guest_tsc\":450}", 0, 300, 900));
        assertThat(certain(steps))
                .filteredOn(operation -> operation != Operation.GUEST_READ_TSC)
                .containsExactly(
                        Operation.X86_VCPU_LOAD,
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST,
                        Operation.X86_VCPU_LOAD,
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST);
        TraceEvent entry = only(steps.subList(0, 4), Operation.ENTER_GUEST);
        assertThat(entry.state()).containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -240L));
        assertThat(entry.counter()).isEqualTo(new Interval(310, 350));
        assertThat(only(steps.subList(0, 5), Operation.EXIT_GUEST).counter()).isEqualTo(new Interval(350, 500));
    }

    /** The guest may have read it in the first entry or in the second: the read is a thread of its own. */
    @Test
    void whereInARunOfSeveralEntriesTheGuestReadIsLeftOpen() throws Exception {
        List<TraceEvent> steps =
                steps(PREEMPTED, record("0", "KVM_RUN", "{\"guest\":\"rdtsc\"}", "{\"guest_tsc\":450}", 0, 300, 900));
        TraceEvent read = only(steps, Operation.GUEST_READ_TSC);
        assertThat(read.counter()).isEqualTo(new Interval(300, 900));
        assertThat(read.thread())
                .isNotEqualTo(only(steps.subList(0, 3), Operation.ENTER_GUEST).thread());
    }

    private static List<Operation> certain(List<TraceEvent> events) {
        return events.stream()
                .filter(e -> !e.optional())
                .map(TraceEvent::operation)
                .toList();
    }

    private static TraceEvent only(List<TraceEvent> events, Operation operation) {
        return events.stream()
                .filter(e -> e.operation() == operation)
                .findFirst()
                .orElseThrow();
    }

    /** Two vCPUs enter; each performs a masterclock update, and both write their pages after the second. */
    private static String overlapping(String before, String after) {
        String page = "pvclock { version 2, tsc_timestamp 0x1, system_time 0x1, tsc_to_system_mul 0x80000000, "
                + "tsc_shift 1, flags 0x1 }\n";
        String update = ": kvm_update_master_clock: masterclock 1 hostclock tsc offsetmatched 1\n";
        return "   vmm-11  [000] d..1.  " + before + update + "   vmm-12  [000] d..1.  " + after + update
                + "   vmm-12  [000] .....  330: kvm_pvclock_update: vcpu_id 1, " + page
                + "   vmm-11  [000] .....  340: kvm_pvclock_update: vcpu_id 0, " + page;
    }

    @Test
    void anUpdateIsAStepOfItsOwnIfAnotherThreadPerformsOneBeforeItsPage() throws Exception {
        host(HOST);
        StringBuilder log = new StringBuilder(CREATE_VM);
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            log.append(record(
                    "" + vcpu, "KVM_CREATE_VCPU", "{\"id\":" + vcpu + "}", "{}", 0, 40 + 10 * vcpu, 45 + 10 * vcpu));
        }
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            String active = "{\"index\":\"0x4b564d01\",\"data\":1}";
            log.append(record("" + vcpu, "KVM_SET_MSRS", active, "{}", 1, 100 + 10 * vcpu, 105 + 10 * vcpu));
        }
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            String thread = "{\"thread\":\"" + (11 + vcpu) + "\"}";
            log.append(record("" + vcpu, "KVM_RUN", thread, "{}", 0, 300, 900));
        }
        Files.writeString(folder.resolve("run.ftrace.txt"), overlapping("310", "320"));
        List<TraceEvent> first = read(log.toString(), null).events().stream()
                .filter(e -> Objects.equals(e.args().get(Field.VCPU), 0)
                        && e.counter().lo() >= 300)
                .toList();
        assertThat(first)
                .extracting(TraceEvent::operation)
                .startsWith(Operation.PERFORM_MASTERCLOCK_UPDATE, Operation.ENTER_GUEST);
        assertThat(first.get(0).counter().hi()).isEqualTo(310);
        assertThat(first.get(0).state()).containsEntry(StateVariable.USE_MASTER_CLOCK, true);
        assertThat(first.get(1).state()).containsKey(StateVariable.PVCLOCK_SYSTEM_TIME);
        assertThat(first.get(1).counter().hi()).isEqualTo(340);

        // Here vCPU 0's is the later one.
        Files.writeString(folder.resolve("run.ftrace.txt"), overlapping("325", "320"));
        assertThat(read(log.toString(), null).events())
                .filteredOn(e -> Objects.equals(e.args().get(Field.VCPU), 0))
                .extracting(TraceEvent::operation)
                .doesNotContain(Operation.PERFORM_MASTERCLOCK_UPDATE);
    }

    /** A thread is preempted after its page: its vCPU, which had been in the guest, has left it before its update. */
    @Test
    void aVcpuThatDoesNotGetBackIntoTheGuestLeavesItBeforeItsUpdate() throws Exception {
        host(HOST + "dmesg [ 0.0] tsc: Marking TSC unstable due to boot parameter\n");
        StringBuilder log = new StringBuilder(CREATE_VM);
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            log.append(record(
                    "" + vcpu, "KVM_CREATE_VCPU", "{\"id\":" + vcpu + "}", "{}", 0, 40 + 10 * vcpu, 45 + 10 * vcpu));
        }
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            String active = "{\"index\":\"0x4b564d01\",\"data\":1}";
            log.append(record("" + vcpu, "KVM_SET_MSRS", active, "{}", 1, 100 + 10 * vcpu, 105 + 10 * vcpu));
        }
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            String thread = "{\"thread\":\"" + (11 + vcpu) + "\"}";
            log.append(record("" + vcpu, "KVM_RUN", thread, "{}", 0, 300, 900));
        }
        String page = "pvclock { version 2, tsc_timestamp 0x1, system_time 0x1, tsc_to_system_mul 0x80000000, "
                + "tsc_shift 1, flags 0x1 }\n";
        Files.writeString(
                folder.resolve("run.ftrace.txt"),
                "   vmm-11  [000] .....  305: kvm_pvclock_update: vcpu_id 0, " + page
                        + overlapping("310", "320")
                                .replace("masterclock 1 hostclock tsc", "masterclock 0 hostclock none")
                        + "   vmm-11  [000] ...1.  400: kvm_write_tsc_offset: vcpu=0 prev=0"
                        + " next=18446744073709551516\n");
        assertThat(read(log.toString(), null).events())
                .filteredOn(e -> Objects.equals(e.args().get(Field.VCPU), 0)
                        && e.counter().hi() <= 340)
                .extracting(TraceEvent::operation)
                .containsSubsequence(
                        Operation.ENTER_GUEST,
                        Operation.EXIT_GUEST,
                        Operation.PERFORM_MASTERCLOCK_UPDATE,
                        Operation.CANCEL_ENTRY);
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
        // The first page is known to be requested, the second is not. The guest wrote 5 over 0, so the offset that
        // rises by 5 is its own.
        assertThat(certain(steps))
                .containsExactly(
                        Operation.ENTER_GUEST,
                        Operation.GUEST_WRITE_TSC_ADJUST,
                        Operation.REENTER_GUEST,
                        Operation.EXIT_GUEST);
        assertThat(steps.get(0).counter().hi()).isEqualTo(310);
        assertThat(only(steps, Operation.GUEST_WRITE_TSC_ADJUST).state())
                .containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -43L));
        // For another value it is unknown which write is its own.
        String another =
                record("0", "KVM_RUN", "{\"guest\":\"wrmsr\",\"index\":\"0x3b\",\"data\":7}", "{}", 0, 300, 900);
        List<TraceEvent> unclear =
                read(CREATE_VM + CREATE_VCPU + active + another, null).events();
        assertThat(only(unclear, Operation.READ_PVCLOCK_PAGE).state())
                .containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -43L));
        assertThat(only(unclear, Operation.GUEST_WRITE_TSC_ADJUST).state()).isEmpty();
    }

    @Test
    void aRefinedRateIsBetterThanADetectedOne() throws Exception {
        host(HOST.replace("Refined TSC clocksource calibration: 1000.000 MHz", "Detected 1000.000 MHz processor")
                + "dmesg [ 2.0] tsc: Refined TSC clocksource calibration: 1000.123 MHz\n");
        assertThat(read(CREATE_VM, null).header().x86().tscKhz()).isEqualTo(1_000_123);
    }

    /** A kernel newer than the specification may do what the specification does not have. */
    @Test
    void aKernelThatIsNewerThanTheSpecificationIsNamed() throws Exception {
        host(HOST.replace("6.12.95", "7.9.1"));
        assertThat(read(CREATE_VM, null).notes())
                .contains("Linux 7.9.1-x is newer than 7.4, the newest known kernel, and is judged as that");
        assertThat(read(CREATE_VM, KernelProfile.of("7.4")).notes()).noneMatch(n -> n.contains("newer"));
        host(HOST.replace("6.12.95", "7.4.2"));
        assertThat(read(CREATE_VM, null).notes()).noneMatch(n -> n.contains("newer"));
    }

    /** Debian's 5.10.262 calls itself 5.10.0-46; since 5.10.65 that series has a change that 5.10 lacks. */
    @Test
    void aReleaseIsTheVersionsWhereItsNameHidesThePatchLevel() throws Exception {
        host(HOST.replace("6.12.95-x", "5.10.0-46-amd64\nversion #1 SMP Debian 5.10.262-1 (2026-07-31)"));
        ImportedTrace known = read(CREATE_VM, null);
        assertThat(known.header().kernel()).isEqualTo(KernelProfile.of("5.10.262"));
        assertThat(known.header().origin()).endsWith("Linux 5.10.262");
        assertThat(known.assumptions()).isEmpty();
        host(HOST.replace("6.12.95-x", "5.10.0-46-amd64"));
        ImportedTrace unknown = read(CREATE_VM, null);
        assertThat(unknown.header().kernel()).isEqualTo(KernelProfile.of("5.10"));
        assertThat(unknown.assumptions())
                .singleElement()
                .satisfies(a -> assertThat(a.what()).startsWith("that the kernel is 5.10 and lacks adjustAsks"));
        assertThat(read(CREATE_VM, KernelProfile.of("5.10")).assumptions()).isEmpty();
        // Red Hat's kernels may have KVM's changes of later releases.
        host(HOST.replace("6.12.95-x", "5.14.0-427.el9.x86_64"));
        assertThat(read(CREATE_VM, null).assumptions())
                .singleElement()
                .satisfies(assumed -> assertThat(assumed.what()).startsWith("that the kernel does what 5.14 does"));
        // No release of the 5.15 series is known to have a change.
        host(HOST.replace("6.12.95-x", "5.15.0-91-generic"));
        assertThat(read(CREATE_VM, null).assumptions()).isEmpty();
    }

    @Test
    void whatIsMissingIsNamed() throws Exception {
        assertThatThrownBy(() -> read(CREATE_VM, null))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageEndingWith("no host.txt beside it names the kernel; say which with --kernel");
        assertThatThrownBy(() -> read(CREATE_VM, KernelProfile.of("v6.12")))
                .hasMessageContaining("nothing shows the rate of the host's TSC");
        host(HOST.replace("6.12.95", "4.19.1"));
        assertThatThrownBy(() -> read(CREATE_VM, null))
                .hasMessageContaining("nothing is known of the recorded kernel 4.19.1");
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
        assertThat(create.when().nsCounter()).isEqualTo(new Interval(30, 90));
        assertThat(trace.notes())
                .containsExactly(
                        "tracepoints not used: 1 that lie within no operation of the log that can explain them");
        assertThat(trace.assumptions()).isEmpty(); // (it was written when the log had ended)
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
                        + record("0", "KVM_SET_MSRS", "{\"index\":\"0x10\",\"data\":5}", "{}", 1, 120, 130),
                null);
        assertThat(trace.summary())
                .startsWith("modelled: 3 of 4 operations that concern the guest's time (75.0 %), "
                        + "not KVM_SET_CLOCK_GUEST 1; 2 others: ");
        assertThat(trace.disturbances())
                .containsExactly(new ImportedTrace.Disturbance(
                        5, 0, "KVM_SET_CLOCK_GUEST is not modelled and may change what is"));
        assertThat(trace.events())
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.CREATE_VM, Operation.CREATE_VCPU);
        assertThat(trace.notJudged()).isEqualTo(1);
    }

    /** The kernel stops at the first MSR that it refuses: it is unknown whether the TSC came before it. */
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
                .extracting(ImportedTrace.Disturbance::line)
                .containsExactly(3);
    }

    /** 2^32 + 14 is not 14. */
    @Test
    void aNumberThatDoesNotFitIsNotCut() throws Exception {
        host(HOST);
        String clock = record("null", "KVM_GET_CLOCK", "{}", "{\"flags\":4294967310}", 0, 100, 110);
        assertThatThrownBy(() -> read(CREATE_VM + clock, null))
                .hasMessageContaining(":2:")
                .hasMessageEndingWith("expected a number from 0 to 4294967295 for \"flags\"");
    }

    @Test
    void aCutLogIsRefused() throws Exception {
        host(HOST);
        assertThatThrownBy(() -> read(CREATE_VM + CREATE_VCPU.strip(), null)).hasMessageContaining("truncated");
        assertThatThrownBy(() -> read(CREATE_VM + CREATE_VCPU.substring(0, 60), null))
                .hasMessageContaining(":2:")
                .hasMessageContaining("truncated");
    }

    private static String msrs(String args, int ret) {
        return record("0", "KVM_SET_MSRS", args, "{}", ret, 100, 110);
    }

    /** 0x10, 16, "16" and MSR_IA32_TSC are one MSR, and its value may be a number or a text too. */
    @Test
    void anMsrIsKnownByItsNumberAndByItsName() throws Exception {
        host(HOST);
        for (String args : List.of(
                "{\"index\":\"0x10\",\"data\":5}",
                "{\"index\":16,\"data\":\"5\"}",
                "{\"index\":\"16\",\"data\":\"0x5\"}",
                "{\"index\":\"MSR_IA32_TSC\",\"data\":5}",
                "{\"nmsrs\":1,\"clock_msrs\":{\"MSR_IA32_TSC\":5}}")) {
            TraceEvent write =
                    only(read(CREATE_VM + CREATE_VCPU + msrs(args, 1), null).events(), Operation.WRITE_TSC);
            assertThat(write.arg(Field.VALUE)).as(args).isEqualTo(5L);
        }
    }

    /** The record does not show which MSRs the VMM wrote, or has one with unknown effect: the TSC may be among them. */
    @Test
    void afterAWriteOfUnknownMsrsNothingIsJudged() throws Exception {
        host(HOST);
        for (String args : List.of("{}", "{\"nmsrs\":1}", "{\"index\":\"0x174\",\"data\":5}")) {
            assertThat(read(CREATE_VM + CREATE_VCPU + msrs(args, 1), null).disturbances())
                    .as(args)
                    .extracting(ImportedTrace.Disturbance::line)
                    .containsExactly(3);
        }
        assertThat(read(CREATE_VM + CREATE_VCPU + msrs("{\"index\":\"0x6e0\",\"data\":5}", 1), null)
                        .disturbances())
                .isEmpty();
    }

    @Test
    void aPayloadOfAnotherTypeMakesTheLogUnusable() throws Exception {
        host(HOST);
        String clock = record("null", "KVM_SET_CLOCK", "{\"clock\":[1],\"flags\":0}", "{}", 0, 100, 110);
        assertThatThrownBy(() -> read(CREATE_VM + clock, null))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining(":2:")
                .hasMessageEndingWith("for \"clock\"");
    }

    @Test
    void aKeyThatTheFormatDoesNotListIsNamed() throws Exception {
        host(HOST);
        assertThat(read(CREATE_VM.replace("{\"t\":1", "{\"mood\":\"fine\",\"t\":1"), null)
                        .notes())
                .containsExactly("ignored keys, which the format does not list: mood");
    }

    @Test
    void twoVmsThatAreAliveUnderOneNumberContradictEachOther() throws Exception {
        host(HOST);
        String second = CREATE_VM.replace("{\"t\":1", "{\"seq\":2,\"t\":1").replace("[10,20]", "[100,110]");
        String close = record("null", "close_vm", "{}", "{}", 0, 60, 70).replace("{\"t\":1", "{\"seq\":3,\"t\":1");
        String create = CREATE_VM.replace("{\"t\":1", "{\"seq\":0,\"t\":1");
        assertThatThrownBy(() -> read(create + second, null))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining(":2:1: VM 0 is created here and in line 1");
        assertThat(read(create + close + second, null).events())
                .extracting(TraceEvent::vm)
                .containsExactly(0, 1);
        assertThatThrownBy(() -> read(create + close + create.replace("[10,20]", "[100,110]"), null))
                .hasMessageContaining("seq 0 is also that of line 1");
    }

    @Test
    void aCounterThatGoesBackBetweenCpusEndsTheJudgement() throws Exception {
        host(HOST);
        String clock = record("null", "KVM_GET_CLOCK", "{}", "{}", 0, 4, 6);
        ImportedTrace trace = read(
                CREATE_VM.replace("\"vm\"", "\"pcpu\":0,\"vm\"").replace("{\"t\":1", "{\"seq\":0,\"t\":1")
                        + clock.replace("\"vm\"", "\"pcpu\":1,\"vm\""),
                null);
        assertThat(trace.disturbances().get(0).vm()).isNull();
        assertThat(trace.disturbances().get(0).reason()).contains("between line 1 (CPU 0) and line 2 (CPU 1)");
        assertThat(trace.events()).isEmpty();
    }

    /** An open run of another thread's does not end with the next operation of this one. */
    @Test
    void aRunWithoutAnEndLastsUntilItsThreadDoesSomethingElse() throws Exception {
        host(HOST);
        String run = record("0", "KVM_RUN", "{\"thread\":\"a\"}", "{}", 0, 100, 100);
        String other = record("null", "KVM_GET_CLOCK", "{\"thread\":\"b\"}", "{}", 0, 200, 210);
        String same = record("null", "KVM_GET_CLOCK", "{\"thread\":\"a\"}", "{}", 0, 300, 310);
        ImportedTrace trace = read(number(CREATE_VM, CREATE_VCPU, run, other, same), null);
        TraceEvent exit = only(trace.events(), Operation.EXIT_GUEST);
        assertThat(exit.counter()).isEqualTo(new Interval(100, 300));
        assertThat(exit.optional()).isTrue();
        assertThat(trace.header().threads()).isTrue();
    }

    private static String number(String... records) {
        StringBuilder log = new StringBuilder();
        for (int i = 0; i < records.length; i++) {
            log.append(records[i].replace("{\"t\":1", "{\"seq\":" + i + ",\"t\":1"));
        }
        return log.toString();
    }

    @Test
    void aRunThatReturnedEintrMayHaveEntered() throws Exception {
        host(HOST);
        String run = record("0", "KVM_RUN", "{}", "{}", -1, 100, 200).replace("\"errno\":0", "\"errno\":4");
        assertThat(read(CREATE_VM + CREATE_VCPU + run, null).events().subList(2, 4))
                .allMatch(TraceEvent::optional)
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.ENTER_GUEST, Operation.EXIT_GUEST);
    }

    /** Until 5.15 KVM_GET_CLOCK is two steps, and until 5.11 KVM_SET_CLOCK. */
    @Test
    void theClockIoctlsOfOldKernelsAreTwoSteps() throws Exception {
        host(HOST);
        String clock = number(
                CREATE_VM,
                record("null", "KVM_GET_CLOCK", "{}", "{\"clock\":1,\"flags\":0}", 0, 100, 110),
                record("null", "KVM_SET_CLOCK", "{\"clock\":1,\"flags\":0}", "{}", 0, 120, 130));
        assertThat(certain(read(clock, KernelProfile.of("v5.10")).events()))
                .containsExactly(
                        Operation.CREATE_VM,
                        Operation.BEGIN_GET_CLOCK,
                        Operation.GET_CLOCK,
                        Operation.BEGIN_SET_CLOCK,
                        Operation.SET_CLOCK);
        assertThat(certain(read(clock, KernelProfile.of("v6.12")).events()))
                .containsExactly(Operation.CREATE_VM, Operation.GET_CLOCK, Operation.SET_CLOCK);
    }

    /** 1000000 kHz is the host's; 1100000 is far from it, 1000100 within the tolerance of 250 ppm. */
    @Test
    void anotherRateIsJudgedOnlyIfItIsKnownWhetherTheHostScales() throws Exception {
        String far = record("0", "KVM_SET_TSC_KHZ", "{\"khz\":1100000}", "{}", 0, 100, 110);
        String near = far.replace("1100000", "1000100");
        String cannot = record("null", "KVM_CHECK_EXTENSION", "{\"num\":60}", "{}", 0, 1, 2);
        host(HOST);
        assertThat(read(CREATE_VM + CREATE_VCPU + far, null).disturbances()).hasSize(1);
        assertThat(read(CREATE_VM + CREATE_VCPU + near, null).disturbances()).isEmpty();
        assertThat(read(number(cannot, CREATE_VM, CREATE_VCPU, far), null).disturbances())
                .isEmpty();
        host(HOST + "tsc-scaling-ratio-frac-bits 48\n");
        ImportedTrace scaled = read(CREATE_VM + CREATE_VCPU + far, null);
        assertThat(scaled.disturbances()).isEmpty();
        assertThat(scaled.header().x86().tscFracBits()).isEqualTo(48);
    }

    @Test
    void hyperVsPageCountsAsTheTsc() throws Exception {
        host(HOST.replace("clocksource tsc", "clocksource hyperv_clocksource_tsc_page"));
        assertThat(read(CREATE_VM, null).header().x86().tscClocksource()).isTrue();
    }

    @Test
    void tracepointsOfAnotherTraceClockAreNamed() throws Exception {
        host(HOST);
        Files.writeString(
                folder.resolve("run.ftrace.txt"),
                "   probe-1  [000] d..1.  11.860302: kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0\n");
        assertThat(read(CREATE_VM, null).notes())
                .containsExactly("tracepoints not used: 1 written with another trace clock than x86-tsc");
    }

    /** The guest may have written its TSC: a refusal after that does not count. */
    @Test
    void whatAnUnseenGuestDidIsAssumed() throws Exception {
        host(HOST);
        String run = record("0", "KVM_RUN", "{}", "{}", 0, 100, 200);
        ImportedTrace trace = read(CREATE_VM + CREATE_VCPU + run, null);
        assertThat(trace.assumptions())
                .extracting(ImportedTrace.Assumption::line)
                .containsExactly(3);
        String described = run.replace("\"args\":{}", "\"args\":{\"guest\":\"rdtsc\"}");
        assertThat(read(CREATE_VM + CREATE_VCPU + described, null).assumptions())
                .isEmpty();
    }

    private static String threads(String log) {
        return log.replace("\"args\":{", "\"args\":{\"thread\":\"t\",").replace(",}", "}");
    }

    /** With threads, lines may be in any order: KVM_GET_TSC_KHZ shows the host's rate only if it came before each rate set. */
    @Test
    void theRateOfTheHostIsWhatKvmReturnedFirst() throws Exception {
        host(HOST);
        String before = record("0", "KVM_GET_TSC_KHZ", "{}", "{}", 0, 60, 70).replace("\"ret\":0", "\"ret\":1000001");
        String sets = record("0", "KVM_SET_TSC_KHZ", "{\"khz\":1000200}", "{}", 0, 100, 110);
        String after = record("0", "KVM_GET_TSC_KHZ", "{}", "{}", 0, 120, 130).replace("\"ret\":0", "\"ret\":1000200");
        String meanwhile = after.replace("[120,130]", "[90,105]");
        assertThat(khz(threads(number(after, CREATE_VM, CREATE_VCPU, sets, before))))
                .isEqualTo(1_000_001);
        assertThat(khz(threads(number(after, CREATE_VM, CREATE_VCPU, sets)))).isEqualTo(1_000_000);
        assertThat(khz(threads(number(meanwhile, CREATE_VM, CREATE_VCPU, sets))))
                .isEqualTo(1_000_000);
    }

    @Test
    void theRateOfTheHostIsMeasuredInOrderOfTime() throws Exception {
        host("arch x86_64\nkernel 6.12.95-x\nclocksource tsc\n");
        String last = record("0", "KVM_RUN", "{\"guest\":\"none\"}", "{}", 0, 50_000_000, 50_000_010)
                .replace("\"t\":1", "\"t\":50001000");
        String create = CREATE_VM.replace("\"t\":1", "\"t\":1000");
        assertThat(khz(threads(last + CREATE_VCPU.replace("\"t\":1,", "") + create)))
                .isBetween(999_000, 1_001_000);
    }

    private int khz(String log) throws Exception {
        return read(log, null).header().x86().tscKhz();
    }

    private static final String LATER_UNSTABLE =
            HOST + "dmesg [ 600.0] tsc: Marking TSC unstable due to clocksource watchdog\n";

    private static final String SHOWS_TSC =
            "   probe-1  [000] d..1.  15: kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0\n";

    /** host.txt has the kernel's messages up to when it was written, and that may be after the log. */
    @Test
    void aTscThatIsShownToBeTheClocksourceWasStableUntilThen() throws Exception {
        host(LATER_UNSTABLE);
        Files.writeString(folder.resolve("run.ftrace.txt"), SHOWS_TSC);
        ImportedTrace trace = read(CREATE_VM + CREATE_VCPU, null);
        assertThat(trace.header().x86().tscUnstable()).isFalse();
        assertThat(trace.header().x86().tscClocksource()).isTrue();
        assertThat(trace.disturbances()).isEmpty();
        assertThat(trace.assumptions()).singleElement().satisfies(a -> {
            assertThat(a.from()).isEqualTo(15);
            assertThat(a.what()).contains("became unstable after the log");
        });
    }

    @Test
    void aTscThatBecomesUnstableEndsTheJudgement() throws Exception {
        for (String host : List.of(HOST, LATER_UNSTABLE)) {
            host(host);
            Files.writeString(folder.resolve("run.ftrace.txt"), SHOWS_TSC + LOADS);
            ImportedTrace trace = read(CREATE_VM + CREATE_VCPU + READ_OFFSET, null);
            assertThat(trace.header().x86().tscUnstable()).isFalse();
            assertThat(trace.disturbances()).singleElement().asString().contains("becomes unstable");
        }
    }

    /** A guest of Hyper-V prints this message at its start; KVM takes Hyper-V's page for stable. */
    @Test
    void onHyperVsPageTheTscCountsAsStable() throws Exception {
        host(HOST.replace("clocksource tsc", "clocksource hyperv_clocksource_tsc_page")
                + "dmesg [ 0.0] tsc: Marking TSC unstable due to running on Hyper-V\n");
        ImportedTrace trace = read(CREATE_VM + CREATE_VCPU, null);
        assertThat(trace.header().x86().tscUnstable()).isFalse();
        assertThat(trace.header().x86().tscClocksource()).isTrue();
        assertThat(trace.disturbances()).isEmpty();
    }

    /** One of the two is wrong: a refusal does not count. */
    @Test
    void whatHostTxtAndTheLogSayOfScalingMayDiffer() throws Exception {
        String cannot = record("null", "KVM_CHECK_EXTENSION", "{\"num\":60}", "{}", 0, 1, 2);
        for (int bits : new int[] {0, 48}) {
            host(HOST + "tsc-scaling-ratio-frac-bits " + bits + "\n");
            for (int can : new int[] {0, 1}) {
                String log = number(cannot.replace("\"ret\":0", "\"ret\":" + can), CREATE_VM, CREATE_VCPU);
                assertThat(read(log, null).assumptions()).hasSize((bits != 0) == (can != 0) ? 0 : 1);
            }
        }
    }
}
