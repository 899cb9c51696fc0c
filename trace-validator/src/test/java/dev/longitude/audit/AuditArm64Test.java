package dev.longitude.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.longitude.kernel.KernelProfile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each finding on arm64, and an order that looks like it and does no harm. */
class AuditArm64Test {
    private static final long HOUR = 3_600_000_000_000L;
    private static final int ENOENT = 2;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static SmallLog created() {
        return SmallLog.arm64().create(0, 1).vcpu(0, "KVM_ARM_VCPU_INIT", "").vcpu(1, "KVM_ARM_VCPU_INIT", "");
    }

    private static SmallLog byOffset() {
        return created().vm("KVM_ARM_SET_COUNTER_OFFSET", "\"counter_offset\":1000,\"reserved\":0");
    }

    @Test
    void aCounterSetAfterTheOffsetIsFound() throws Exception {
        SmallLog log = byOffset().register(0, "TIMER_CNT", HOUR);
        int set = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("counter-set-after-offset " + set);
    }

    @Test
    void theOffsetAloneIsClean() throws Exception {
        assertThat(byOffset().run(0, 1).findings(folder)).isEmpty();
    }

    @Test
    void aVcpuCreatedAfterTheCounterIsFound() throws Exception {
        SmallLog log = SmallLog.arm64()
                .create(0)
                .vcpu(0, "KVM_ARM_VCPU_INIT", "")
                .register(0, "TIMER_CNT", HOUR)
                .create(1);
        int creation = log.line();
        assertThat(log.vcpu(1, "KVM_ARM_VCPU_INIT", "").run(0, 1).findings(folder))
                .containsExactly("created-after-counter " + creation);
    }

