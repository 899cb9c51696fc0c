package dev.longitude.lockstep;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.spec.ModelSpecification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Explores a model with a machine in which a refused operation lets time pass. (A process of its own: TLC loads one model.) */
public final class RefusalProbe {
    private record Faulty(Machine real) implements Machine {
        @Override
        public Machine copy() {
            return new Faulty(real.copy());
        }

        @Override
        public void omitState() {
            real.omitState();
        }

        @Override
        public boolean tick(long ahead) {
            return real.tick(ahead);
        }

        @Override
        public void setGuestHasMasterClock(boolean has) {
            real.setGuestHasMasterClock(has);
        }

        @Override
        public ImmutableMap<Field, Object> completed(Operation operation, ImmutableMap<Field, Object> args) {
            return real.completed(operation, args);
        }

        @Override
        public @Nullable List<TraceEvent> perform(Operation operation, int vm, ImmutableMap<Field, Object> args) {
            List<TraceEvent> events = real.perform(operation, vm, args);
            if (events == null && operation == Operation.EXIT_GUEST) {
                real.tick(0);
            }
            return events;
        }

        @Override
        public void compare(State state, Comparison comparison) {
            real.compare(state, comparison);
        }
    }

    private RefusalProbe() {}

    /** Prints the difference that is found, which must be found again where its moves are followed. */
    public static void main(String[] args) {
        ModelSpecification model = ModelSpecification.load(args[0], args[1], Map.of());
        Subject sound = Subject.of(args[0], model, "");
        Subject faulty = new Subject(
                model, sound.words(), sound.vms(), sound.moves(), new Faulty(sound.start()), sound.actions());
        Explorer explorer = new Explorer(faulty, null);
        long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        if (explorer.run(Long.MAX_VALUE, until) instanceof Explorer.Found found) {
            Difference again = explorer.follow(found.difference().moves(), (before, move, after) -> {});
            System.out.println(
                    found.difference().equals(again) ? found.difference().text() : "not found again");
        }
    }
}
