package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Requests of ioctls as strace, QEMU and perf print them. */
class IoctlRequestTest {
    private static final long POINTER = 0x7ffe_4403_cb50L;

    @Test
    void theNumberOfEachIoctlOfTheLogFormatIsKnown() {
        assertThat(IoctlRequest.known())
                .containsAll(IoctlTable.listed().keySet().stream()
                        .filter(op -> op.startsWith("KVM_"))
                        .toList());
    }

    @Test
    void aRequestIsANameOrANumberOrItsParts() {
        assertThat(IoctlRequest.exact("KVM_RUN")).hasValue("KVM_RUN");
        assertThat(IoctlRequest.exact("0xae80")).hasValue("KVM_RUN");
        assertThat(IoctlRequest.exact("0xc008ae88")).hasValue("KVM_GET_MSRS");
        assertThat(IoctlRequest.exact("_IOC(_IOC_WRITE, 0xae, 0xb5, 0x10)")).hasValue("KVM_ARM_SET_COUNTER_OFFSET");
        assertThat(IoctlRequest.exact("_IOC(_IOC_READ|_IOC_WRITE, 0xae, 0x88, 0x8)"))
                .hasValue("KVM_GET_MSRS");
        assertThat(IoctlRequest.exact("_IOC(_IOC_NONE, 0xae, 0xa3, 0)")).hasValue("KVM_GET_TSC_KHZ");
    }

    @Test
    void anUnknownIoctlOfKvmIsNoIoctlOfAnother() {
        assertThat(IoctlRequest.exact("_IOC(_IOC_NONE, 0xae, 0xff, 0)")).hasValue("ioctl 0x0000aeff");
        assertThat(IoctlRequest.exact("KVM_SOMETHING_NEW")).hasValue("KVM_SOMETHING_NEW");
        assertThat(IoctlRequest.exact("TCGETS")).isEmpty();
        assertThat(IoctlRequest.exact("_IOC(_IOC_WRITE, 0xaf, 0xb5, 0x10)")).isEmpty();
        assertThat(IoctlRequest.exact("SNDCTL_TMR_TIMEBASE or TCGETS")).isEmpty();
    }

    /** perf trace of Linux 6.1 prints this name for both, and no name for KVM_SET_TSC_KHZ. */
    @Test
    void perfsNamesStandForANumberWithoutItsDirection() {
        assertThat(IoctlRequest.ofPerf("KVM_ENABLE_CAP", 0)).hasValue("KVM_GET_TSC_KHZ");
        assertThat(IoctlRequest.ofPerf("KVM_ENABLE_CAP", POINTER)).hasValue("KVM_ENABLE_CAP");
        assertThat(IoctlRequest.ofPerf("(0xae, 0xa2, 0)", 0x279d2a)).hasValue("KVM_SET_TSC_KHZ");
        assertThat(IoctlRequest.ofPerf("(0xae, 0xa2, 0x1)", POINTER)).hasValue("KVM_SET_DEBUGREGS");
        assertThat(IoctlRequest.ofPerf("KVM_SET_DEBUGREGS", 0x279d2a)).hasValue("KVM_SET_TSC_KHZ or KVM_SET_DEBUGREGS");
        assertThat(IoctlRequest.ofPerf("KVM_SET_MSRS", POINTER)).hasValue("KVM_SET_MSRS");
        assertThat(IoctlRequest.ofPerf("(0x54, 0x01, 0)", 0)).isEmpty();
    }
}
