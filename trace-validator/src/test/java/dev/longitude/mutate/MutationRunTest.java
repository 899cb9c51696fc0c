package dev.longitude.mutate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.mutate.Judged.Fate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mutants of the specification, and that the checks catch what the committed results say. */
class MutationRunTest {
    private static final Path RESULTS = Path.of("..", "spec", "mutants.tsv");
    private static final int SAMPLE = 5;
    private static final long SMALL = 600;

    @Test
    void aKeyIsOfOneMutant() throws Exception {
        ImmutableList<Mutant> all = Mutants.all();
        assertThat(all).hasSizeGreaterThan(3000);
        assertThat(new HashSet<>(all.stream().map(Mutant::key).toList())).hasSize(all.size());
    }

    /** In TLA+ the column of a bullet counts: an edit moves nothing that follows it. */
    @Test
    void anEditMovesNoBullet() {
        ModuleText text = new ModuleText("M", ImmutableList.of("IF x THEN - a", "          - b", "===="));
        assertThat(text.with(new Mutant.Place(1, 4, 1, 4), "not(x)").lines())
                .containsExactly("IF not(x)", "     THEN - a", "          - b", "====");
    }

    /** (The parser gives an @ the place of what it stands for.) */
    @Test
    void anAtStaysAnAt() throws Exception {
        List<Mutant> ofSets = Mutants.all().stream()
                .filter(m -> m.mutation() == Mutation.SET_CHANGED && m.before().startsWith("@"))
                .toList();
        assertThat(ofSets).isNotEmpty();
        assertThat(ofSets).allSatisfy(m -> assertThat(m.after()).startsWith("(@ "));
    }

    /** A quantifier over a set with an element less is true wherever it was: nothing that holds can notice. */
    @Test
    void anElementLessIsWeaker() throws Exception {
        List<Mutant> swapped = Mutants.all().stream()
                .filter(m -> m.mutation() == Mutation.VARIABLE_SWAPPED
                        && m.operator().equals("TypeOK"))
                .toList();
        assertThat(swapped).filteredOn(Mutant::weaker).hasSizeGreaterThan(30);
        assertThat(swapped).filteredOn(m -> !m.weaker()).isNotEmpty();
    }

    @Test
    void mostRowsAreOfMutantsThatThereAre() throws Exception {
        MutationResults results = MutationResults.read(RESULTS);
        long judged =
                Mutants.all().stream().filter(m -> results.of(m).isPresent()).count();
        // (The others are of operators that have changed since.)
        assertThat(judged).isGreaterThan(100);
    }

    /** Some of those that a small model catches, drawn anew each time, and one that a trace catches. */
    @Test
    void aSampleIsStillCaught() throws Exception {
        long seed = ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
        System.out.println("MutationRunTest: seed " + seed);
        MutationResults results = MutationResults.read(RESULTS);
        List<Mutant> byModels = new ArrayList<>();
        List<Mutant> byTraces = new ArrayList<>();
        for (Mutant mutant : Mutants.all()) {
            Judged judged = results.of(mutant).orElse(null);
            if (judged != null && judged.fate() == Fate.CAUGHT) {
                if (judged.kind().equals("scenario")) {
                    byTraces.add(mutant);
                } else if (isSmall(judged)) {
                    byModels.add(mutant);
                }
            }
        }
        Collections.shuffle(byModels, new Random(seed));
        Collections.shuffle(byTraces, new Random(seed));
        List<Mutant> sample = new ArrayList<>(byModels.subList(0, SAMPLE));
        sample.add(byTraces.get(0));
        try (MutationRun run = new MutationRun(null)) {
            for (Mutant mutant : Mutants.all()) {
                results.of(mutant).ifPresent(run::note);
            }
            for (Mutant mutant : sample) {
                Judged judged = run.judge(mutant, Double.POSITIVE_INFINITY).orElseThrow();
                assertThat(judged.fate())
                        .as("seed %s; longitude mutate --again --mutant %s: %s", seed, mutant.key(), mutant)
                        .isEqualTo(Fate.CAUGHT);
            }
        }
    }

