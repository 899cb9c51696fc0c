package dev.longitude.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArmRegisterTest {
    /** Ids as KVM_GET_REG_LIST gives them: op0 in bits 15-14, op1 in 13-11, CRn in 10-7, CRm in 6-3, op2 in 2-0. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0x603000000013df40 | false | PMEVCNTR0_EL0: op1 3, CRn 14, CRm 8
            0x603000000013df7f | false | PMCCFILTR_EL0: op1 3, CRn 14, CRm 15, op2 7
            0x603000000013c708 | false | CNTKCTL_EL1: op1 0, CRn 14, CRm 1
            0x603000000013de82 | false | TPIDR_EL0: CRn 13
            0x6020000000140000 | false | no system register
            0x603000000013df00 | true  | CNTFRQ_EL0: op1 3, CRn 14, CRm 0
            0x603000000013df06 | true  | CNTVCTSS_EL0
            0x603000000013e703 | true  | CNTVOFF_EL2: op1 4, CRn 14, CRm 0
            0x603000000013e740 | true  | op1 4, CRn 14, CRm 8: no event counter
            """)
    void whetherARegisterMayBeOfATimer(String id, boolean may, String name) {
        assertThat(KvmAbi.ArmRegister.mayBeOfATimer(Long.decode(id))).as(name).isEqualTo(may);
    }
}