    @Test
    void aVcpuCreatedAfterTheCounterIsHarmlessIfTheCounterIsSetAgain() throws Exception {
        assertThat(SmallLog.arm64()
                        .create(0)
                        .vcpu(0, "KVM_ARM_VCPU_INIT", "")
                        .register(0, "TIMER_CNT", HOUR)
                        .create(1)
                        .vcpu(1, "KVM_ARM_VCPU_INIT", "")
                        .register(1, "TIMER_CNT", HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aVcpuCreatedAfterTheOffsetIsHarmless() throws Exception {
        assertThat(SmallLog.arm64()
                        .create(0)
                        .vcpu(0, "KVM_ARM_VCPU_INIT", "")
                        .vm("KVM_ARM_SET_COUNTER_OFFSET", "\"counter_offset\":1000,\"reserved\":0")
                        .create(1)
                        .vcpu(1, "KVM_ARM_VCPU_INIT", "")
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCounterSetAfterAnotherVcpuRanIsFound() throws Exception {
        SmallLog log = created().register(0, "TIMER_CNT", HOUR).run(0).register(1, "TIMER_CNT", HOUR + 5000);
        int set = log.line();
        assertThat(log.run(1).findings(folder)).containsExactly("counter-set-after-run " + set);
    }

    @Test
    void countersThatAreSetBeforeAnyVcpuRunsAreClean() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CNT", HOUR)
                        .register(1, "TIMER_CNT", HOUR + 5000)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCounterSetAfterAnotherVcpuRanIsNoFindingWhereKvmNeedsAllVcpusStopped() {
        assertThat(FindingKind.COUNTER_SET_AFTER_RUN.isOn(KernelProfile.of("corrected")))
                .isFalse();
    }

    @Test
    void aPhysicalCounterThatAnOldKernelDoesNotHaveIsHarmless() throws Exception {
        assertThat(created()
                        .on("6.1.192")
                        .failed(0, "KVM_SET_ONE_REG", "\"reg\":\"KVM_REG_ARM_PTIMER_CNT\",\"value\":7", ENOENT)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCounterThatKvmRefusedIsFound() throws Exception {
        SmallLog log = created().failed(0, "KVM_SET_ONE_REG", "\"reg\":\"KVM_REG_ARM_PTIMER_CNT\",\"value\":7", ENOENT);
        int refused = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("set-refused " + refused);
    }

    @Test
    void theSmallerCounterLastIsFound() throws Exception {
        SmallLog log = created().register(0, "TIMER_CNT", HOUR).register(1, "TIMER_CNT", HOUR - 1_000_000);
        int last = log.line();
        assertThat(log.run(0, 1).findings(folder)).containsExactly("counters-unequal " + last);
    }

    @Test
    void countersThatWereReadOneAfterTheOtherAreHarmless() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CNT", HOUR)
                        .register(1, "TIMER_CNT", HOUR + 2000)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void anArmedCompareValueBeforeTheCounterIsFound() throws Exception {
        SmallLog log = created().register(0, "TIMER_CVAL", HOUR + 7);
        int compare = log.line();
        log.register(0, "TIMER_CTL", 1).register(0, "TIMER_CNT", HOUR).run(0, 1);
        assertThat(log.findings(folder)).containsExactly("cval-before-counter " + compare);
    }

    @Test
    void anArmedCompareValueBeforeTheCounterIsHarmlessWhereKvmSaturates() throws Exception {
        assertThat(created()
                        .on("7.3.4")
                        .register(0, "TIMER_CVAL", HOUR + 7)
                        .register(0, "TIMER_CTL", 1)
                        .register(0, "TIMER_CNT", HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCompareValueOfATimerThatIsOffIsHarmless() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CVAL", HOUR + 7)
                        .register(0, "TIMER_CTL", 0)
                        .register(0, "TIMER_CNT", HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aVcpuCreatedAfterTheCounterIsHarmlessBehindAnOffset() throws Exception {
        assertThat(SmallLog.arm64()
                        .create(0)
                        .vcpu(0, "KVM_ARM_VCPU_INIT", "")
                        .register(0, "TIMER_CNT", HOUR)
                        .vm("KVM_ARM_SET_COUNTER_OFFSET", "\"counter_offset\":1000,\"reserved\":0")
                        .create(1)
                        .vcpu(1, "KVM_ARM_VCPU_INIT", "")
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aVcpuCreatedAfterTheCounterIsHarmlessIfTheGuestDoesNotRun() throws Exception {
        assertThat(SmallLog.arm64()
                        .create(0)
                        .vcpu(0, "KVM_ARM_VCPU_INIT", "")
                        .register(0, "TIMER_CNT", HOUR)
                        .create(1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCounterSetWhileAnotherVcpuMayRunIsUndecidable() throws Exception {
        SmallLog log = created().run(0, 1).openRun(0).register(1, "TIMER_CNT", HOUR);
        int set = log.line();
        AuditReport report = log.run(1).audit(folder);
        assertThat(report.findings()).isEmpty();
        assertThat(report.undecidable())
                .extracting(Undecidable::id, Undecidable::line)
                .contains(tuple("counter-set-after-run", set));
    }

    @Test
    void aCounterThatHasCaughtUpWhenTheGuestRunsIsHarmless() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CNT", HOUR + 1000)
                        .register(1, "TIMER_CNT", HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void theCompareValueOfThePhysicalTimerCountsToo() throws Exception {
        SmallLog log = created().register(0, "PTIMER_CVAL", HOUR + 7);
        int compare = log.line();
        log.register(0, "PTIMER_CTL", 1).register(0, "PTIMER_CNT", HOUR).run(0, 1);
        assertThat(log.findings(folder)).containsExactly("cval-before-counter " + compare);
    }

    @Test
    void aCompareValueThatIsWrittenAgainAfterTheCounterIsHarmless() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CVAL", HOUR + 7)
                        .register(0, "TIMER_CTL", 1)
                        .register(0, "TIMER_CNT", HOUR)
                        .register(0, "TIMER_CVAL", HOUR + 7)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }

    @Test
    void aCompareValueOf0CannotWrap() throws Exception {
        assertThat(created()
                        .register(0, "TIMER_CVAL", 0)
                        .register(0, "TIMER_CTL", 1)
                        .register(0, "TIMER_CNT", HOUR)
                        .run(0, 1)
                        .findings(folder))
                .isEmpty();
    }
}