    /** A text that is put in place of itself changes nothing. */
    @Test
    void whatChangesNothingSurvives() throws Exception {
        List<Mutant> ofOne = Mutants.all().stream()
                .filter(m -> m.operator().equals("RateCanBeHad") && !m.weaker())
                .toList();
        assertThat(ofOne).isNotEmpty();
        Mutant real = ofOne.get(0);
        Mutant same = new Mutant(
                real.module(),
                real.operator(),
                real.mutation(),
                real.place(),
                real.before(),
                real.before(),
                false,
                real.key());
        try (MutationRun run = new MutationRun(null)) {
            assertThat(run.judge(same, Double.POSITIVE_INFINITY).orElseThrow().fate())
                    .isEqualTo(Fate.SURVIVES);
        }
    }

    /** Nor do scenarios and recordings catch it: in a run they come before the models. */
    @Test
    void tracesDoNotCatchTheSpecificationItself() throws Exception {
        try (MutantJvms jvms = new MutantJvms()) {
            for (String module : List.of("KvmX86", "KvmArm64", "Kernels")) {
                String text = String.join("\n", ModuleText.of(module).lines()) + "\n";
                MutantJvms.Replayed replayed = jvms.replay(
                        Replays.Kind.SCENARIOS,
                        module,
                        text,
                        MutatedModule.named(module).ofTraces());
                assertThat(replayed.answer()).as(replayed.by()).isEqualTo(MutantJvm.Answer.SURVIVES);
            }
        }
    }

    /** Where the specification itself differs from Java, every mutant would seem to be caught. */
    @Test
    void theModelsThatCatchInLockstepAgreeOnTheSpecification() throws Exception {
        MutationResults results = MutationResults.read(RESULTS);
        Set<String> names = Mutants.all().stream()
                .flatMap(m -> results.of(m).stream())
                .map(Judged::by)
                .filter(by -> by.startsWith(MutantJvm.LOCKSTEP))
                .map(by -> by.substring(MutantJvm.LOCKSTEP.length()))
                .collect(Collectors.toSet());
        assertThat(names).isNotEmpty();
        for (String name : names) {
            assertThat(LockstepReplay.difference(name, ImmutableMap.of()))
                    .as(name)
                    .isEmpty();
        }
    }

    /** Without its guard a step is possible that Java refuses; the specification itself is explored without a difference. */
    @ParameterizedTest
    @CsvSource({
        "KvmArm64, VcpuLoad, arm64-timer-in-host-v6.12",
        "KvmX86, SetTscOffset, same-offset-v5.16",
    })
    void aGuardThatIsGoneIsNoticedInLockstep(String module, String operator, String model) throws Exception {
        Mutant weaker = Mutants.all().stream()
                .filter(m -> m.module().equals(module)
                        && m.operator().equals(operator)
                        && m.mutation() == Mutation.GUARD_NEGATED)
                .findFirst()
                .orElseThrow();
        ModuleText text = ModuleText.of(module);
        Model explored = Manifest.load().named(model).orElseThrow();
        try (MutantJvms jvms = new MutantJvms()) {
            assertThat(jvms.lockstep(explored, module, String.join("\n", text.lines()) + "\n"))
                    .isEqualTo(new MutantJvms.Replayed(MutantJvm.Answer.SURVIVES, ""));
            MutantJvms.Replayed replayed = jvms.lockstep(explored, module, text.with(weaker.place(), weaker.after()));
            assertThat(replayed.answer()).isEqualTo(MutantJvm.Answer.CAUGHT);
            assertThat(replayed.by()).startsWith("lockstep " + model + ": " + operator);
        }
    }

    /** No verdict depends on what a counterexample shows. */
    @Test
    void whatIsOnlyShownIsNoticedInACounterexample() throws Exception {
        Mutant other = Mutants.all().stream()
                .filter(m -> m.module().equals("MigrationArm64")
                        && m.operator().equals("Shown")
                        && m.mutation() == Mutation.SIGN_CHANGED)
                .findFirst()
                .orElseThrow();
        try (MutationRun run = new MutationRun(null)) {
            assertThat(run.judge(other, Double.POSITIVE_INFINITY).orElseThrow().by())
                    .startsWith("counterexample ");
        }
    }

    private static boolean isSmall(Judged judged) {
        return judged.kind().equals("model")
                && Manifest.load()
                        .named(judged.by().substring("model ".length()))
                        .filter(m -> m.violates() != null
                                && m.states() + (m.statesWithout() == null ? 0 : m.statesWithout()) < SMALL)
                        .isPresent();
    }
}
