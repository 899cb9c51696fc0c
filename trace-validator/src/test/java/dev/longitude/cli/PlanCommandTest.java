package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
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
                .contains("64428 by using kvmclock and 0 by not scaling");
    }

    /** A signed and an unsigned offset of the same bits are the same vCPU's. */
    @Test
    void jsonHasTheSame() throws Exception {
        Run json = Run.of("plan", "tsc", "--json", "--input", file(RECORDED));
        assertThat(json.code()).isZero();
        assertThat(json.out().lines())
                .as("one object in one line, as of every command")
                .hasSize(1);
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
            {"offsets": []}               | "guestKhz" is missing
            {"guestkhz": 1}               | p.json: unknown key "guestkhz"; did you mean guestKhz?
            {"x": 1}                      | p.json: unknown key "x"; there are guestKhz, offsets, source, destination, policy, sameHost, clockErrorNs
            {"source": {"host_tsc": 1}}   | p.json: source: unknown key "host_tsc"; did you mean hostTsc?
            []                            | p.json:1:1
            {"guestKhz": 1, "offsets": [340282366920938463463374607431768211456], "source": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | does not fit 64 bits
            {"guestKhz": 1, "offsets": [], "source": {"hostKhz": 9, "tscControl": 0, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | source: a guest at 1 kHz on a host at 9 kHz, which cannot scale: KVM_SET_TSC_KHZ of a vCPU fails with EINVAL
            {"guestKhz": 0, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}} | guestKhz is positive, not 0
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 9, "tscControl": 2, "hostTsc": 0, "clock": 0, "realtime": 0}} | tscControl is 0 or 1, not 2
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 9, "tscControl": 1, "hostTsc": 0, "clock": 0, "realtime": 0}} | tscControl is 1, so fracBits is needed
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 9, "tscControl": 0, "fracBits": 48, "hostTsc": 0, "clock": 0, "realtime": 0}} | tscControl 0 and fracBits 48 contradict each other
            {"guestKhz": 9, "offsets": [], "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 9, "earlierHostTsc": 0, "hostTsc": 0, "clock": 0, "realtime": 0}} | earlierHostTsc and earlierRealtime go together
            {"guestKhz": 9, "offsets": [], "sameHost": true, "source": {"hostKhz": 9, "hostTsc": 0, "clock": 0, "realtime": 0}, "destination": {"hostKhz": 8, "hostTsc": 0, "clock": 0, "realtime": 0}} | one host has one hostKhz, not 9 and 8
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

    /** 2 s of blackout, between hosts of 3 GHz but where a test says otherwise. */
    private static Run tsc(int guestKhz, String source, String destination, Object... more) {
        return Run.of(Stream.concat(
                        Stream.of(
                                "plan",
                                "tsc",
                                "--guest-khz",
                                guestKhz,
                                "--offset=-5",
                                "--source",
                                source + ",hostTsc=30000000000,clock=7000000000,realtime=100000000000",
                                "--destination",
                                destination + ",hostTsc=700,clock=9000000000,realtime=102000000000"),
                        Stream.of(more))
                .toArray());
    }

    /** 250 of 10^6 are 86400 s * 250 / 10^6 = 21.6 s a day; whole kHz leave 10^6 / 1000000 = 1 ppm open. */
    @Test
    void theDriftOfANearRateIsPrinted() {
        Run fast = tsc(1_000_000, "hostKhz=1000000", "hostKhz=1000250");
        assertThat(fast.code()).as(fast.err()).isZero();
        assertThat(fast.out())
                .contains("drift on the destination: the guest's TSC is fast: +250.000 ppm, +21.600 s a day, to within"
                        + " 1.000 ppm")
                .doesNotContain("drift on the source");
        Run slow = tsc(1_000_000, "hostKhz=1000000", "hostKhz=999751,fracBits=48");
        assertThat(slow.out()).contains("the guest's TSC is slow: -249.000 ppm, -21.514 s a day");
    }

    @Test
    void theDriftIsInTheJson() throws Exception {
        Run json = tsc(1_000_000, "hostKhz=1000000", "hostKhz=1000250", "--json");
        JsonNode rates = JsonMapper.builder().build().readTree(json.out()).get("rates");
        assertThat(rates.get("destination").get("driftPpm").asDouble()).isCloseTo(250, within(1e-9));
        assertThat(rates.get("destination").get("driftSecondsADay").asDouble()).isCloseTo(21.6, within(1e-9));
        assertThat(rates.get("source").get("driftPpm").asDouble()).isZero();
    }

    /** From 100 to 102 s, and by kvmclock from 7 to 7 s; tolerated are 1 ms and 500 ppm of 2 s. */
    @Test
    void aKvmclockThatStoodStillIsAWarning() {
        String[] hosts = {
            "hostKhz=3000000,hostTsc=0,clock=7000000000,realtime=100000000000",
            "hostKhz=3000000,hostTsc=0,clock=7000000000,realtime=102000000000"
        };
        Object[] plan = {
            "plan", "tsc", "--guest-khz=3000000", "--offset=0", "--source", hosts[0], "--destination", hosts[1]
        };
        Run refused = Run.of(plan);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.out())
                .contains("warning: kvmclock and CLOCK_REALTIME differ in the elapsed time: 0 ns against 2000000000 ns,"
                        + " tolerated are 2000000 ns");
        Run accepted = Run.of(Stream.concat(Stream.of(plan), Stream.of("--accept-clock-difference"))
                .toArray());
        assertThat(accepted.code()).isZero();
        assertThat(accepted.out()).contains("accepted: kvmclock and CLOCK_REALTIME differ");
    }

    @Test
    void realTimeThatGoesBackIsAWarningOnBothArchitectures() throws Exception {
        Run counter = Run.of(
                "plan",
                "counter",
                "--counter-hz=62500000",
                "--source=counter=0,realtime=7",
                "--destination=counter=0,realtime=5");
        assertThat(counter.code()).isEqualTo(1);
        assertThat(counter.out())
                .contains("warning: CLOCK_REALTIME of the destination is before the source's: 5 ns against 7 ns");
        Run tsc = Run.of("plan", "tsc", "--json", "--input", file(RECORDED.replace("1795347983891377974", "5")));
        assertThat(tsc.code()).isEqualTo(1);
        assertThat(JsonMapper.builder()
                        .build()
                        .readTree(tsc.out())
                        .get("clockDifferences")
                        .get(0)
                        .get("kind")
                        .asText())
                .isEqualTo("REALTIME_GOES_BACK");
    }

    /** 6 * 10^9 cycles of 3 GHz are 2 s; on the destination 700 cycles, which are 233 ns, against 2 s. */
    @Test
    void theTscOfAHostIsHeldAgainstItsOwnRealTime() {
        Run differs = tsc(
                3_000_000,
                "hostKhz=3000000,earlierHostTsc=24000000000,earlierRealtime=98000000000",
                "hostKhz=3000000,earlierHostTsc=0,earlierRealtime=100000000000");
        assertThat(differs.code()).isEqualTo(1);
        assertThat(differs.out())
                .contains(
                        "warning: the destination's TSC and CLOCK_REALTIME differ in the elapsed time there: 233 ns against"
                                + " 2000000000 ns")
                .doesNotContain("the source's TSC");
        assertThat(tsc(3_000_000, "hostKhz=3000000", "hostKhz=3000000", "--same-host")
                        .out())
                .contains("warning: the host's TSC and CLOCK_REALTIME differ in the elapsed time");
    }

    @Test
    void anUnknownErrorOfTheHostsClocksIsNotTakenForNone() throws Exception {
        String unknown =
                ", and by the difference between the hosts' real-time clocks, which is not known and not in that bound";
        assertThat(Run.of("plan", "tsc", "--input", file(RECORDED)).out())
                .contains("to set: off by at most 385 cycles")
                .contains(unknown);
        assertThat(Run.of("plan", "tsc", "--input", file(RECORDED.replaceFirst("\\{", "{\"sameHost\": true,")))
                        .out())
                .contains("to set: at most 385 cycles (0.000000148 s) off")
                .contains("0 by the hosts' real-time clocks")
                .doesNotContain(unknown);
        Run json = Run.of("plan", "tsc", "--json", "--input", file(RECORDED));
        assertThat(JsonMapper.builder()
                        .build()
                        .readTree(json.out())
                        .get("bound")
                        .get("hostClocks")
                        .isNull())
                .isTrue();
    }

    /** A guest at 2.7 GHz on 2.6 GHz falls behind by 1/27 between entries, which is 37037.0 ppm. */
    @Test
    void aFasterGuestIsCaughtUpWhereTheHostCannotScale() {
        Run faster = tsc(2_700_000, "hostKhz=2700000", "hostKhz=2600000,tscControl=0");
        assertThat(faster.code()).isEqualTo(1);
        assertThat(faster.out())
                .contains("35399999295") // 30000000000 - 5 + 2 s of 2.7 GHz - 700
                .contains("KVM_SET_TSC_KHZ succeeds, and KVM catches up at each entry of a vCPU only")
                .contains("slow by 37037.0 ppm");
    }

    @Test
    void aSlowerGuestIsRefusedWhereTheHostCannotScale() {
        Run slower = tsc(2_600_000, "hostKhz=2600000", "hostKhz=2700000,tscControl=0");
        assertThat(slower.code()).isEqualTo(1);
        assertThat(slower.out())
                .contains("No offset can be given")
                .contains("KVM_SET_TSC_KHZ of a vCPU fails with EINVAL")
                .doesNotContain("catches up");
    }

    /** 256 times the host's rate is more than AMD's 8 bits before the point express. */
    @Test
    void aRateBeyondWhatAHostScalesIsRefused() {
        assertThat(tsc(256_000, "hostKhz=256000", "hostKhz=1000,fracBits=32").out())
                .contains("beyond what that scales: KVM_SET_TSC_KHZ fails with EINVAL");
    }

    @Test
    void bothAreSaidWhereItIsNotKnownWhetherTheHostScales() {
        Run faster = tsc(2_700_000, "hostKhz=2700000", "hostKhz=2600000");
        assertThat(faster.code()).isEqualTo(3);
        assertThat(faster.out())
                .contains(
                        "is not known (tscControl, fracBits). If it does not: KVM_SET_TSC_KHZ succeeds, and KVM catches up")
                .contains("If it does: KVM_SET_TSC_KHZ succeeds");
        Run slower = tsc(2_600_000, "hostKhz=2600000", "hostKhz=2700000", "--json");
        assertThat(slower.code()).isEqualTo(3);
        assertThat(slower.out())
                .contains("\"NOT_KNOWN\"")
                .contains("If it does not: KVM_SET_TSC_KHZ of a vCPU fails with EINVAL")
                .doesNotContain("\"offsets\"");
        assertThat(tsc(2_600_000, "hostKhz=2700000", "hostKhz=2600000").code()).isEqualTo(3);
    }

    @Test
    void aMistypedKeyOnTheCommandLineIsNamed() {
        Run plan = tsc(3_000_000, "hostkhz=3000000", "hostKhz=3000000");
        assertThat(plan.code()).isEqualTo(2);
        assertThat(plan.err()).contains("--source: unknown key \"hostkhz\"; did you mean hostKhz?");
    }
}
