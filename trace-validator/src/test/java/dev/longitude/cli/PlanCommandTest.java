package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanCommandTest {
    /** The recording S5 of Linux 6.12. */
    private static final String RECORDED = """
            {"guestKhz": 2596124, "offsets": ["-46208809191", 18446744027500742425],
             "source": {"hostKhz": 2596124, "hostTsc": 46239717159, "clock": 17634798,
                        "realtime": "1795347983135827208"},
             "destination": {"hostKhz": 2596124, "hostTsc": 48201220742, "clock": 773210381,
                             "realtime": "1795347983891377974"}}
            """;

    @TempDir
    private Path folder;

    private String file(String text) throws Exception {
        return Files.writeString(folder.resolve("p.json"), text).toString();
    }

    @Test
    void aFileIsPlanned() throws Exception {
        Run plan = Run.of("plan", "tsc", "--input", file(RECORDED));
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out())
                .contains("-46208744870")
                .contains("-46208809298")
                .contains("755550766 ns by real time, 755575583 ns by kvmclock")
                .contains("64428 by going by kvmclock and 0 by not scaling");
    }

    /** A signed and an unsigned offset of the same bits are the same vCPU's. */
    @Test
    void jsonHasTheSame() throws Exception {
        Run json = Run.of("plan", "tsc", "--json", "--input", file(RECORDED));
        assertThat(json.code()).isZero();
        JsonNode plan = JsonMapper.builder().build().readTree(json.out());
        assertThat(plan.get("offsets"))
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.get("documented").asText()).isEqualTo("-46208744870"));
        assertThat(plan.get("bound").get("rate").asInt()).isEqualTo(378);
    }

    @Test
    void theCommandLineHasTheSameNumbers() {
        Run plan = Run.of(
                "plan",
                "tsc",
                "--guest-khz",
                "2500000",
                "--offset=-5",
                "--source",
                "hostKhz=3000000,fracBits=48,hostTsc=10000000000000,clock=7000000000,realtime=100000000000",
                "--destination",
                "hostKhz=3000000,fracBits=48,hostTsc=700000000000,clock=9000000000,realtime=102000000000");
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out())
                .contains("7754999999995  9304999999995")
                .contains("off by 1550000000000 cycles (620.000000000 s) more");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"guestKhz": 1                | p.json:1:
            {"x": 1}                      | Missing required creator property 'guestKhz'
            []                            | p.json:1:1
            {"guestKhz": 1, "offsets": [340282366920938463463374607431768211456], "source": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | does not fit 64 bits
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | the destination, at 1 kHz, cannot have a guest at 9 kHz
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "fracBits": 7, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | no scaling has 7 fraction bits
            """)
    void whatIsUnusableIsNamed(String text, String message) throws Exception {
        Run plan = Run.of("plan", "tsc", "--input", file(text));
        assertThat(plan.code()).isEqualTo(2);
        assertThat(plan.err()).contains(message).doesNotContain("\tat ");
    }

    /** 12 s on a counter of 62.5 MHz that shows 7. */
    @Test
    void anArm64CounterIsPlanned() throws Exception {
        String[] hosts = {"counter=625000000,realtime=100000000000", "counter=7,realtime=102000000000,apartNs=160000"};
        Run plan =
                Run.of("plan", "counter", "--counter-hz", 62_500_000, "--source", hosts[0], "--destination", hosts[1]);
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out())
                .contains("counter_offset: 18446744072959551623") // 7 - 750000000
                .contains("2000000000 ns by real time")
                .contains("at most 10002 ticks");
        Run json = Run.of(
                "plan",
                "counter",
                "--json",
                "--input",
                file("{\"counterHz\": 62500000, \"source\": {\"counter\": 1, \"realtime\": 5},"
                        + " \"destination\": {\"counter\": \"8\", \"realtime\": 6}, \"policy\": \"FREEZE\"}"));
        assertThat(JsonMapper.builder()
                        .build()
                        .readTree(json.out())
                        .get("counterOffset")
                        .asText())
                .isEqualTo("7");
        assertThat(Run.of("plan").err()).contains("tsc (x86) or counter (arm64)");
    }
}
