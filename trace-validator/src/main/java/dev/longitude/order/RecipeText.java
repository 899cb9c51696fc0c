package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.StepKind;
import dev.longitude.recording.VmmLog;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes a recipe with the lines of the recording beside its steps. */
final class RecipeText {
    /**
     * A step with its text; an empty one becomes only a comment.
     *
     * @param as the name under which it saves; empty if it reads nothing
     * @param uses the expressions that it takes
     */
    private record Written(StepKind kind, String text, String as, String uses, String comment) {
        static Written of(StepKind kind, String comment) {
            return new Written(kind, kind.specName(), "", "", comment);
        }
    }

    /** Steps of a block; those that nothing uses are dropped from it. */
    private record Section(Block.How how, List<Written> steps) {
        Section {
            steps = new ArrayList<>(steps);
        }
    }

    private final VmmLog source;
    private final VmmLog destination;
    private final ImmutableList<String> others;
    private final SavedNumbers saved;
    private final List<String> unknown = new ArrayList<>();

    RecipeText(VmmLog source, VmmLog destination, ImmutableList<String> others) {
        this.source = source;
        this.destination = destination;
        this.others = others;
        this.saved = new SavedNumbers(source.khz() == destination.khz() ? source.khz() : 0);
    }

    RecordedRecipe of(Stop save, Restore restore, Optional<Stop> boot) {
        boolean stays =
                source.equals(destination) && save.vm() == restore.last().vm();
        List<VmmOperation> before = beforeBlackout(save, restore.stops().get(0));
        Set<Integer> vcpus = RecordedRecipe.vcpus(source.operations(), save);
        List<Section> ofBoot = boot.map(b -> section(
                        b.operations().collect(Collectors.toList()),
                        RecordedRecipe.vcpus(source.operations(), b),
                        source,
                        false))
                .orElse(new ArrayList<>());
        List<Section> ofSave = section(before, vcpus, source, true);
        Set<Integer> restored = RecordedRecipe.vcpus(destination.operations(), restore.last());
        if (restored.size() != vcpus.size()) {
            unknown.add("the source has " + vcpus.size() + " vCPUs, the destination " + restored.size());
        }
        restore.stops().stream()
                .flatMap(Stop::operations)
                .filter(o -> o.is(Kind.WRITE_TSC_DEADLINE) && !before.contains(o))
                .findFirst()
                .filter(o -> destination.operations().stream().noneMatch(l -> l.is(Kind.SET_LAPIC)))
                .ifPresent(
                        o -> unknown.add("line " + o.line() + ": whether the local APIC's timer is in TSC-deadline mode"
                                + " when the deadline is written; the log shows no KVM_SET_LAPIC"));
        List<Section> ofRestore = section(restore, before, restored);
        if (!stays) {
            initialised(ofRestore);
        }
        List<Section> all = new ArrayList<>(ofBoot);
        all.addAll(ofRestore);
        dropUnused(ofSave, all, true);
        dropUnused(ofBoot, all, false);
        dropUnused(ofRestore, ofRestore, false);
        tidy(ofBoot, false);
        tidy(ofSave, true);
        tidy(ofRestore, false);
        String text = text(ofBoot, ofSave, ofRestore, stays);
        return new RecordedRecipe(text, ImmutableList.copyOf(unknown), others);
    }

