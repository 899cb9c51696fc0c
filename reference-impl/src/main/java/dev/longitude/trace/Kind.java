package dev.longitude.trace;

/** The type of a field of an event or of an observed variable: its form in JSON and in Java. */
public enum Kind {
    /** The index of a vCPU, 0 to 65535: a JSON number; an {@link Integer}. */
    VCPU("a vCPU index from 0 to 65535"),
    /** A CPU of the host, 0 to 65535: a JSON number; an {@link Integer}. */
    PCPU("a CPU's number from 0 to 65535"),
    /** An unsigned 64-bit word: a JSON string of decimal digits; a {@link Long} with the same bits. */
    UINT64("an unsigned 64-bit number as a string of decimal digits"),
    /** A count, 0 to 2^31 - 1: a JSON number; an {@link Integer}. */
    UINT31("a number from 0 to 2147483647"),
    /** A signed byte, -128 to 127: a JSON number; an {@link Integer}. */
    INT8("a number from -128 to 127"),
    /** A JSON boolean; a {@link Boolean}. */
    FLAG("true or false"),
    /** A word for each of some vCPUs: an object whose names are vCPU indexes; a map from Integer to Long. */
    UINT64_BY_VCPU("an object of vCPU indexes and words"),
    /** A count for each of some vCPUs: an object whose names are vCPU indexes; a map from Integer to Integer. */
    UINT31_BY_VCPU("an object of vCPU indexes and numbers"),
    /** A signed byte for each of some vCPUs: an object whose names are vCPU indexes; a map from Integer to Integer. */
    INT8_BY_VCPU("an object of vCPU indexes and numbers from -128 to 127"),
    /** A word for each CPU of the host: an object whose names are their numbers; a map from Integer to Long. */
    UINT64_BY_PCPU("an object of CPU numbers and words"),
    /** A count for each CPU of the host: an object whose names are their numbers; a map from Integer to Integer. */
    UINT31_BY_PCPU("an object of CPU numbers and numbers"),
    /** A word of the event's VM, where each VM has its own: as {@link #UINT64}. */
    UINT64_OF_VM("an unsigned 64-bit number as a string of decimal digits"),
    /** A flag of the event's VM: as {@link #FLAG}. */
    FLAG_OF_VM("true or false"),
    /** A set of vCPUs: an array of indexes; a set of Integer. */
    VCPU_SET("an array of vCPU indexes");

    private final String expectation;

    Kind(String expectation) {
        this.expectation = expectation;
    }

    /** For a map the kind of its elements; for a kind of the VM's own the plain kind; otherwise this kind. */
    public Kind each() {
        return switch (this) {
            case UINT64_BY_VCPU, UINT64_BY_PCPU, UINT64_OF_VM -> UINT64;
            case UINT31_BY_VCPU, UINT31_BY_PCPU -> UINT31;
            case FLAG_OF_VM -> FLAG;
            case INT8_BY_VCPU -> INT8;
            default -> this;
        };
    }

    /**
     * A value of a kind that is neither a map nor a set, as an event has it.
     *
     * @param value a word's bits, a count, or 1 or 0 for a flag
     */
    public Object boxed(long value) {
        return switch (this) {
            case UINT64, UINT64_OF_VM -> value;
            case UINT31, INT8, VCPU, PCPU -> (int) value;
            case FLAG, FLAG_OF_VM -> value != 0;
            default -> throw new IllegalArgumentException("a value of " + this);
        };
    }

    /** What a reader expects, for messages. */
    public String expectation() {
        return expectation;
    }
}
