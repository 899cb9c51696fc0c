package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.migration.Policy;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Reads recipes. The format is described in {@code spec/recipes/README.md}. */
public final class RecipeReader {
    private static final ImmutableSet<String> KEYS = ImmutableSet.of(
            "about", "source", "arch", "policy", "excludes", "moves", "boot", "save", "restore", "claims", "unknown");

    /** Recipes named the worlds in which they are judged until each was judged in all that apply. */
    private static final String FORMER_WORLDS = "worlds";

    private static final int MOST_SINGLE_VCPUS = 4;
    private static final ImmutableSet<String> STEP_KEYS =
            ImmutableSet.of("as", "mayFail", "ifHas", "unlessHas", "fills", "unlessNear");
    private static final ImmutableSet<String> CLAIM_KEYS =
            ImmutableSet.of("says", "by", "evidence", "property", "holds", "world", "kernel");
    private static final int LONGEST = 1 << 16;

    private final RecipeFile file;
    private final String name;

    /** Where each saved name was saved: TRUE for each vCPU, FALSE once. */
    private final Map<String, Boolean> saved = new HashMap<>();

    private Arch arch = Arch.X86;

    /** Whether the guest runs, on some vCPU. */
    private boolean running;

    /** The vCPUs that were created one by one, and whether all the others were then created too. */
    private int single;

    private boolean all;

    /** Whether there is a vCPU that does not run; vCPU 0 is one unless some vCPU runs. */
    private boolean idle;

    private RecipeReader(String file, String name) {
        this.file = new RecipeFile(file);
        this.name = name;
    }

    /**
     * Reads one recipe.
     *
     * @param file its name for messages
     * @param name the recipe's
     * @throws RecipeException if it is not one
     */
    public static Recipe read(String file, String name, Reader in) throws RecipeException {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(LONGEST);
        options.setMaxAliasesForCollections(0);
        options.setNestingDepthLimit(10);
        try {
            Node root = new Yaml(options).compose(in);
            if (root == null) {
                throw new RecipeException(file + ": empty");
            }
            return new RecipeReader(file, name).recipe(root);
        } catch (MarkedYAMLException e) {
            String where = e.getProblemMark() == null
                    ? ""
                    : ":" + (e.getProblemMark().getLine() + 1) + ":"
                            + (e.getProblemMark().getColumn() + 1);
            throw new RecipeException(file + where + ": " + e.getProblem());
        } catch (YAMLException e) {
            throw new RecipeException(file + ": " + e.getMessage());
        }
    }

    private Recipe recipe(Node root) throws RecipeException {
        RecipeFile.Entries map = file.entries(root, KEYS, ImmutableSet.of(FORMER_WORLDS), "a recipe");
        arch = file.oneOf(map.get("arch"), Map.of("x86_64", Arch.X86, "aarch64", Arch.ARM64));
        Policy policy = file.oneOf(map.get("policy"), Map.of("advance", Policy.ADVANCE, "freeze", Policy.FREEZE));
        boolean moves = !map.has("moves") || file.bool(map.get("moves"));
        List<Block> blocks = new ArrayList<>();
        if (map.has("boot")) {
            section(map.get("boot"), blocks::add);
        } else {
            blocks.add(
                    arch == Arch.X86
                            ? Block.eachInTurn(StepKind.CREATE_VCPU, StepKind.WRITE_SYSTEM_TIME)
                            : Block.eachInTurn(StepKind.CREATE_VCPU, StepKind.INIT_VCPU));
            createsAll();
        }
        if (!created()) {
            throw file.wrong(root, "boot creates no vCPU");
        }
        if (idle) {
            blocks.add(Block.eachInParallel(StepKind.ENTER_GUEST));
            running = true;
            idle = false;
        }
        int booted = all ? 0 : single;
        blocks.add(Block.once(StepKind.WORK));
        section(map.get("save"), blocks::add);
        if (running) {
            throw file.wrong(map.get("save"), "the guest still runs at the end of save: it needs a 'pause'");
        }
        blocks.add(Block.once(StepKind.BLACKOUT));
        if (moves) {
            single = 0;
            all = false;
            idle = false;
        }
        section(map.get("restore"), blocks::add);
        if (!running || idle) {
            throw file.wrong(map.get("restore"), "the guest does not run at the end of restore: it needs a 'run'");
        }
        if (moves && booted != (all ? 0 : single)) {
            throw file.wrong(map.get("restore"), "restore does not create as many vCPUs as boot");
        }
        Recipe recipe = new Recipe(
                name,
                file.text(map.get("about")),
                map.has("source") ? file.texts(map.get("source")) : ImmutableList.of(),
                arch,
                policy,
                excludes(map.find("excludes")),
                moves,
                map.has("boot"),
                ImmutableList.copyOf(blocks),
                claims(map.find("claims")),
                map.has("unknown") ? file.texts(map.get("unknown")) : ImmutableList.of());
        Optional<String> unsaved = recipe.unsaved();
        if (unsaved.isPresent()) {
            throw file.wrong(map.get("restore"), unsaved.get());
        }
        return recipe;
    }

