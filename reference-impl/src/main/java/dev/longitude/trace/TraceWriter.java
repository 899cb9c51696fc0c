package dev.longitude.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a trace; {@link #close} writes the end line, without which it is no trace. */
public final class TraceWriter implements Closeable {
    private final JsonGenerator json;
    private final String counter;
    private final boolean threads;
    private int events;

    /** Writes the header. */
    public TraceWriter(OutputStream out, TraceHeader header) throws IOException {
        counter = header.arch().counter();
        json = new JsonFactory().createGenerator(out);
        json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
        json.writeStartObject();
        json.writeStringField("format", TraceHeader.FORMAT);
        json.writeNumberField("version", TraceHeader.VERSION);
        json.writeStringField("arch", header.arch().machine());
        json.writeStringField("kernel", header.kernel().specName());
        json.writeObjectFieldStart("host");
        if (header.host() instanceof TraceHeader.X86 x86) {
            json.writeNumberField("tscKhz", x86.tscKhz());
            if (x86.clocksourceKhz() != x86.tscKhz()) {
                json.writeNumberField("clocksourceKhz", x86.clocksourceKhz());
            }
            json.writeNumberField("tscFracBits", x86.tscFracBits());
            json.writeStringField("clocksource", x86.tscClocksource() ? "tsc" : "other");
            if (x86.tscUnstable()) {
                json.writeBooleanField("tscUnstable", true);
            }
        } else if (header.host() instanceof TraceHeader.Arm64 arm64) {
            json.writeBooleanField("vhe", arm64.vhe());
            json.writeBooleanField("ecv", arm64.ecv());
            json.writeNumberField("pcpus", arm64.pcpus());
        }
        json.writeEndObject();
        json.writeNumberField("vcpus", header.vcpus());
        json.writeStringField("origin", header.origin());
        if (!header.silent().isEmpty()) {
            json.writeArrayFieldStart("silent");
            for (Operation operation : header.silent()) {
                json.writeString(operation.specName());
            }
            json.writeEndArray();
        }
        threads = header.threads();
        if (threads) {
            json.writeBooleanField("threads", true);
        }
        json.writeEndObject();
    }

    /** Writes one event. */
    public void write(TraceEvent event) throws IOException {
        json.writeStartObject();
        json.writeNumberField("seq", ++events);
        if (!event.operation().isOfHost()) {
            json.writeNumberField("vm", event.vm());
        }
        if (threads) {
            json.writeNumberField("thread", event.thread());
        }
        clock(counter, event.when().counter());
        clock("ns", event.when().ns());
        clock("realtime", event.when().realtime());
        clock("nsTsc", event.when().nsCounter());
        json.writeStringField("action", event.operation().specName());
        object("args", event.args());
        object("reply", event.results());
        if (!event.operation().isOfHost()) {
            state(event);
        }
        json.writeEndObject();
    }

    private void state(TraceEvent event) throws IOException {
        json.writeObjectFieldStart("state");
        for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
            json.writeFieldName(seen.getKey().specName());
            value(seen.getKey().kind(), seen.getValue());
        }
        json.writeEndObject();
    }

    private void clock(String name, @Nullable Interval value) throws IOException {
        if (value == null) {
            return;
        }
        json.writeFieldName(name);
        if (value.isExact()) {
            value(Kind.UINT64, value.lo());
        } else {
            json.writeStartArray();
            value(Kind.UINT64, value.lo());
            value(Kind.UINT64, value.hi());
            json.writeEndArray();
        }
    }

    private void object(String name, Map<Field, Object> fields) throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<Field, Object> field : fields.entrySet()) {
            json.writeFieldName(field.getKey().name());
            value(field.getKey().kind(), field.getValue());
        }
        json.writeEndObject();
    }

    private void value(Kind kind, Object value) throws IOException {
        switch (kind) {
            case VCPU, PCPU, UINT31, INT8 -> json.writeNumber((int) value);
            case UINT64, UINT64_OF_VM -> json.writeString(Long.toUnsignedString((long) value));
            case FLAG, FLAG_OF_VM -> json.writeBoolean((boolean) value);
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU ->
                byIndex(kind.each(), (Map<?, ?>) value);
            case VCPU_SET -> {
                json.writeStartArray();
                for (Object vcpu : (Iterable<?>) value) {
                    json.writeNumber((int) vcpu);
                }
                json.writeEndArray();
            }
        }
    }

    private void byIndex(Kind each, Map<?, ?> values) throws IOException {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : values.entrySet()) {
            json.writeFieldName(String.valueOf(entry.getKey()));
            value(each, entry.getValue());
        }
        json.writeEndObject();
    }

    /** Writes the end line and closes the stream. */
    @Override
    public void close() throws IOException {
        json.writeStartObject();
        json.writeNumberField("end", events);
        json.writeEndObject();
        json.writeRaw('\n');
        json.close();
    }
}
