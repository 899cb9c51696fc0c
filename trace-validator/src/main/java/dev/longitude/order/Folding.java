package dev.longitude.order;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.StepKind;
import dev.longitude.recording.VmmOperation;
import dev.longitude.recording.VmmOperation.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Folds what a VMM did for each vCPU into the blocks of a recipe. */
final class Folding {
    /** A longer pause between two operations is a {@code Wait}: 0.1 s, far longer than an ioctl takes. */
    private static final long WAIT_NS = 100_000_000;

    private static final long NS_PER_MS = 1_000_000;

    /** A step that is done once, or a block of steps for each vCPU. */
    record Item(Block.How how, ImmutableList<FoldedStep> steps) {}

    private final Set<Integer> vcpus;
    private final Arch arch;
    private final long khz;
    private final List<Item> items = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();

    private Folding(Set<Integer> vcpus, Arch arch, long khz) {
        this.vcpus = vcpus;
        this.arch = arch;
        this.khz = khz;
    }

    /** The items, and what of the operations no recipe can say. */
    record Result(ImmutableList<Item> items, ImmutableList<String> unknown) {}

    /**
     * Folds operations.
     *
     * @param vcpus the vCPUs that the VM has in the end
     * @param khz the rate of the host's TSC; 0 if unknown
     */
    static Result fold(List<VmmOperation> operations, Set<Integer> vcpus, Arch arch, long khz) {
        Folding folding = new Folding(new TreeSet<>(vcpus), arch, khz);
        folding.fold(operations);
        return new Result(ImmutableList.copyOf(folding.items), ImmutableList.copyOf(folding.unknown));
    }

    private void fold(List<VmmOperation> operations) {
        Set<VmmOperation> idle = withoutEffect(operations);
        List<VmmOperation> ofVcpus = new ArrayList<>();
        VmmOperation last = null;
        for (VmmOperation operation : operations) {
            if (last != null && waited(last, operation, khz)) {
                flush(ofVcpus);
                items.add(
                        new Item(Block.How.ONCE, ImmutableList.of(new FoldedStep(StepKind.WAIT, ImmutableList.of()))));
            }
            last = operation;
            if (operation.is(Kind.UNKNOWN) || operation.is(Kind.MSRS_CUT_SHORT)) {
                unknown.add("line " + operation.line() + " may set something: the log does not show all that it sets");
                continue;
            }
            StepKind kind = FoldedStep.kindOf(operation).orElse(null);
            if (kind == null
                    || idle.contains(operation)
                    || (operation.failed() && operation.kind().saves())) {
                continue;
            }
            if (!kind.isOf(arch)) {
                unknown.add("line " + operation.line() + ": " + kind + ", which a recipe of " + arch + " cannot say");
                continue;
            }
            if (operation.vcpu() >= 0) {
                ofVcpus.add(operation);
            } else {
                flush(ofVcpus);
                items.add(once(kind, operation));
            }
        }
        flush(ofVcpus);
    }

    /** Whether the VMM waited between two operations. */
    static boolean waited(VmmOperation one, VmmOperation next, long khz) {
        if (one.realtime() != 0 && next.realtime() != 0) {
            return next.realtime() - one.realtime() > WAIT_NS;
        }
        return khz > 0 && (next.before() - one.after()) / khz > WAIT_NS / NS_PER_MS;
    }

    private static Item once(StepKind kind, VmmOperation operation) {
        return new Item(Block.How.ONCE, ImmutableList.of(new FoldedStep(kind, ImmutableList.of(operation))));
    }

    /**
     * A write that turns off kvmclock's page of every vCPU, and one that disarms a timer of every vCPU before the
     * timers are written again.
     */
    private static Set<VmmOperation> withoutEffect(List<VmmOperation> operations) {
        Set<VmmOperation> idle = new HashSet<>();
        for (Kind kind : List.of(Kind.WRITE_SYSTEM_TIME, Kind.WRITE_TSC_DEADLINE)) {
            Map<Integer, Integer> counts = new HashMap<>();
            Map<Integer, List<VmmOperation>> rounds = new TreeMap<>();
            operations.stream()
                    .filter(o -> o.is(kind))
                    .forEach(
                            o -> rounds.computeIfAbsent(counts.merge(o.vcpu(), 1, Integer::sum), r -> new ArrayList<>())
                                    .add(o));
            boolean page = kind == Kind.WRITE_SYSTEM_TIME;
            rounds.forEach((round, all) -> {
                boolean nothing = all.stream()
                        .map(VmmOperation::value)
                        .allMatch(v -> v != null && (page ? (v & 1) == 0 : v == 0));
                if (nothing && (page || round < rounds.size())) {
                    idle.addAll(all);
                }
            });
        }
        return idle;
    }

    /** Consecutive operations of one vCPU. */
    private static List<List<VmmOperation>> chunks(List<VmmOperation> operations) {
        List<List<VmmOperation>> chunks = new ArrayList<>();
        int of = -1;
        for (VmmOperation operation : operations) {
            if (operation.vcpu() != of) {
                chunks.add(new ArrayList<>());
                of = operation.vcpu();
            }
            chunks.get(chunks.size() - 1).add(operation);
        }
        return chunks;
    }

    private static List<Kind> kinds(List<VmmOperation> operations) {
        return operations.stream().map(VmmOperation::kind).collect(Collectors.toList());
    }