    /** What the VMM did until it had read all that it saved. */
    private static List<VmmOperation> beforeBlackout(Stop save, Stop restore) {
        List<VmmOperation> all = save.operations().collect(Collectors.toList());
        int end = all.size();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).kind().writes()) {
                end = i;
                break;
            }
        }
        if (save.equals(restore)) {
            while (end > 0 && !all.get(end - 1).kind().saves()) {
                end--;
            }
            if (end == 0 && !all.isEmpty() && all.get(0).is(Kind.KVMCLOCK_CTRL)) {
                end = all.size();
            }
        }
        return all.subList(0, end);
    }

    private List<Section> section(List<VmmOperation> operations, Set<Integer> vcpus, VmmLog log, boolean onSource) {
        Folding.Result folded =
                Folding.fold(onSource ? operations : withoutIdleReads(operations), vcpus, log.arch(), log.khz());
        unknown.addAll(folded.unknown());
        List<Section> sections = new ArrayList<>();
        for (Folding.Item item : folded.items()) {
            List<Written> steps = new ArrayList<>();
            for (FoldedStep step : item.steps()) {
                steps.add(written(step, item.how() != Block.How.ONCE, onSource));
            }
            sections.add(new Section(item.how(), steps));
        }
        return sections;
    }

    private List<Section> section(Restore restore, List<VmmOperation> before, Set<Integer> vcpus) {
        unknown.addAll(restore.unknown(vcpus));
        List<Section> sections = new ArrayList<>();
        VmmOperation last = null;
        for (int i = 0; i < restore.stops().size(); i++) {
            Stop stop = restore.stops().get(i);
            boolean ran = i > restore.begins();
            boolean stands = !(ran && Restore.isWhileRunning(stop));
            List<VmmOperation> operations =
                    stop.operations().filter(o -> !before.contains(o)).collect(Collectors.toList());
            if (ran && last != null && Folding.waited(last, stop.steps().get(0).operation(), destination.khz())) {
                sections.add(ofOne(StepKind.WAIT, StepKind.WAIT.specName(), ""));
            }
            if (ran && stands) {
                sections.add(ofOne(StepKind.EXIT_GUEST, "pause", ""));
            }
            sections.addAll(section(operations, vcpus, destination, false));
            lateWait(stop, sections);
            if (i >= restore.begins() && stands) {
                sections.add(ofOne(StepKind.ENTER_GUEST, "run", lines(stop.runs())));
            }
            last = stop.runs().isEmpty() ? last : stop.runs().get(stop.runs().size() - 1);
        }
        return sections;
    }

    private static Section ofOne(StepKind kind, String text, String comment) {
        return new Section(Block.How.ONCE, List.of(new Written(kind, text, "", "", comment)));
    }

    private static String lines(List<VmmOperation> operations) {
        return (operations.size() == 1 ? "line " : "lines ")
                + operations.stream().map(r -> String.valueOf(r.line())).collect(Collectors.joining(", "));
    }

    /** Without the counters that the VMM read and did not set: a recipe reads only what it uses. */
    private static List<VmmOperation> withoutIdleReads(List<VmmOperation> operations) {
        Set<Long> written = operations.stream()
                .filter(o -> o.kind().writes())
                .flatMap(o -> o.values().values().stream())
                .collect(Collectors.toSet());
        return operations.stream()
                .filter(o -> !o.kind().saves()
                        || o.is(Kind.GET_CLOCK)
                        || o.values().values().stream().anyMatch(written::contains))
                .collect(Collectors.toList());
    }

    private Written written(FoldedStep step, boolean ofEach, boolean onSource) {
        StepKind kind = step.kind();
        if (!kind.results().isEmpty()) {
            String as = saved.save(step, ofEach, onSource);
            return new Written(kind, kind.specName() + ": {as: " + as + "}", as, "", step.lines());
        }
        Map<String, String> params = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        notes.add(step.lines());
        for (String arg : kind.args()) {
            boolean realtime = arg.equals("realtime");
            if (realtime && params.getOrDefault("flags", "0").equals("0")) {
                continue;
            }
            Map<Integer, Long> values = new LinkedHashMap<>();
            step.operations().forEach(o -> {
                Long value = o.value(arg);
                if (value != null) {
                    values.put(o.vcpu(), value);
                }
            });
            ImmutableList<String> matching = values.size() < step.operations().size()
                    ? ImmutableList.of()
                    : saved.matching(kind, arg, values, ofEach);
            if (matching.isEmpty()) {
                String what = step.lines() + ": " + kind + " of an unknown value, "
                        + values.values().stream().map(Long::toUnsignedString).collect(Collectors.joining(" and "))
                        + ": it is no number that the VMM had read, and none that follows from some";
                unknown.add(what);
                return new Written(kind, "", "", "", what);
            }
            if (matching.size() > 1 && !arg.equals("flags")) {
                notes.add(arg + " may also be "
                        + matching.stream().skip(1).limit(3).collect(Collectors.joining(", or "))
                        + ": the numbers are equal");
            }
            params.put(arg, matching.get(0));
        }
        String uses = String.join(" ", params.values());
        params.remove("flags", "0");
        rate(step, notes);
        disarmed(step, notes);
        if (step.failed()) {
            params.put("mayFail", "true");
            notes.add(failures(step));
        }
        String text = params.isEmpty()
                ? kind.specName()
                : kind.specName() + ": {"
                        + params.entrySet().stream()
                                .map(e -> e.getKey() + ": " + quoted(e.getValue()))
                                .collect(Collectors.joining(", "))
                        + "}";
        return new Written(kind, text, "", uses, String.join("; ", notes));
    }

    private static String quoted(String value) {
        return value.matches("[a-zA-Z0-9.]+( [+-] [a-zA-Z0-9.]+)*") ? value : "\"" + value + "\"";
    }

    private static String failures(FoldedStep step) {
        return step.operations().stream()
                .filter(VmmOperation::failed)
                .map(o -> "line " + o.line() + " failed" + (o.errno() == 0 ? "" : " with errno " + o.errno()))
                .collect(Collectors.joining(", "));
    }

    /** A recipe sets the rate that the guest had. */
    private void rate(FoldedStep step, List<String> notes) {
        if (step.kind() != StepKind.SET_TSC_KHZ && step.kind() != StepKind.SET_VM_TSC_KHZ) {
            return;
        }
        Set<Long> had = source.operations().stream()
                .filter(o -> o.is(Kind.GET_TSC_KHZ) && o.done())
                .map(o -> o.value("khz"))
                .collect(Collectors.toCollection(HashSet::new));
        if (had.isEmpty() && source.khz() > 0) {
            had.add(source.khz());
        }
        for (VmmOperation operation : step.operations()) {
            if (!had.contains(operation.value("khz"))) {
                unknown.add("line " + operation.line() + ": a rate of " + operation.value("khz")
                        + " kHz, and no line shows that the guest had it");
                notes.add("an unknown rate");
            }
        }
    }

    private static void disarmed(FoldedStep step, List<String> notes) {
        if (step.kind() == StepKind.WRITE_TSC_DEADLINE
                && step.operations().stream().allMatch(o -> Long.valueOf(0).equals(o.value()))) {
            notes.add("0: no timer was armed in this recording");
        }
    }

    /** A log may lack KVM_ARM_VCPU_INIT, without which no vCPU can run. */
    private void initialised(List<Section> sections) {
        if (destination.arch() != Arch.ARM64
                || sections.stream().flatMap(s -> s.steps.stream()).anyMatch(s -> s.kind == StepKind.INIT_VCPU)) {
            return;
        }
        for (int i = 0; i < sections.size(); i++) {
            if (sections.get(i).steps.stream().anyMatch(s -> s.kind == StepKind.CREATE_VCPU)) {
                sections.add(
                        i + 1,
                        new Section(
                                Block.How.IN_TURN,
                                List.of(Written.of(StepKind.INIT_VCPU, "not in the log; no vCPU runs without it"))));
                return;
            }
        }
    }

    /** The VMM may wait between its last operation and the first KVM_RUN. */
    private void lateWait(Stop restore, List<Section> sections) {
        VmmOperation last = restore.operations().reduce((a, b) -> b).orElse(null);
        if (last != null
                && !restore.runs().isEmpty()
                && Folding.waited(last, restore.runs().get(0), destination.khz())) {
            sections.add(ofOne(StepKind.WAIT, StepKind.WAIT.specName(), ""));
        }
    }

    /**
     * Leaves out readings that nothing uses.
     *
     * @param users where they may be used
     * @param keepsOne whether one reading of each kind stays though nothing uses it: the VMM saves it
     */
    private static void dropUnused(List<Section> sections, List<Section> users, boolean keepsOne) {
        Set<String> used = new HashSet<>();
        sections.forEach(s -> s.steps.forEach(step -> {
            if (!step.as.isEmpty()) {
                Pattern word = Pattern.compile("(?<![a-zA-Z0-9.])" + step.as + "(?![a-zA-Z0-9(])");
                boolean uses = users.stream()
                        .flatMap(u -> u.steps.stream())
                        .anyMatch(u -> word.matcher(u.uses).find());
                if (uses) {
                    used.add(step.as);
                }
            }
        }));
        if (keepsOne) {
            for (StepKind kind : StepKind.values()) {
                List<String> all = sections.stream()
                        .flatMap(s -> s.steps.stream())
                        .filter(s -> s.kind == kind && !s.as.isEmpty())
                        .map(s -> s.as)
                        .collect(Collectors.toList());
                if (!all.isEmpty() && all.stream().noneMatch(used::contains)) {
                    used.add(all.get(0));
                }
            }
        }
        sections.forEach(s -> s.steps.removeIf(step -> !step.as.isEmpty() && !used.contains(step.as)));
        sections.removeIf(s -> s.steps.isEmpty());
    }

    private String text(List<Section> boot, List<Section> save, List<Section> restore, boolean stays) {
        List<String> lines = new ArrayList<>();
        String from = source.file().getFileName().toString();
        String to = destination.file().getFileName().toString();
        boolean moves = !stays;
        lines.add("about: " + (moves ? "recorded save and restore" : "recorded stop and restart") + " of " + from
                + (from.equals(to) ? "" : " and " + to));
        lines.add("source: [\"" + from + (from.equals(to) ? "" : "\", \"" + to) + "\"]");
        others.forEach(o -> lines.add("# another restore of the recording, which --line N selects: " + o));
        lines.add("arch: " + source.arch().machine());
        boolean advances = restore.stream()
                .flatMap(s -> s.steps.stream())
                .anyMatch(s -> s.text.contains("realtime") || s.text.contains("cycles("));
        boolean sets = restore.stream().flatMap(s -> s.steps.stream()).anyMatch(s -> s.kind.writesClock());
        lines.add("# the recording does not show what the VMM's author wants; "
                + (advances
                        ? "its numbers advance by the time that has elapsed"
                        : sets ? "its numbers come back as they were saved" : "it sets nothing, so all clocks go on"));
        lines.add("policy: " + (advances || !sets ? "advance" : "freeze"));
        if (!moves) {
            lines.add("moves: false");
        }
        if (!unknown.isEmpty()) {
            lines.add("unknown:");
            unknown.forEach(u -> lines.add("  - \"" + u.replace("\\", "\\\\").replace("\"", "\\\"") + "\""));
        }
        if (!boot.isEmpty()) {
            lines.add("boot:");
            section(boot, lines);
        }
        lines.add("save:");
        lines.add("  - pause");
        section(save, lines);
        lines.add("restore:");
        section(restore, lines);
        return String.join("\n", lines) + "\n";
    }

    private static void section(List<Section> sections, List<String> lines) {
        for (Section section : sections) {
            boolean block =
                    section.how != Block.How.ONCE && section.steps.stream().anyMatch(s -> !s.text.isEmpty());
            if (block) {
                lines.add("  - " + section.how.specName() + ":");
            }
            for (Written step : section.steps) {
                String indent = block ? "      " : "  ";
                lines.add(
                        step.text.isEmpty()
                                ? indent + "# " + step.comment
                                : indent + "- " + step.text + (step.comment.isEmpty() ? "" : "  # " + step.comment));
            }
        }
    }

    /** Without a Wait beside another one, and at the ends that need none. */
    private static void tidy(List<Section> sections, boolean endsInBlackout) {
        boolean waits = true;
        List<Section> kept = new ArrayList<>();
        for (Section section : sections) {
            boolean wait = section.steps.get(0).kind == StepKind.WAIT;
            if (!(wait && waits)) {
                kept.add(section);
            }
            waits = wait;
        }
        if (endsInBlackout && waits && !kept.isEmpty()) {
            kept.remove(kept.size() - 1);
        }
        sections.clear();
        sections.addAll(kept);
    }
}
