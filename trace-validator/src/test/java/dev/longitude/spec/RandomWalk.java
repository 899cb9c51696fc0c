package dev.longitude.spec;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * The choices of a random walk through the specification: its beginning, and actions with valid and invalid arguments.
 */
final class RandomWalk {
    /** The host's rate, kHz. */
    static final int KHZ = 2_596_124;

    final Arch arch;
    final SplittableRandom random;
    private final Specification specification;

    /** The source of arguments: earlier values of clocks, and special values. */
    private final List<Long> words = new ArrayList<>(List.of(0L, 1L, -1L, 5_000_000L));

    RandomWalk(Arch arch, long seed) {
        this.arch = arch;
        this.specification = Specification.of(arch);
        this.random = new SplittableRandom(seed);
    }

    /** A VM without vCPUs on x86, a host without VMs on arm64. */
    State first(KernelProfile kernel) {
        return switch (arch) {
            case X86 -> {
                int fracBits = pick(0, 32, 48);
                boolean tscClocksource = random.nextInt(4) > 0;
                yield Specification.x86()
                        .newVm(
                                kernel,
                                new TraceHeader.X86(KHZ, fracBits, tscClocksource, false),
                                anInstant(),
                                anInstant(),
                                anInstant());
            }
            case ARM64 ->
                Specification.arm64()
                        .newHost(
                                kernel,
                                new TraceHeader.Arm64(random.nextBoolean(), random.nextBoolean(), 2),
                                anInstant());
        };
    }

    /** Anywhere, or shortly before or after a place where a word wraps, as a signed or as an unsigned number. */
    private Value anInstant() {
        return Words64.word(
                random.nextBoolean()
                        ? random.nextLong()
                        : pick(0L, Long.MIN_VALUE) + random.nextLong(-5_000_000, 5_000_000));
    }

    /** The name of some action. */
    String action() {
        return random.nextInt(3) == 0 ? "TimePasses" : anotherAction();
    }

    /** The name of some action that is not the passing of time. */
    String anotherAction() {
        // (Before 6.3 hardly anything else is possible while a loop is in progress.)
        String action = arch == Arch.ARM64 && random.nextInt(6) == 0 ? "BroadcastTo" : pick(actions(arch));
        // (A TSC that is unstable stays so, and its clocksource does not change any more.)
        return action.equals("HostTscUnstable") && random.nextInt(8) > 0 ? "HostClocksource" : action;
    }

    /** The names of all actions but the passing of time. */
    static List<String> actions(Arch arch) {
        return Operation.of(arch).stream()
                .filter(operation -> arch == Arch.ARM64 || operation != Operation.CREATE_VM)
                .map(Operation::specName)
                .toList();
    }

    /** Arguments of an action, by name. */
    Map<String, Value> args(String action, State state) {
        if (action.startsWith("TimePasses") && arch == Arch.X86) {
            long cycles = random.nextLong(1L << (10 + random.nextInt(24)));
            long ns = (long) (cycles * 1e6 / KHZ) + (random.nextInt(20) == 0 ? 1_000_000 : 0);
            ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
            args.put("tsc", later(X86Specification.HOST_TSC, action.equals("TimePasses") ? cycles : cycles / 2, state));
            args.put("ns", later(X86Specification.HOST_NS, ns, state));
            args.put("realtime", later(X86Specification.HOST_REALTIME, ns, state));
            if (!action.equals("TimePasses")) {
                args.put("nsTsc", later(X86Specification.HOST_TSC, cycles, state));
            }
            return args.buildOrThrow();
        }
        if (action.equals("TimePasses")) {
            String formal = specification.formals(action).get(0);
            return ImmutableMap.of(
                    formal, later(Arm64Specification.CNTPCT, random.nextLong(1L << (10 + random.nextInt(24))), state));
        }
        ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
        for (String formal : specification.formals(action)) {
            args.put(formal, arg(formal));
        }
        return args.buildOrThrow();
    }

    private Value later(Variable clock, long by, State state) {
        long then = Words64.bits(clock.in(state)) + (random.nextInt(20) == 0 ? -by : by);
        words.add(then);
        return Words64.word(then);
    }

    private Value arg(String formal) {
        if (formal.equals("vm")) {
            return IntValue.gen(random.nextInt(2));
        }
        Field field = Arrays.stream(Operation.values())
                .flatMap(operation -> operation.args().stream())
                .filter(each -> each.name().equals(formal))
                .findFirst()
                .orElseThrow();
        return switch (field.kind()) {
            case VCPU -> {
                int index = random.nextInt(3);
                yield specification.vcpu(new VcpuId(arch == Arch.X86 ? 0 : random.nextInt(2), index));
            }
            case PCPU -> IntValue.gen(random.nextInt(2));
            case FLAG -> flag(random.nextBoolean());
            case UINT31, INT8 ->
                IntValue.gen(
                        field.equals(Field.FLAGS) ? pick(0, 2, 4, 8, 14, 1) : pick(0, KHZ, KHZ + 10, 2 * KHZ, KHZ / 2));
            default -> Words64.word(random.nextInt(5) == 0 ? random.nextLong() : pick(words));
        };
    }

    @SafeVarargs
    private <T> T pick(T... of) {
        return of[random.nextInt(of.length)];
    }

    <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static Value flag(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }
}
