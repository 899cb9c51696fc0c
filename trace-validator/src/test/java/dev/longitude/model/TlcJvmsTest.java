package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JVMs that run one model after the other. */
class TlcJvmsTest {
    private static final TlcJvms JVMS = new TlcJvms();

    @AfterAll
    static void end() {
        JVMS.close();
    }

    private static Model model(String name) {
        return Manifest.load().named(name).orElseThrow();
    }

    /** The model, as if it had to hold with these numbers. */
    private static Model holding(Model model, long states, int depth) {
        return new Model(model.name(), model.module(), model.about(), null, states, depth, null, null, false);
    }

    /** (These are of each root module, with a property of steps and without.) */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "needless-update-v6.8",
                "refused-rate-corrected",
                "arm64-ignored-write-corrected",
                "arm64-vmm-value-late-corrected",
                "write-at-creation-corrected"
            })
    void theResultIsThatOfAProcess(String name) throws Exception {
        long before = JVMS.answered();
        ModelCheck.Outcome shared = new ModelCheck(model(name)).run(JVMS);
        assertThat(JVMS.answered()).isEqualTo(before + 1);
        assertThat(shared).isEqualTo(new ModelCheck(model(name)).run());
        assertThat(shared.fault()).isNull();
    }

    /** Only the run without the violated property shares a JVM. */
    @Test
    void aModelThatMustFailFailsInAProcess() throws Exception {
        long before = JVMS.answered();
        ModelCheck.Outcome shared = new ModelCheck(model("refused-rate-v6.12")).run(JVMS);
        assertThat(JVMS.answered()).isEqualTo(before + 1);
        assertThat(shared).isEqualTo(new ModelCheck(model("refused-rate-v6.12")).run());
        assertThat(shared.fault()).isNull();
    }

    @Test
    void aModelThatMustHoldAndFailsIsReportedAsByAProcess() throws Exception {
        Model failing = model("young-guest-v6.1");
        Model wrong = holding(failing, failing.states(), failing.depth());
        ModelCheck.Outcome shared = new ModelCheck(wrong).run(JVMS);
        assertThat(shared).isEqualTo(new ModelCheck(wrong).run());
        assertThat(shared.fault()).startsWith("WriteTakesEffect is violated, in 4 states");
        assertThat(shared.counterexample()).hasSize(4);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "0, 1"})
    void anotherCountIsReportedAsByAProcess(int moreStates, int moreDepth) throws Exception {
        Model right = model("needless-update-v6.8");
        Model wrong = holding(right, right.states() + moreStates, right.depth() + moreDepth);
        ModelCheck.Outcome shared = new ModelCheck(wrong).run(JVMS);
        assertThat(shared).isEqualTo(new ModelCheck(wrong).run());
        assertThat(shared.fault()).contains("expected " + wrong.states() + " and " + wrong.depth());
    }

    /** Outputs that are not exactly what must come out; the first is, and counts. */
    private static Stream<Arguments> outputs() {
        Model model = model("needless-update-v6.8");
        long states = model.states();
        int depth = model.depth();
        ImmutableList<String> none = ImmutableList.of();
        ImmutableList<String> one = ImmutableList.of("State 1");
        return Stream.of(
                arguments(true, new TlcOutput(true, null, states, depth, none, none, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(false, null, states, depth, none, none, 0, false, none, none, 0)),
                arguments(
                        false,
                        new TlcOutput(true, "Invariant TypeOK", states, depth, none, none, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states + 1, depth, none, none, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states, depth + 1, none, none, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states, depth, one, none, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states, depth, none, one, 0, false, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states, depth, none, none, 0, true, none, none, 0)),
                arguments(false, new TlcOutput(true, null, states, depth, none, none, 0, false, none, none, 1)));
    }

    /** A model that no process can check shows which of the two runs counts. */
    @ParameterizedTest
    @MethodSource("outputs")
    void onlyExactlyTheExpectedOutputCounts(boolean counts, TlcOutput output) throws Exception {
        Model model = model("needless-update-v6.8");
        try (TlcJvms fake = new TlcJvms() {
            @Override
            Optional<TlcOutput> run(String module, String config) {
                return Optional.of(output);
            }
        }) {
            ModelCheck.Outcome outcome = new ModelCheck(model, "no configuration").run(fake);
            assertThat(outcome.fault() == null).isEqualTo(counts);
            assertThat(outcome).isEqualTo(counts ? outcome : new ModelCheck(model, "no configuration").run());
        }
    }

    /** The limit ends the JVM in the middle of a run, as TLC itself may. */
    @Test
    void whatHappensToAJvmIsNotAResult() throws Exception {
        Model model = model("needless-update-v6.8");
        try (TlcJvms none = new TlcJvms(Duration.ZERO)) {
            ModelCheck.Outcome outcome = new ModelCheck(model).run(none);
            assertThat(none.answered()).isZero();
            assertThat(outcome.fault()).isNull();
            assertThat(outcome.states()).isEqualTo(model.states());
        }
    }

    /** A module that cannot be parsed gives an exit code; a missing one, too; neither ends the JVM. */
    @Test
    void anErrorDoesNotStopTheNextRun() throws Exception {
        String config = Doctor.SAFETY.config();
        Optional<TlcOutput> broken = JVMS.run("Doctor", "---- MODULE Doctor ----\n1 == 2\n====\n", config, List.of());
        assertThat(broken).hasValueSatisfying(output -> {
            assertThat(output.finished() && output.trouble().isEmpty()).isFalse();
            assertThat(output.exitCode()).isNotZero();
        });
        assertThat(Doctor.SAFETY.isRight(JVMS)).isTrue();
    }

    @Test
    void aFalseInvariantIsFoundAfterATrueOneOfThatName() throws Exception {
        try (TlcJvms one = new TlcJvms()) {
            String holds = Doctor.counting("Wrong == x # 9");
            assertThat(one.run("Doctor", holds, Doctor.SAFETY.config(), Tlc.ONE_WORKER))
                    .hasValueSatisfying(output -> {
                        assertThat(output.violated()).isNull();
                        assertThat(output.states()).isEqualTo(5);
                    });
            assertThat(Doctor.SAFETY.isRight(one)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SAFETY", "LIVENESS"})
    void theBundledTlcFindsWhatLongitudeReliesOn(Doctor check) throws Exception {
        assertThat(check.isRight(JVMS)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"LAZY_EXCEPT", "SHARED_EXCEPT", "CONTINUE"})
    void theBundledTlcHasItsKnownFaults(Doctor check) throws Exception {
        assertThat(check.isRight(JVMS)).isFalse();
    }

    /** Exactly the large models and those with fairness do not share a JVM. */
    @Test
    void whichModelsShareAJvm() throws IOException {
        List<String> alone = new ArrayList<>();
        for (Model model : Manifest.load().models()) {
            if (!model.large() && !new ModelCheck(model).mayShareJvm()) {
                alone.add(model.name());
            }
            assertThat(model.large() && new ModelCheck(model).mayShareJvm()).isFalse();
        }
        assertThat(alone)
                .containsExactlyInAnyOrder(
                        "updates-performed-v7.3",
                        "arm64-broadcast-ends-v6.1",
                        "arm64-broadcast-ends-series-v2",
                        "fault-lasting-request",
                        "fault-arm64-endless-broadcast");
    }

    /** TLC says that it checks liveness, whatever the configuration looks like. */
    @Test
    void livenessIsSeenInTheOutput() throws Exception {
        assertThat(JVMS.run("Doctor", Doctor.LIVENESS.text(), Doctor.LIVENESS.config(), Tlc.ONE_WORKER))
                .hasValueSatisfying(output -> assertThat(output.temporal()).isTrue());
        assertThat(JVMS.run("Doctor", Doctor.SAFETY.text(), Doctor.SAFETY.config(), Tlc.ONE_WORKER))
                .hasValueSatisfying(output -> assertThat(output.temporal()).isFalse());
    }
}
