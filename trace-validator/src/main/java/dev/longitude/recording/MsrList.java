package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.JsonLine;
import dev.longitude.trace.TraceFormatException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The MSRs in a record of KVM_SET_MSRS or KVM_GET_MSRS: one, as {@code index} and {@code data}, or several. For
 * several, {@code nmsrs} is their number, and {@code clock_msrs} has all that concern time, in the call's order. {@code
 * complete} is 1 if {@code clock_msrs} has exactly those that the kernel wrote, 0 if one may be missing.
 */
final class MsrList {
    private MsrList() {}

    /**
     * One MSR.
     *
     * @param index unsigned 32 bits
     * @param data its value; null if the record does not show it
     */
    record Entry(long index, @Nullable Long data) {
        KvmAbi.@Nullable Msr msr() {
            return KvmAbi.Msr.of(index).orElse(null);
        }
    }

    /** The MSRs that concern time and that the kernel wrote; empty if the record does not show them. */
    static Optional<ImmutableList<Entry>> written(IoctlRecord record) throws TraceFormatException {
        Long taken = record.ret();
        if (record.failed() || (taken != null && taken == 0)) {
            return Optional.of(ImmutableList.of());
        }
        Optional<ImmutableList<Entry>> all = read(record.args(), record);
        if (taken == null || all.isEmpty()) {
            return Optional.empty();
        }
        Long complete = record.args().word("complete");
        if (complete != null) {
            return complete == 1 ? all : Optional.empty();
        }
        // The kernel stops at the first MSR that it refuses, and the record does not show which MSRs came before it.
        // Where nmsrs is missing too, it may have stopped before one that concerns time or after the last of them.
        Long asked = record.args().has("index") ? (Long) 1L : record.args().u32("nmsrs");
        return taken.equals(asked) ? all : Optional.empty();
    }

    /** The MSRs that concern time and that the kernel returned; none if the record does not show them. */
    static ImmutableList<Entry> returned(IoctlRecord record) throws TraceFormatException {
        return record.failed() || record.ret() == null || record.ret() == 0
                ? ImmutableList.of()
                : read(record.out(), record).orElse(ImmutableList.of());
    }

    private static Optional<ImmutableList<Entry>> read(Payload values, IoctlRecord record) throws TraceFormatException {
        if (record.args().has("index")) {
            return Optional.of(ImmutableList.of(new Entry(index(record.args()), values.word("data"))));
        }
        Payload several = values.group("clock_msrs");
        return several == null ? Optional.empty() : Optional.of(several(several));
    }

    /** The MSRs of a group, in order; the value of one may be unknown. */
    static ImmutableList<Entry> several(Payload several) throws TraceFormatException {
        ImmutableList.Builder<Entry> entries = ImmutableList.builder();
        for (String name : several.names()) {
            OptionalLong index = index(name);
            if (index.isEmpty()) {
                throw several.expected(name, "the index or the name of an MSR, and its value");
            }
            entries.add(new Entry(index.getAsLong(), several.word(name)));
        }
        return entries.build();
    }

    /** The MSR in {@code index}, a number or a name. */
    static long index(Payload args) throws TraceFormatException {
        if (args.isName("index")) {
            OptionalLong index = index(Objects.requireNonNull(args.text("index")));
            if (index.isPresent()) {
                return index.getAsLong();
            }
            throw args.expected("index", "the index or the name of an MSR");
        }
        Long index = Objects.requireNonNull(args.word("index"));
        if (index < 0 || index > 0xffffffffL) {
            throw args.expected("index", "the index of an MSR, 32 bits");
        }
        return index;
    }

    private static OptionalLong index(String text) {
        OptionalLong number = JsonLine.bits(text);
        if (number.isPresent()) {
            return number.getAsLong() < 0 || number.getAsLong() > 0xffffffffL ? OptionalLong.empty() : number;
        }
        return KvmAbi.Msr.named(text).map(m -> OptionalLong.of(m.index())).orElse(OptionalLong.empty());
    }
}