    private boolean created() {
        return all || single > 0;
    }

    private void createsAll() {
        all = true;
        idle = true;
    }

    private ImmutableMap<World, String> excludes(@Nullable Node node) throws RecipeException {
        ImmutableMap.Builder<World, String> excluded = ImmutableMap.builder();
        if (node != null) {
            RecipeFile.Entries map = file.entries(
                    node,
                    Arrays.stream(World.values()).map(World::specName).collect(ImmutableSet.toImmutableSet()),
                    ImmutableSet.of(),
                    "excludes");
            for (World world : World.values()) {
                Node why = map.find(world.specName());
                if (why != null) {
                    if (world == World.USUAL) {
                        throw file.wrong(why, "every recipe is judged in the world usual");
                    }
                    excluded.put(world, file.text(why));
                }
            }
        }
        return excluded.buildOrThrow();
    }

    private World world(Node node) throws RecipeException {
        return World.named(file.text(node))
                .orElseThrow(() ->
                        file.wrong(node, "'" + RecipeFile.raw(node) + "' is none of the worlds " + World.names()));
    }

    private ImmutableList<Claim> claims(@Nullable Node node) throws RecipeException {
        ImmutableList.Builder<Claim> claims = ImmutableList.builder();
        if (node != null) {
            for (Node one : file.sequence(node)) {
                RecipeFile.Entries map = file.entries(one, CLAIM_KEYS, ImmutableSet.of(), "a claim");
                World world = map.has("world") ? world(map.get("world")) : World.USUAL;
                Node kernel = map.find("kernel");
                if (kernel != null && KernelProfile.named(file.text(kernel)).isEmpty()) {
                    throw file.wrong(
                            kernel,
                            "unknown kernel '" + RecipeFile.raw(kernel) + "'; expected " + KernelProfile.expected());
                }
                Node of = map.get("property");
                String word = file.text(of);
                Property property = Property.named(word)
                        .filter(p -> Property.of(arch).contains(p))
                        .orElseThrow(() -> file.wrong(
                                of,
                                "'" + word + "' is no property on " + arch + "; there are " + Property.names(arch)));
                claims.add(new Claim(
                        file.text(map.get("says")),
                        file.text(map.get("by")),
                        file.oneOf(
                                map.get("evidence"),
                                Map.of(
                                        "reported", Claim.Evidence.REPORTED,
                                        "measured", Claim.Evidence.MEASURED,
                                        "inferred", Claim.Evidence.INFERRED)),
                        property,
                        !map.has("holds") || !file.bool(map.get("holds")),
                        world,
                        kernel == null ? null : file.text(kernel)));
            }
        }
        return claims.build();
    }

