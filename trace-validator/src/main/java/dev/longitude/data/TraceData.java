package dev.longitude.data;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** The Java twin of {@code Subjects} in {@code spec/Replay.tla}: traces that TLC itself replays. It calls it by reflection. */
public final class TraceData {
    /** The system property that names the traces' files, separated as in a class path. */
    public static final String PROPERTY = "longitude.traces";

    private static @Nullable Value subjects;

    private TraceData() {}

    /**
     * The subjects of all traces that {@link #PROPERTY} names, in their order.
     *
     * @throws IllegalArgumentException if there is none, or a trace leaves something open that TLC would have to search
     */
    @TLAPlusOperator(identifier = "Subjects", module = "Replay", warn = false)
    public static synchronized Value subjects() {
        Value known = subjects;
        if (known == null) {
            known = read(System.getProperty(PROPERTY, ""));
            subjects = known;
        }
        return known;
    }

    static Value read(String files) {
        List<Value> all = new ArrayList<>();
        for (String file :
                Splitter.on(File.pathSeparatorChar).omitEmptyStrings().split(files)) {
            try {
                for (Subject subject : Subject.of(trace(Path.of(file)))) {
                    all.add(new SubjectValue(subject).value());
                }
            } catch (TraceFormatException | IOException e) {
                throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
            }
        }
        if (all.isEmpty()) {
            throw new IllegalArgumentException("-D" + PROPERTY + "=FILE" + File.pathSeparator
                    + "FILE... names no trace with an event to compare: '" + files + "'");
        }
        Value value = new TupleValue(all.toArray(Value[]::new));
        value.deepNormalize(); // (workers of TLC share it)
        return value;
    }

    private static Trace trace(Path file) throws TraceFormatException, IOException {
        try (TraceReader reader = new TraceReader(LineSource.open(file))) {
            ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
            for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                events.add(event);
            }
            return new Trace(reader.header(), events.build());
        }
    }
}