    private void flush(List<VmmOperation> operations) {
        if (operations.isEmpty()) {
            return;
        }
        List<VmmOperation> all = ImmutableList.copyOf(operations);
        operations.clear();
        Map<Integer, List<VmmOperation>> ofEach = new LinkedHashMap<>();
        all.forEach(
                o -> ofEach.computeIfAbsent(o.vcpu(), v -> new ArrayList<>()).add(o));
        if (!ofEach.keySet().equals(vcpus)) {
            ofSome(all, ofEach.keySet());
            return;
        }
        List<Item> turns = new ArrayList<>();
        List<String> doubts = new ArrayList<>();
        List<List<VmmOperation>> sequences = List.copyOf(ofEach.values());
        if (inTurn(chunks(all), turns, doubts)) {
            items.addAll(turns);
            unknown.addAll(doubts);
        } else if (sequences.stream().allMatch(s -> kinds(s).equals(kinds(sequences.get(0)))) && ofThreads(ofEach)) {
            items.add(block(Block.How.IN_PARALLEL, sequences));
        } else {
            items.addAll(turns);
            unknown.addAll(doubts);
            unknown.add(lines(all) + ": the vCPUs' operations are neither alike in turn nor by threads of their own; a"
                    + " recipe cannot say that");
        }
    }

    private void ofSome(List<VmmOperation> all, Set<Integer> some) {
        boolean first = some.equals(ImmutableSet.of(vcpus.iterator().next()));
        boolean creates = all.stream().anyMatch(o -> o.is(Kind.CREATE_VCPU));
        if (first || (creates && some.size() == 1)) {
            all.forEach(o -> items.add(once(FoldedStep.kindOf(o).orElseThrow(), o)));
        } else {
            unknown.add(lines(all) + ": done for vCPUs "
                    + some.stream().sorted().toList() + " only; a recipe cannot say that");
        }
    }

    /**
     * Takes rounds off the chunks, each with one vCPU after the other and all alike. What the last vCPU of a round does
     * besides begins the next round.
     *
     * @return whether no chunk is left
     */
    private boolean inTurn(List<List<VmmOperation>> chunks, List<Item> turns, List<String> doubts) {
        int n = vcpus.size();
        int from = 0;
        while (from < chunks.size()) {
            List<List<VmmOperation>> round = chunks.subList(from, Math.min(from + n, chunks.size()));
            List<VmmOperation> first = round.get(0);
            if (isRound(round)) {
                List<VmmOperation> last = round.get(n - 1);
                List<VmmOperation> rest = last.subList(first.size(), last.size());
                List<List<VmmOperation>> heads = new ArrayList<>(round);
                heads.set(n - 1, last.subList(0, first.size()));
                inOrder(heads, doubts);
                turns.add(block(Block.How.IN_TURN, heads));
                from += n;
                if (!rest.isEmpty()) {
                    from--;
                    chunks.set(from, rest);
                }
            } else if (first.get(0).vcpu() == vcpus.iterator().next()
                    && first.stream().noneMatch(o -> o.is(Kind.CREATE_VCPU))
                    && round.size() < n) {
                first.forEach(o -> turns.add(once(FoldedStep.kindOf(o).orElseThrow(), o)));
                from++;
            } else {
                return false;
            }
        }
        return true;
    }

    private boolean isRound(List<List<VmmOperation>> round) {
        int n = vcpus.size();
        List<Kind> kinds = kinds(round.get(0));
        return round.size() == n
                && round.stream().map(c -> c.get(0).vcpu()).distinct().count() == n
                && round.subList(0, n - 1).stream().allMatch(c -> kinds(c).equals(kinds))
                && round.get(n - 1).size() >= kinds.size()
                && kinds(round.get(n - 1)).subList(0, kinds.size()).equals(kinds);
    }

    /** A recipe takes the vCPUs by their numbers; where they set something, another order is another recipe. */
    private static void inOrder(List<List<VmmOperation>> round, List<String> doubts) {
        List<Integer> order = round.stream().map(c -> c.get(0).vcpu()).collect(Collectors.toList());
        boolean sets = round.get(0).stream()
                .anyMatch(
                        o -> FoldedStep.kindOf(o).filter(StepKind::writesClock).isPresent());
        if (sets && !order.equals(order.stream().sorted().toList())) {
            doubts.add(lines(round.stream().flatMap(List::stream).toList()) + ": vCPUs in the order " + order
                    + "; a recipe takes them by their numbers");
        }
    }

    private static boolean ofThreads(Map<Integer, List<VmmOperation>> ofEach) {
        List<String> threads = ofEach.values().stream()
                .map(all -> all.get(0).thread())
                .filter(Objects::nonNull)
                .distinct()
                .collect(Collectors.toList());
        return threads.size() == ofEach.size()
                && ofEach.values().stream()
                        .allMatch(all -> all.stream()
                                .allMatch(o ->
                                        Objects.equals(o.thread(), all.get(0).thread())));
    }

    private static Item block(Block.How how, List<List<VmmOperation>> sequences) {
        List<List<VmmOperation>> sorted = sequences.stream()
                .sorted(Comparator.comparing((List<VmmOperation> s) -> s.get(0).vcpu()))
                .collect(Collectors.toList());
        ImmutableList.Builder<FoldedStep> steps = ImmutableList.builder();
        for (int i = 0; i < sorted.get(0).size(); i++) {
            int at = i;
            steps.add(new FoldedStep(
                    FoldedStep.kindOf(sorted.get(0).get(i)).orElseThrow(),
                    sorted.stream().map(s -> s.get(at)).collect(ImmutableList.toImmutableList())));
        }
        return new Item(how, steps.build());
    }

    private static String lines(List<VmmOperation> all) {
        return "lines " + all.get(0).line() + " to " + all.get(all.size() - 1).line();
    }
}
