package dev.longitude.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The content of one record, and the faults that make it unusable. */
class IoctlRecordTest {
    private static IoctlRecord read(String record) throws TraceFormatException {
        LineSource source =
                new LineSource("log", new ByteArrayInputStream((record + "\n").getBytes(StandardCharsets.UTF_8)));
        return IoctlRecord.read(source, String.valueOf(source.next()));
    }

    /** A record of a TSC write without its value still shows the write. */
    @Test
    void anMsrWhoseValueIsNotKnownIsWrittenAllTheSame() throws Exception {
        IoctlRecord record = read("{\"op\":\"KVM_SET_MSRS\",\"ret\":9,\"errno\":0,"
                + "\"args\":{\"nmsrs\":9,\"clock_msrs\":{\"0x10\":null,\"MSR_IA32_TSC_ADJUST\":0}}}");
        assertThat(MsrList.written(record).orElseThrow())
                .containsExactly(new MsrList.Entry(0x10, null), new MsrList.Entry(0x3b, 0L));
    }

    /** The call may have had nine MSRs, of which the kernel refused the third. */
    @Test
    void howManyMsrsACallHadIsNotGuessed() throws Exception {
        String record =
                "{\"op\":\"KVM_SET_MSRS\",\"ret\":2,\"errno\":0,\"args\":{%s\"clock_msrs\":{\"0x10\":5,\"0x3b\":0}}}";
        assertThat(MsrList.written(read(String.format(record, "")))).isEmpty();
        assertThat(MsrList.written(read(String.format(record, "\"nmsrs\":null,"))))
                .isEmpty();
        assertThat(MsrList.written(read(String.format(record, "\"nmsrs\":9,")))).isEmpty();
        assertThat(MsrList.written(read(String.format(record, "\"nmsrs\":2,")))).isPresent();
    }

    /** A value of the wrong type makes a log unusable anywhere, even where the importer does not need it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"op\":\"KVM_SET_MSRS\",\"ret\":-1,\"errno\":22,\"args\":{\"index\":\"0x10\",\"data\":true}}",
                "{\"op\":\"KVM_SET_MSRS\",\"args\":{\"index\":\"0x10\",\"data\":1.5}}",
                "{\"op\":\"KVM_GET_CLOCK\",\"ret\":-1,\"errno\":22,\"out\":{\"flags\":\"two\"}}",
                "{\"op\":\"KVM_GET_ONE_REG\",\"args\":{\"reg\":\"KVM_REG_ARM_TIMER_CNT\"},\"out\":{\"value\":{}}}",
                "{\"op\":\"KVM_GET_ONE_REG\",\"args\":{\"id\":\"0x603000000013df01\"},\"out\":{\"value\":\"many\"}}",
                "{\"op\":\"KVM_CREATE_VCPU\",\"args\":{\"id\":65536}}",
                "{\"op\":\"KVM_IOEVENTFD\",\"args\":{\"thread\":[]}}",
                "{\"op\":\"KVM_RUN\",\"host_tsc\":[1,2],\"host_cntvct\":[1,2]}"
            })
    void aValueOfTheWrongTypeMakesTheLogUnusable(String record) {
        assertThatThrownBy(() -> read(record))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("log:1:")
                .hasMessageContaining("expected ");
    }

    /** A value that the importer does not read may be anything: a vector register, a recorder's own notes. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {"op":"KVM_SET_ONE_REG","args":{"id":"0x6050000000100054","value":{"lo":1,"hi":2}}} | []
            {"op":"KVM_RUN","args":{"note":[1],"mine":99999999999999999999},"out":{"exit":{}}}  | [args.mine]
            {"op":"KVM_IOEVENTFD","args":{"addr":99999999999999999999}}                         | []
            {"op":"KVM_GET_CLOCK","weather":{"t":1e9},"out":{"clock":1,"tsc_stable":null}}      | [weather, out.tsc_stable]
            """)
    void whatNothingReadsMayBeAnything(String record, String unlisted) throws Exception {
        assertThat(read(record).unlisted()).hasToString(unlisted);
    }

    @Test
    void nullIsAsGoodAsMissing() throws Exception {
        IoctlRecord record =
                read("{\"op\":\"KVM_RUN\",\"vm\":null,\"ret\":null,\"host_tsc\":null,\"args\":{\"guest\":null}}");
        assertThat(record.hasOutcome()).isFalse();
        assertThat(record.args().text("guest")).isNull();
        assertThat(record.args().has("guest")).isFalse();
        assertThat(List.of(record.args().names(), record.out().names())).hasToString("[[guest], []]");
        assertThatThrownBy(() -> read("{\"op\":null}")).hasMessageContaining("expected \"op\" in the record");
    }
}
