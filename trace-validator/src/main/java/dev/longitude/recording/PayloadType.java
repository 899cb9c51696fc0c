package dev.longitude.recording;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.TraceFormatException;
import java.util.Objects;

/** The type of the value of a payload's key. A null or missing value has any type: it is unknown. */
enum PayloadType {
    /** 64 bits, signed or unsigned. */
    WORD("word"),
    /** 0 to 2^31 - 1. */
    COUNT("count"),
    /** 0 to 2^32 - 1, as an {@code __u32} of the kernel's headers. */
    U32("u32"),
    /** -128 to 127. */
    SIGNED_BYTE("signed byte"),
    /** The id of a vCPU, 0 to 65535. */
    VCPU_ID("vCPU id"),
    /** Any text. */
    TEXT("text"),
    /** A name, which may be one that this program does not know, or 64 bits. */
    NAME_OR_WORD("name or word"),
    /** A text or 64 bits that distinguish threads. */
    LABEL("label"),
    /** One MSR, by its index or its name. */
    MSR("MSR"),
    /** A group: MSRs by index or name, and the value of each. */
    MSRS("MSRs"),
    /** 64 bits if {@code reg} or {@code id} in the arguments names a counter; otherwise anything. */
    REGISTER_VALUE("register's value"),
    /** Anything: nothing reads it. */
    FREE("free");

    private final String pageName;

    PayloadType(String pageName) {
        this.pageName = pageName;
    }

    /** What {@code LOG-FORMAT.md} calls the type. */
    String pageName() {
        return pageName;
    }

    /**
     * Checks one value.
     *
     * @param values the object with the key
     * @param args the record's arguments
     * @throws TraceFormatException if the value is present and not of this type
     */
    void check(Payload values, String key, Payload args) throws TraceFormatException {
        if (!values.has(key)) {
            return;
        }
        switch (this) {
            case WORD -> values.word(key);
            case COUNT -> values.count(key);
            case U32 -> values.u32(key);
            case SIGNED_BYTE -> values.signedByte(key);
            case VCPU_ID -> {
                if (Objects.requireNonNull(values.count(key)) > IoctlRecord.LARGEST_ID) {
                    throw values.expected(key, "a vCPU's id from 0 to " + IoctlRecord.LARGEST_ID);
                }
            }
            case TEXT -> values.text(key);
            case NAME_OR_WORD -> {
                if (!values.isName(key)) {
                    values.word(key);
                }
            }
            case LABEL -> values.label(key);
            case MSR -> MsrList.index(values);
            case MSRS -> MsrList.several(Objects.requireNonNull(values.group(key)));
            case REGISTER_VALUE -> {
                if (isOfATimer(args, "reg") || isOfATimer(args, "id")) {
                    values.word(key);
                }
            }
            case FREE -> {}
        }
    }

    private static boolean isOfATimer(Payload args, String key) throws TraceFormatException {
        if (!args.has(key)) {
            return false;
        }
        KvmAbi.ArmRegister register = (args.isName(key)
                        ? KvmAbi.ArmRegister.named(Objects.requireNonNull(args.text(key)))
                        : KvmAbi.ArmRegister.of(Objects.requireNonNull(args.word(key))))
                .orElse(null);
        return register != null;
    }
}
