package dev.longitude.gallery;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.matrix.Matrix;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks what the gallery refers to, in seconds: scenarios are played and judged; models and cells are compared with what
 * is committed of them, which {@code check} and {@code matrix} compare with TLC; recordings with their index, which
 * {@code check} judges.
 */
public final class References {
    private final Manifest manifest = Manifest.load();
    private final ImmutableList<Matrix.Cell> cells;
    private final ImmutableList<BundledRecording> recordings;

    /** References to the bundled models, cells and recordings. */
    public References() throws IOException {
        this(Matrix.committed());
    }

    /** The same with other cells. */
    References(ImmutableList<Matrix.Cell> cells) throws IOException {
        this.cells = cells;
        this.recordings = BundledRecording.all();
    }

    /** What is wrong with a fault's entry; empty if nothing is. */
    public ImmutableList<String> wrong(Fault fault) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Leg leg : Leg.values()) {
            if (fault.isCaughtIn(leg) == !fault.reason(leg).isEmpty()) {
                wrong.add(leg + ": expected something that finds it, or else a reason why nothing does");
            }
        }
        for (Fault.FailingModel model : fault.models()) {
            add(wrong, "model " + model.fails(), wrong(fault, model));
        }
        for (Fault.PlayedScenario scenario : fault.scenarios()) {
            add(wrong, "scenario " + scenario.name(), wrong(fault, scenario));
        }
        for (Fault.RefusedTrace trace : fault.traces()) {
            add(
                    wrong,
                    "trace of " + (trace.recording() == null ? trace.scenario() : trace.recording()),
                    trace.recording() == null ? wrong(fault, trace) : wrong(trace.recording()));
        }
        for (Fault.FailingCell cell : fault.cells()) {
            add(wrong, "cell " + cell.recipe() + "@" + cell.world() + " " + cell.property(), wrong(fault, cell));
        }
        return ImmutableList.copyOf(wrong);
    }

    private static void add(List<String> wrong, String what, @Nullable String fault) {
        if (fault != null) {
            wrong.add(what + ": " + fault);
        }
    }

    private @Nullable String wrong(Fault fault, Fault.FailingModel pair) throws IOException {
        Optional<Model> fails = manifest.named(pair.fails());
        if (fails.isEmpty() || fails.get().violates() == null) {
            return fails.isEmpty() ? "no such model" : "it need not fail";
        }
        ImmutableList<Switch> switches = switches(fault, pair.other());
        for (Switch one : switches) {
            Optional<KernelProfile> of = new ModelCheck(fails.get()).kernel();
            boolean faulty = pair.other() == null
                    ? fault.profile().has(one)
                    : of.orElse(fault.profile()).has(one);
            if (of.isPresent() && of.get().has(one) != faulty) {
                return "its kernel " + of.get() + " does not have the fault";
            }
        }
        if ((pair.holds() == null) == (pair.noCure() == null)) {
            return "expected a model that holds, or else the reason why there is none";
        }
        return pair.holds() == null ? null : wrongCure(fails.get(), pair.holds(), switches);
    }

    private @Nullable String wrongCure(Model fails, String name, ImmutableList<Switch> switches) throws IOException {
        Optional<Model> holds = manifest.named(name);
        if (holds.isEmpty()) {
            return "no model " + name;
        }
        ModelCheck check = new ModelCheck(holds.get());
        String property = fails.violates();
        if (property == null
                || !check.checks(property)
                || property.equals(holds.get().violates())) {
            return name + " does not show that " + property + " holds";
        }
        Optional<KernelProfile> with = new ModelCheck(fails).kernel();
        Optional<KernelProfile> without = check.kernel();
        for (Switch one : switches) {
            if (with.isPresent()
                    && without.isPresent()
                    && with.get().has(one) == without.get().has(one)) {
                return name + " is of a kernel with the same " + one.specName();
            }
        }
        return null;
    }

    private static ImmutableList<Switch> switches(Fault fault, @Nullable String other) {
        if (other == null) {
            return fault.kernelSwitches();
        }
        for (Switch one : Switch.values()) {
            if (one.specName().equals(other)) {
                return ImmutableList.of(one);
            }
        }
        throw new IllegalStateException(fault.id() + ": unknown switch " + other);
    }

    private static @Nullable String wrong(Fault fault, Fault.PlayedScenario played) {
        Optional<Scenario> scenario = Scenario.named(played.name());
        Optional<Scenario> cured = Scenario.named(played.keptBy() == null ? played.name() : played.keptBy());
        if (scenario.isEmpty() || cured.isEmpty()) {
            return "no such scenario";
        }
        KernelProfile without = played.keptOn() == null ? fault.healed() : KernelProfile.of(played.keptOn());
        Trace faulty = scenario.get().play(fault.profile(), played.vcpus(), played.seed());
        Trace healed = cured.get().play(without, played.vcpus(), played.seed());
        Verdict verdict = Verdict.of(played.name(), faulty);
        Verdict other = Verdict.of(played.name(), healed);
        if (!verdict.conforms() || !other.conforms()) {
            return verdict.conforms() ? other.text() : verdict.text();
        }
        String property = played.loses();
        if (property == null) {
            return faulty.events().equals(healed.events()) ? "the fault makes no difference" : null;
        }
        if (!isLost(verdict, property)) {
            return "keeps " + property + " on " + fault.profile();
        }
        return played.noCure() == null && isLost(other, property)
                ? "does not keep " + property + " on " + without + " either"
                : null;
    }

    /** Whether a property is not kept, in every possibility. */
    private static boolean isLost(Verdict verdict, String property) {
        return verdict.properties().get(property) == PropertyVerdict.NOT_KEPT;
    }

    private static @Nullable String wrong(Fault fault, Fault.RefusedTrace refused) {
        String name = refused.scenario();
        Long seed = refused.seed();
        Integer vcpus = refused.vcpus();
        Optional<Scenario> scenario = name == null ? Optional.empty() : Scenario.named(name);
        if (scenario.isEmpty() || name == null || seed == null || vcpus == null) {
            return "expected a scenario, its seed and its vCPUs";
        }
        KernelProfile without =
                refused.refusedUnder() == null ? fault.healed() : KernelProfile.of(refused.refusedUnder());
        Trace trace = scenario.get().play(fault.profile(), vcpus, seed);
        if (!Verdict.of(name, trace).conforms()) {
            return "does not conform to " + fault.profile();
        }
        Trace other = new Trace(trace.header().withKernel(without), trace.events());
        return Verdict.of(name, other).refusal() == null ? "is not refused under " + without : null;
    }

    private @Nullable String wrong(String recording) {
        return recordings.stream().anyMatch(r -> r.file().equals(recording) && r.refusedUnder() != null)
                ? null
                : "the recordings' index has no kernel that refuses it";
    }

    private @Nullable String wrong(Fault fault, Fault.FailingCell cell) {
        Optional<Matrix.Cell> fails = cell(cell.recipe(), cell.world(), fault.profile(), cell.property());
        if (fails.isEmpty() || !fails.get().verdict().isFailure()) {
            return fails.isEmpty() ? "no such cell on " + fault.profile() : "is no failure on " + fault.profile();
        }
        if (cell.holdsOn() == null && cell.holdsFor() == null) {
            return cell.noCure() == null ? "expected where it holds, or else the reason why nowhere" : null;
        }
        KernelProfile kernel = cell.holdsOn() == null ? fault.profile() : KernelProfile.of(cell.holdsOn());
        String recipe = cell.holdsFor() == null ? cell.recipe() : cell.holdsFor();
        Optional<Matrix.Cell> holds = cell(recipe, cell.world(), kernel, cell.property());
        return holds.isPresent() && holds.get().verdict().says().isHolding()
                ? null
                : recipe + " on " + kernel
                        + (holds.isEmpty()
                                ? ": no such cell"
                                : ": " + holds.get().verdict());
    }

    /** The committed cell. */
    public Optional<Matrix.Cell> cell(String recipe, String world, KernelProfile kernel, String property) {
        return cells.stream()
                .filter(c -> c.recipe().equals(recipe)
                        && c.world().equals(world)
                        && c.kernel().equals(kernel.specName())
                        && c.property().equals(property))
                .findFirst();
    }
}