    private void section(Node node, Consumer<Block> blocks) throws RecipeException {
        for (Node item : file.sequence(node)) {
            if (item instanceof ScalarNode word) {
                switch (word.getValue()) {
                    case "pause" -> {
                        if (!running) {
                            throw file.wrong(item, "'pause', but the guest does not run");
                        }
                        running = false;
                        idle = true;
                        blocks.accept(Block.eachInParallel(StepKind.EXIT_GUEST));
                        continue;
                    }
                    case "run" -> {
                        if (!created()) {
                            throw file.wrong(item, "'run', but there is no vCPU yet: a CreateVcpu must come first");
                        }
                        if (!idle) {
                            throw file.wrong(item, "'run', but the guest runs");
                        }
                        running = true;
                        idle = false;
                        blocks.accept(Block.eachInParallel(StepKind.ENTER_GUEST));
                        continue;
                    }
                    default -> {
                        // a step without arguments
                    }
                }
            }
            String key = file.onlyKey(item);
            if (key.equals("inTurn") || key.equals("inParallel")) {
                Block.How how = key.equals("inTurn") ? Block.How.IN_TURN : Block.How.IN_PARALLEL;
                ImmutableList.Builder<Step> steps = ImmutableList.builder();
                for (Node step : file.sequence(RecipeFile.onlyValue(item))) {
                    steps.add(step(step, how));
                }
                ImmutableList<Step> all = steps.build();
                if (all.isEmpty()) {
                    throw file.wrong(item, key + " without steps");
                }
                blocks.accept(new Block(how, all));
            } else {
                blocks.accept(new Block(Block.How.ONCE, ImmutableList.of(step(item, Block.How.ONCE))));
            }
        }
    }

    private void create(Node node, Block.How how) throws RecipeException {
        if (all) {
            throw file.wrong(node, "all vCPUs have been created");
        }
        switch (how) {
            case IN_TURN -> createsAll();
            case ONCE -> {
                idle = true;
                if (++single > MOST_SINGLE_VCPUS) {
                    throw file.wrong(
                            node,
                            "CreateVcpu creates one vCPU here, at most " + MOST_SINGLE_VCPUS + "; inTurn, all others");
                }
            }
            case IN_PARALLEL -> throw file.wrong(node, "CreateVcpu stands in inTurn, or alone for the next vCPU");
        }
    }

    private @Nullable StepKind kind(@Nullable Node node) throws RecipeException {
        if (node == null) {
            return null;
        }
        return StepKind.named(file.text(node))
                .filter(v -> v.isOf(arch))
                .orElseThrow(() -> file.wrong(
                        node,
                        "'" + RecipeFile.raw(node) + "' is nothing that a kernel has; there are "
                                + StepKind.names(arch)));
    }

