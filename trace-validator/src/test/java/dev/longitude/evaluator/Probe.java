package dev.longitude.evaluator;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import dev.longitude.spec.SpecificationFiles;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.Action;
import tlc2.tool.StateVec;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Conjuncts;
import tlc2.tool.impl.FastTool;
import tlc2.util.Context;
import tlc2.util.FP64;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Searches the states of Probe.tla, and compares both evaluators' successors by each of its actions, and their values
 * of its facts. It is a program of its own because TLC can hold one specification per JVM.
 */
final class Probe {
    private static final List<String> ACTIONS = ImmutableList.of(
            "Ways",
            "Compares",
            "OneOfTwo",
            "Loops",
            "LoopsInside",
            "Conflict",
            "Agreement",
            "Differing",
            "Double",
            "Excepts",
            "Cases",
            "Later",
            "PrimeOfMore",
            "Sets");

    private static final int MOST = 3_000;

    private final FastTool tool;
    private final Evaluator evaluator;

    private Probe(Path folder) throws IOException {
        Files.writeString(folder.resolve("Probe.tla"), Resources.toString(resource(), UTF_8));
        Files.writeString(folder.resolve("Probe.cfg"), "INIT Init\nNEXT Next\n");
        FP64.Init();
        tool = new FastTool("Probe", "Probe", new SpecificationFiles(folder));
        evaluator = new Evaluator(tool);
    }

    private static URL resource() {
        return Resources.getResource(Probe.class, "Probe.tla");
    }

    /** Prints how many states and successors were compared; fails at the first difference. */
    public static void main(String[] args) throws IOException {
        System.out.println(new Probe(Path.of(args[0])).search());
    }

    private OpDefNode definition(String name) {
        return tool.getSpecProcessor().getRootModule().getOpDef(UniqueString.uniqueStringOf(name));
    }

    private String search() {
        Deque<TLCState> open = new ArrayDeque<>(Conjuncts.initialStates(tool, definition("Init"), Context.Empty));
        Set<Long> known = new HashSet<>();
        int successors = 0;
        while (!open.isEmpty() && known.size() < MOST) {
            TLCState state = open.removeFirst();
            if (!known.add(state.fingerPrint())) {
                continue;
            }
            State here = State.of(state);
            Value ours = evaluator.operator(definition("Facts")).eval(Map.of(), here);
            Value theirs = (Value) tool.eval(definition("Facts").getBody(), Context.Empty, state);
            if (!ours.equals(theirs) || ours.fingerPrint(FP64.New()) != theirs.fingerPrint(FP64.New())) {
                throw new AssertionError(state + ": " + ours + " and not " + theirs);
            }
            if (isTaken("Forgets", here)) {
                throw new AssertionError("a successor of which not all is said");
            }
            for (String action : ACTIONS) {
                List<TLCState> next = evaluator.operator(definition(action)).successors(new Value[0], here).stream()
                        .map(State::forTlc)
                        .toList();
                long[] our = next.stream()
                        .mapToLong(TLCState::fingerPrint)
                        .sorted()
                        .distinct()
                        .toArray();
                long[] their = byTlc(definition(action), state);
                if (!Arrays.equals(our, their)) {
                    throw new AssertionError(action + " in " + state + ": " + our.length + " successors and not "
                            + their.length + ": " + next);
                }
                successors += our.length;
                open.addAll(next);
            }
        }
        return known.size() + " states, " + successors + " successors";
    }

    private boolean isTaken(String action, State state) {
        try {
            evaluator.operator(definition(action)).successors(new Value[0], state);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private long[] byTlc(OpDefNode action, TLCState state) {
        StateVec found = tool.getNextStates(new Action(action.getBody(), Context.Empty, action), Context.Empty, state);
        return IntStream.range(0, found.size())
                .mapToLong(i -> found.elementAt(i).fingerPrint())
                .sorted()
                .distinct()
                .toArray();
    }
}
