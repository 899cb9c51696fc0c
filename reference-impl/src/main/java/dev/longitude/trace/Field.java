package dev.longitude.trace;

import com.google.errorprone.annotations.Immutable;

/**
 * A named, typed part of an event or of the state. The name is the one of the formal parameter, of the field of the
 * reply, or of the variable in the specification.
 */
@Immutable
public record Field(String name, Kind kind) {
    /** The vCPU that an operation is for. */
    public static final Field VCPU = new Field("vcpu", Kind.VCPU);
    /** A counter value, in cycles of the guest's TSC. */
    public static final Field VALUE = new Field("value", Kind.WORD);
    /** Guest TSC minus host TSC, in cycles modulo 2^64. */
    public static final Field OFFSET = new Field("offset", Kind.WORD);
    /** A TSC rate, kHz; 0 asks for the host's. */
    public static final Field KHZ = new Field("khz", Kind.NUMBER);
    /** 0, or the errno of a refusal. */
    public static final Field ERRNO = new Field("errno", Kind.NUMBER);
    /** KVM_CLOCK_* bits. */
    public static final Field FLAGS = new Field("flags", Kind.NUMBER);
    /** Whether an entry worked off a masterclock update. */
    public static final Field UPDATED = new Field("updated", Kind.FLAG);
}