    private Step step(Node node, Block.How how) throws RecipeException {
        String word = file.onlyKey(node);
        StepKind kind = StepKind.named(word)
                .filter(v -> v.isOf(arch))
                .orElseThrow(() -> file.wrong(
                        node,
                        "'" + word + "' is no step; there are pause, run, inTurn, inParallel, "
                                + StepKind.names(arch)));
        boolean each = how != Block.How.ONCE;
        if (each && kind.isOfVm()) {
            throw file.wrong(node, kind + " is done once, not for each vCPU: take it out of " + how.specName());
        }
        if (kind == StepKind.CREATE_VCPU) {
            create(node, how);
        } else if (kind.isOfVcpu() && !created()) {
            throw file.wrong(node, kind + ", but there is no vCPU yet: a CreateVcpu must come first");
        } else if (kind.isOfVcpu() && (!idle || (running && !each))) {
            throw file.wrong(node, kind + " needs a vCPU that is not in KVM_RUN: put a 'pause' before it");
        }
        Node value = node instanceof ScalarNode ? null : RecipeFile.onlyValue(node);
        Set<String> allowed = new LinkedHashSet<>(kind.args());
        allowed.addAll(STEP_KEYS);
        RecipeFile.Entries map =
                value == null ? file.nothing(node) : file.entries(value, allowed, ImmutableSet.of(), kind.specName());
        ImmutableMap.Builder<String, Expression> args = ImmutableMap.builder();
        for (String arg : kind.args()) {
            Node expression = map.find(arg);
            if (expression != null) {
                args.put(arg, expression(expression, each));
            } else if (!(kind == StepKind.SET_CLOCK && (arg.equals("realtime") || arg.equals("flags")))) {
                throw file.wrong(node, kind + " needs '" + arg + "'");
            } else if (arg.equals("flags")) {
                args.put(arg, new Expression.Literal(0));
            }
        }
        Node as = map.find("as");
        if ((as == null) != kind.results().isEmpty()) {
            throw file.wrong(
                    node, kind.results().isEmpty() ? kind + " returns nothing: no 'as'" : kind + " needs 'as'");
        }
        Step step = new Step(
                kind,
                args.buildOrThrow(),
                as == null ? null : name(as),
                map.flag("mayFail"),
                kind(map.find("ifHas")),
                kind(map.find("unlessHas")),
                map.flag("fills"),
                map.flag("unlessNear"));
        if (kind == StepKind.SET_CLOCK && needsRealtime(step) && !step.args().containsKey("realtime")) {
            throw file.wrong(node, "SetClock with KVM_CLOCK_REALTIME (4) needs 'realtime'");
        }
        if (step.fills() && kind != StepKind.GET_CLOCK) {
            throw file.wrong(map.get("fills"), "'fills' is for GetClock");
        }
        if (step.unlessNear() && kind != StepKind.SET_TSC_KHZ) {
            throw file.wrong(map.get("unlessNear"), "'unlessNear' is for SetTscKhz");
        }
        if (as != null) {
            for (String result : kind.results()) {
                saved.put(result.isEmpty() ? name(as) : name(as) + "." + result, each);
            }
        }
        return step;
    }

    private static boolean needsRealtime(Step step) {
        return !(step.arg("flags") instanceof Expression.Literal flags) || (flags.value() & KvmAbi.CLOCK_REALTIME) != 0;
    }

    private Expression expression(Node node, boolean each) throws RecipeException {
        Expression expression;
        try {
            expression = Expression.parse(file.text(node));
        } catch (IllegalArgumentException e) {
            throw file.wrong(node, "'" + RecipeFile.raw(node) + "': " + e.getMessage());
        }
        List<String> faults = new ArrayList<>();
        expression.forEachSaved(s -> {
            Boolean ofEach = saved.get(s.name());
            if (ofEach == null) {
                faults.add("'" + s.name() + "' has not been saved; so far there are "
                        + saved.keySet().stream().sorted().toList());
            } else if (s.vcpu() != null && (!ofEach || s.vcpu() != 0)) {
                faults.add("'" + s.name() + "[" + s.vcpu() + "]': only [0] of what was saved for each vCPU");
            } else if (s.vcpu() == null && ofEach && !each) {
                faults.add("'" + s.name() + "' was saved for each vCPU: which one? [0] is the first");
            }
        });
        if (!faults.isEmpty()) {
            throw file.wrong(node, faults.get(0));
        }
        // A value that was saved once is the VM's; vCPU 0 holds it.
        return resolved(expression);
    }

    private Expression resolved(Expression expression) {
        if (expression instanceof Expression.Saved s) {
            return Boolean.FALSE.equals(saved.get(s.name())) ? new Expression.Saved(s.name(), 0) : s;
        }
        if (expression instanceof Expression.Sum sum) {
            return new Expression.Sum(resolved(sum.left()), resolved(sum.right()), sum.minus());
        }
        if (expression instanceof Expression.Call call) {
            return new Expression.Call(call.function(), resolved(call.of()), call.number());
        }
        return expression;
    }

    private String name(Node node) throws RecipeException {
        String text = file.text(node);
        if (!text.matches("[a-zA-Z][a-zA-Z0-9]{0,30}")) {
            throw file.wrong(node, "'" + text + "' is no name: letters and digits");
        }
        return text;
    }
}
