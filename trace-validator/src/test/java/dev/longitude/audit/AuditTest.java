package dev.longitude.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.recording.VmmLog;
import dev.longitude.verdict.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each finding on x86, and an order that looks like it and does no harm. */
class AuditTest {
    /** An hour at 2 GHz: far from the age of any VM here. */
    private static final long HOUR = 7_200_000_000_000L;

    private static final long SECOND = 2_000_000_000L;
    private static final String RATE = "\"khz\":2000000";
    private static final int ENOTTY = 25;
    private static final int EINVAL = 22;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    /** Two vCPUs whose TSCs are one line, with the rate set. */
    private static SmallLog restored() {
        return SmallLog.x86()
                .create(0, 1)
                .vcpu(0, "KVM_SET_TSC_KHZ", RATE)
                .vcpu(1, "KVM_SET_TSC_KHZ", RATE)
                .tsc(0, HOUR)
                .tsc(1, HOUR);
    }

    /** The same with kvmclock, up to the guest's first run. */
    private static SmallLog running() {
        return restored()
                .page(0)
                .page(1)
                .setClock(3_600_000_000_000L)
                .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                .vcpu(1, "KVM_KVMCLOCK_CTRL", "")
                .run(0, 1);
    }

    @Test
    void aRestoreInTheRightOrderIsClean() throws Exception {
        AuditReport report = running().audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).isEmpty();
    }

    @Test
    void aVcpuCreatedBetweenTwoWritesIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).tsc(0, HOUR).create(1);
        int created = log.line();
        assertThat(log.tsc(1, HOUR).run(0, 1).findings(folder)).containsExactly("created-between-writes " + created);
    }

    @Test
    void aVcpuCreatedBetweenTwoWritesIsHarmlessIfOneOffsetFollows() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .tsc(0, HOUR)
                        .create(1)
                        .tsc(1, HOUR)
                        .offset(0, HOUR)
                        .offset(1, HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void differentOffsetsAtTheFirstRunAreFound() throws Exception {
        SmallLog log =
                SmallLog.x86().create(0, 1).offset(0, HOUR).offset(1, HOUR + 1).run(0);
        int first = log.line();
        assertThat(log.run(1).findings(folder)).containsExactly("offsets-differ " + first);
    }

    @Test
    void oneOffsetForAllIsClean() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0, 1)
                        .offset(0, HOUR)
                        .offset(1, HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void differentOffsetsThatAreMadeOneBeforeTheFirstRunAreHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0, 1)
                        .offset(0, HOUR)
                        .offset(1, HOUR + 1)
                        .offset(1, HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void theOneSecondWindowMakesOneLine() throws Exception {
        assertThat(restored().run(0, 1).findings(folder)).isEmpty();
    }

    @Test
    void aFirstWriteThatAnOldKernelIgnoresIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).later(SECOND / 4).tsc(0, SECOND);
        int write = log.line();
        log.readMsr(0, "0x10", SECOND / 4 + 11_000).run(0);
        assertThat(log.on("6.1.192").findings(folder)).containsExactly("first-tsc-write-ignored " + write);
    }

    @Test
    void aFirstWriteThatIsHonouredIsClean() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .later(SECOND / 4)
                        .tsc(0, SECOND)
                        .readMsr(0, "0x10", SECOND + 2500)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aFirstWriteFarFromTheAgeOfTheVmIsHonouredByAnOldKernelToo() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .later(SECOND / 4)
                        .tsc(0, HOUR)
                        .readMsr(0, "0x10", HOUR + 2500)
                        .run(0)
                        .on("6.1.192")
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aFirstWriteThatAnOldKernelIgnoresIsHarmlessIfTheOffsetFollows() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .later(SECOND / 4)
                        .tsc(0, SECOND)
                        .offset(0, 0)
                        .readMsr(0, "0x10", 1_500_014_000L)
                        .run(0)
                        .on("6.1.192")
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aLaterWriteWithinASecondOfTheResetsIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).tsc(0, 1).later(SECOND / 4).tsc(0, SECOND);
        int write = log.line();
        log.readMsr(0, "0x10", SECOND / 4 + 4000).run(0);
        assertThat(log.findings(folder)).containsExactly("tsc-write-ignored " + write);
    }

    @Test
    void aLaterWriteThatIsHonouredIsClean() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .tsc(0, 1)
                        .later(SECOND / 4)
                        .tsc(0, HOUR)
                        .readMsr(0, "0x10", HOUR + 2500)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void anIgnoredWriteIsHarmlessIfTheGuestDoesNotRun() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .tsc(0, 1)
                        .later(SECOND / 4)
                        .tsc(0, SECOND)
                        .readMsr(0, "0x10", SECOND / 4 + 4000)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aDeadlineBeforeTheTscIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).vcpu(0, "KVM_SET_LAPIC", "").writeMsr(0, "0x6e0", HOUR + SECOND);
        int deadline = log.line();
        assertThat(log.tsc(0, HOUR).run(0).findings(folder)).containsExactly("deadline-before-tsc " + deadline);
    }

    @Test
    void aDeadlineThatIsWrittenAgainAfterTheTscIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .writeMsr(0, "0x6e0", HOUR + SECOND)
                        .tsc(0, HOUR)
                        .writeMsr(0, "0x6e0", HOUR + SECOND)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aDeadlineBeforeTheLapicIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).tsc(0, HOUR).writeMsr(0, "0x6e0", HOUR + SECOND);
        int deadline = log.line();
        assertThat(log.vcpu(0, "KVM_SET_LAPIC", "").run(0).findings(folder))
                .containsExactly("deadline-before-lapic " + deadline);
    }

    @Test
    void aDisarmedDeadlineBeforeTheLapicIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .writeMsr(0, "0x6e0", 0)
                        .tsc(0, HOUR)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aRestoreWithoutSetClockIsFound() throws Exception {
        SmallLog log = restored()
                .page(0)
                .page(1)
                .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                .vcpu(1, "KVM_KVMCLOCK_CTRL", "")
                .run(0);
        assertThat(log.findings(folder)).containsExactly("clock-not-set " + log.line());
    }

    @Test
    void aRestoreOfAGuestWithoutKvmclockNeedsNoSetClock() throws Exception {
        assertThat(restored().run(0, 1).findings(folder)).isEmpty();
    }

    @Test
    void aClockSetAfterTheFirstRunIsFound() throws Exception {
        SmallLog log = restored()
                .page(0)
                .page(1)
                .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                .vcpu(1, "KVM_KVMCLOCK_CTRL", "")
                .run(0, 1)
                .setClock(3_600_000_000_000L);
        assertThat(log.findings(folder)).containsExactly("clock-set-late " + log.line());
    }

    @Test
    void aClockSetAfterALoadThatDidNotEnterIsHarmless() throws Exception {
        assertThat(restored()
                        .page(0)
                        .page(1)
                        .failed(0, "KVM_RUN", "\"immediate_exit\":1", 4)
                        .failed(1, "KVM_RUN", "\"immediate_exit\":1", 4)
                        .setClock(3_600_000_000_000L)
                        .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                        .vcpu(1, "KVM_KVMCLOCK_CTRL", "")
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void theClockOfAnEarlierStopIsFound() throws Exception {
        SmallLog log = running().later(SECOND).setClock(3_600_000_000_000L);
        int again = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("clock-set-again " + again);
    }

    @Test
    void theClockOfThisStopIsHarmless() throws Exception {
        long clock = 3_601_000_000_000L;
        assertThat(running()
                        .later(SECOND)
                        .getClock(clock)
                        .setClock(clock)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aLongStopWithoutKvmclockCtrlIsFound() throws Exception {
        SmallLog log = running().getClock(3_600_000_010_000L).later(3 * SECOND).run(0);
        assertThat(log.findings(folder)).containsExactly("kvmclock-ctrl-missing " + log.line());
    }

    @Test
    void aShortStopNeedsNoKvmclockCtrl() throws Exception {
        assertThat(running()
                        .getClock(3_600_000_010_000L)
                        .later(SECOND / 2)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void kvmclockCtrlOnTheVmIsFound() throws Exception {
        SmallLog log = running().failed(-1, "KVM_KVMCLOCK_CTRL", "", ENOTTY);
        assertThat(log.findings(folder)).containsExactly("kvmclock-ctrl-on-vm " + log.line());
    }

    @Test
    void kvmclockCtrlOfAGuestWithoutKvmclockIsHarmless() throws Exception {
        assertThat(restored()
                        .failed(0, "KVM_KVMCLOCK_CTRL", "", EINVAL)
                        .failed(1, "KVM_KVMCLOCK_CTRL", "", EINVAL)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aStopOverWhichOnlyTheTscRanIsFound() throws Exception {
        long clock = 3_600_000_010_000L;
        SmallLog log = running()
                .readMsr(0, "0x10", HOUR + 30_000)
                .getClock(clock)
                .later(SECOND / 2)
                .setClock(clock);
        int set = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("clocks-parted " + set);
    }

    private static final long CLOCK = 3_600_000_010_000L;
    private static final long HALF_A_SECOND_NS = 500_000_000L;

    /** The TSC is put back to what was read at an earlier stop. */
    private static SmallLog putsBack(long later, long clock) throws Exception {
        long tsc = HOUR + 30_000;
        return running()
                .readMsr(0, "0x10", tsc)
                .getClock(CLOCK)
                .run(0, 1)
                .later(later)
                .tsc(0, tsc)
                .tsc(1, tsc)
                .setClock(clock);
    }

    private static List<String> parted(AuditReport report) {
        return report.findings().stream()
                .filter(f -> f.kind() == FindingKind.CLOCKS_PARTED)
                .map(f -> f.detail().substring(0, f.detail().indexOf(',')))
                .toList();
    }

    @Test
    void theDistanceOfTwoClocksIsGivenWithItsDirection() throws Exception {
        assertThat(parted(
                        putsBack(3 * SECOND, CLOCK + HALF_A_SECOND_NS).run(0, 1).audit(folder)))
                .containsExactly("kvmclock is 500.0 ms ahead of the TSC");
        assertThat(parted(
                        putsBack(3 * SECOND, CLOCK - HALF_A_SECOND_NS).run(0, 1).audit(folder)))
                .containsExactly("kvmclock is 500.0 ms behind the TSC");
        assertThat(parted(putsBack(3 * SECOND, CLOCK).run(0, 1).audit(folder))).isEmpty();
    }

    /** KVM may take a write within the window for one that is to join the last: where the TSC is then is not known. */
    @Test
    void nothingIsSaidOfTheDistanceToATscWriteThatMayHaveBeenAbsorbed() throws Exception {
        assertThat(parted(putsBack(SECOND, CLOCK + HALF_A_SECOND_NS).run(0, 1).audit(folder)))
                .isEmpty();
    }

    /** Both files call their VM 0. */
    @Test
    void clocksThatPartOverAMigrationByOffsetAreFound() throws Exception {
        SmallLog source = running().readOffset(0, HOUR).readOffset(1, HOUR).getClock(CLOCK);
        assertThat(parted(byOffset(CLOCK + HALF_A_SECOND_NS).auditAfter(source, folder)))
                .singleElement()
                .asString()
                .startsWith("kvmclock is 500.")
                .endsWith("ahead of the TSC");
        assertThat(parted(byOffset(CLOCK).auditAfter(source, folder))).isEmpty();
    }

    private static SmallLog byOffset(long clock) {
        return SmallLog.x86()
                .create(0, 1)
                .offset(0, HOUR)
                .offset(1, HOUR)
                .setClock(clock)
                .run(0, 1);
    }

    @Test
    void aStopOverWhichKvmclockWentAheadIsFound() throws Exception {
        SmallLog log = running()
                .readMsr(0, "0x10", HOUR + 30_000)
                .getClock(3_600_000_010_000L)
                .later(SECOND / 2)
                .setClock(3_601_500_011_000L);
        int set = log.line();
        assertThat(log.run(0, 1).findings(folder)).contains("clocks-parted " + set);
    }

    @Test
    void whetherTheClocksPartedIsNotSaidWhereAnUnknownOperationMayHaveSetOne() throws Exception {
        long clock = 3_600_000_010_000L;
        AuditReport report = running()
                .readMsr(0, "0x10", HOUR + 30_000)
                .getClock(clock)
                .later(SECOND / 2)
                .setClock(clock)
                .vcpu(0, "KVM_SET_MSRS", "")
                .run(0, 1)
                .audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).extracting(Undecidable::id).contains("order");
    }

    @Test
    void aStopOverWhichBothRanIsClean() throws Exception {
        assertThat(running()
                        .readMsr(0, "0x10", HOUR + 30_000)
                        .getClock(3_600_000_010_000L)
                        .later(SECOND / 2)
                        .setClock(3_600_500_011_000L)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aRefusedSetIsFound() throws Exception {
        SmallLog log = restored().failed(-1, "KVM_SET_CLOCK", "\"clock\":7,\"flags\":16", EINVAL);
        int refused = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("set-refused " + refused);
    }

    @Test
    void aRefusedSetThatIsRepeatedIsHarmless() throws Exception {
        assertThat(restored()
                        .failed(-1, "KVM_SET_CLOCK", "\"clock\":7,\"flags\":16", EINVAL)
                        .setClock(7)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aListOfMsrsThatWasCutShortIsFound() throws Exception {
        SmallLog log = restored().vcpu(0, "KVM_SET_MSRS", "\"nmsrs\":3,\"complete\":1,\"clock_msrs\":{\"0x3b\":0}");
        int cut = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("msrs-cut-short " + cut);
    }

    @Test
    void aWholeListOfMsrsIsHarmless() throws Exception {
        assertThat(restored()
                        .vcpu(0, "KVM_SET_MSRS", "\"nmsrs\":1,\"complete\":1,\"clock_msrs\":{\"0x3b\":0}")
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void whetherTheRateWasTheSameIsUndecidableWithoutTheSource() throws Exception {
        AuditReport report = SmallLog.x86()
                .create(0)
                .tsc(0, HOUR)
                .page(0)
                .setClock(3_600_000_000_000L)
                .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                .run(0)
                .audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).extracting(Undecidable::kind).containsExactly(FindingKind.RATE_NOT_SET);
    }

    @Test
    void anOperationWithoutItsPayloadMakesTheAuditUndecidable() throws Exception {
        SmallLog log = restored().vcpu(0, "KVM_SET_MSRS", "");
        int unknown = log.line();
        AuditReport report = log.run(0, 1).audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).extracting(Undecidable::line).contains(unknown);
    }

    @Test
    void anAttributeWithoutItsPayloadMayBeTheTscsOffset() throws Exception {
        SmallLog log = restored().vcpu(0, "KVM_SET_DEVICE_ATTR", "");
        int unknown = log.line();
        AuditReport report = log.run(0, 1).audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).extracting(Undecidable::line).contains(unknown);
    }

    @Test
    void anAttributeOfAnotherGroupIsHarmless() throws Exception {
        AuditReport report = restored()
                .vcpu(0, "KVM_SET_DEVICE_ATTR", "\"group\":7,\"attr\":0")
                .run(0, 1)
                .audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable()).extracting(Undecidable::id).doesNotContain("order");
    }

    @Test
    void aRefusedRateThatTheHostHasAnywayIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .failed(0, "KVM_SET_TSC_KHZ", RATE, EINVAL)
                        .tsc(0, HOUR)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aRefusedRateThatTheHostHasNotIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).failed(0, "KVM_SET_TSC_KHZ", "\"khz\":2100000", EINVAL);
        int refused = log.line();
        assertThat(log.tsc(0, HOUR).run(0).findings(folder)).containsExactly("set-refused " + refused);
    }

    @Test
    void theSourceShowsWhetherTheRateWasTheSame() throws Exception {
        assertThat(rateOfDestination(2_000_000)).isEmpty();
        assertThat(rateOfDestination(2_100_000)).containsExactly("rate-not-set");
    }

    private List<String> rateOfDestination(int khz) throws Exception {
        Path source = SmallLog.x86()
                .create(0)
                .vcpu(0, "KVM_GET_TSC_KHZ", "")
                .run(0)
                .readMsr(0, "0x10", HOUR)
                .write(folder.resolve("source"), "source.jsonl");
        Path destination = SmallLog.x86()
                .create(0)
                .tsc(0, HOUR)
                .page(0)
                .setClock(3_600_000_000_000L)
                .vcpu(0, "KVM_KVMCLOCK_CTRL", "")
                .run(0)
                .write(folder.resolve("destination"), "destination.jsonl");
        Path host = folder.resolve("destination/host.txt");
        Files.writeString(host, Files.readString(host).replace("tsc_khz 2000000", "tsc_khz " + khz));
        VmmLog restored = VmmLog.read(destination, null);
        return Audit.of(
                        restored,
                        new InputFile(destination, null).validate(),
                        List.of(VmmLog.read(source, null), restored))
                .findings()
                .stream()
                .map(f -> f.kind().id())
                .toList();
    }

    @Test
    void aVcpuCreatedBetweenTwoWritesIsHarmlessIfBothAreWrittenAgain() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .tsc(0, HOUR)
                        .create(1)
                        .tsc(1, HOUR)
                        .tsc(0, 2 * HOUR)
                        .tsc(1, 2 * HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aSetOfALogThatEndsBeforeTheGuestRunsIsNoFinding() throws Exception {
        assertThat(restored()
                        .page(0)
                        .writeMsr(0, "0x6e0", HOUR)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .failed(-1, "KVM_SET_CLOCK", "\"clock\":7,\"flags\":16", EINVAL)
                        .audit(folder)
                        .isClean())
                .isTrue();
    }

    @Test
    void whereTheOffsetsAreNotKnownTheyMayDiffer() throws Exception {
        AuditReport report = restored().vcpu(0, "KVM_SET_MSRS", "").run(0, 1).audit(folder);
        assertThat(report.undecidable()).extracting(Undecidable::id).contains("offsets-differ");
    }

    @Test
    void aReadOffsetShowsThatAWriteWasIgnored() throws Exception {
        SmallLog log = SmallLog.x86().create(0).tsc(0, 1).later(SECOND / 4).tsc(0, SECOND);
        int write = log.line();
        log.readOffset(0, -1_000_004_000L).run(0);
        assertThat(log.findings(folder)).containsExactly("tsc-write-ignored " + write);
    }

    @Test
    void aDeadlineBeforeTheOffsetIsFound() throws Exception {
        SmallLog log = SmallLog.x86().create(0).vcpu(0, "KVM_SET_LAPIC", "").writeMsr(0, "0x6e0", HOUR + SECOND);
        int deadline = log.line();
        assertThat(log.offset(0, HOUR).run(0).findings(folder)).containsExactly("deadline-before-tsc " + deadline);
    }

    @Test
    void aDeadlineBeforeAnOffsetThatWasJustReadIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .tsc(0, HOUR)
                        .writeMsr(0, "0x6e0", HOUR + SECOND)
                        .readOffset(0, HOUR - 1_000_006_000L)
                        .offset(0, HOUR - 1_000_006_000L)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aDeadlineBeforeAWriteOfTheSameTscOrOfAResetIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .tsc(0, HOUR)
                        .writeMsr(0, "0x6e0", HOUR + SECOND)
                        .tsc(0, HOUR)
                        .run(0)
                        .findings(folder))
                .isEmpty();
        assertThat(SmallLog.x86()
                        .create(0)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .writeMsr(0, "0x6e0", SECOND)
                        .tsc(0, 0)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aDeadlineBeforeALaterLapicIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .tsc(0, HOUR)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .writeMsr(0, "0x6e0", HOUR + SECOND)
                        .vcpu(0, "KVM_SET_LAPIC", "")
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aNewGuestThatGetsItsPagesNeedsNoSetClock() throws Exception {
        assertThat(SmallLog.x86().create(0, 1).page(0).page(1).run(0, 1).findings(folder))
                .isEmpty();
    }

    @Test
    void aClockSetOfARunningGuestWithoutKvmclockIsHarmless() throws Exception {
        assertThat(restored()
                        .run(0, 1)
                        .getClock(20_000)
                        .setClock(9_000_000_000L)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aRestoreMarksEachVcpuThatHasAPage() throws Exception {
        SmallLog log = restored().page(0).page(1).setClock(3_600_000_000_000L).vcpu(0, "KVM_KVMCLOCK_CTRL", "");
        log.run(0, 1);
        assertThat(log.findings(folder)).containsExactly("kvmclock-ctrl-missing " + log.line());
    }

    @Test
    void aKvmclockCtrlThatFailedMarksNothing() throws Exception {
        SmallLog log = restored()
                .page(0)
                .setClock(3_600_000_000_000L)
                .failed(0, "KVM_KVMCLOCK_CTRL", "", EINVAL)
                .run(0);
        assertThat(log.findings(folder)).containsExactly("kvmclock-ctrl-missing " + log.line());
    }

    @Test
    void anUnknownOperationThatKvmRefusedSetNothing() throws Exception {
        assertThat(restored()
                        .failed(0, "KVM_SET_MSRS", "", EINVAL)
                        .run(0, 1)
                        .audit(folder)
                        .undecidable())
                .extracting(Undecidable::id)
                .doesNotContain("order");
    }

    @Test
    void aRefusedSetOfOneVcpuIsNotRepeatedByThatOfAnother() throws Exception {
        SmallLog log = SmallLog.x86().create(0, 1).refusedOffset(0, 7);
        int refused = log.line();
        assertThat(log.offset(1, 0).run(0, 1).findings(folder)).contains("set-refused " + refused);
    }

    @Test
    void aRefusedOffsetThatIsThenSetByValueIsHarmless() throws Exception {
        assertThat(SmallLog.x86()
                        .create(0)
                        .refusedOffset(0, HOUR)
                        .tsc(0, HOUR)
                        .run(0)
                        .findings(folder))
                .isEmpty();
    }
}
