package dev.longitude.trace;

import com.google.errorprone.annotations.Immutable;

/**
 * A named, typed part of an event or of the state. The specification has a formal parameter, a field of the reply, or a
 * variable of this name.
 */
@Immutable
public record Field(String name, Kind kind) {
    /** The vCPU that an operation acts on. */
    public static final Field VCPU = new Field("vcpu", Kind.VCPU);
    /** A counter's value, as the guest reads it: cycles of its TSC, or ticks of one of arm64's counters. */
    public static final Field VALUE = new Field("value", Kind.UINT64);
    /** On x86 guest TSC minus host TSC, on arm64 host counter minus guest counter: cycles or ticks modulo 2^64. */
    public static final Field OFFSET = new Field("offset", Kind.UINT64);
    /** A TSC rate, kHz; 0 asks for the host's. */
    public static final Field KHZ = new Field("khz", Kind.UINT31);
    /** 0 on success, otherwise an errno. */
    public static final Field ERRNO = new Field("errno", Kind.UINT31);
    /** KVM_CLOCK_* bits. */
    public static final Field FLAGS = new Field("flags", Kind.UINT31);
    /** kvmclock, ns. */
    public static final Field CLOCK = new Field("clock", Kind.UINT64);
    /** CLOCK_REALTIME of the host, ns. */
    public static final Field REALTIME = new Field("realtime", Kind.UINT64);
    /** The host's TSC, cycles. */
    public static final Field HOST_TSC = new Field("hostTsc", Kind.UINT64);
    /** Whether KVM keeps a kvmclock page up to date. */
    public static final Field ACTIVE = new Field("active", Kind.FLAG);
    /** Whether a guest uses the legacy MSR. */
    public static final Field LEGACY = new Field("legacy", Kind.FLAG);
    /** Whether a kvmclock page lies at another address than before, where memory is zero. */
    public static final Field MOVES = new Field("moves", Kind.FLAG);
    /** The vCPU whose kvmclock page is read. */
    public static final Field PAGE = new Field("page", Kind.VCPU);
    /** A page's version: odd while it is being written. */
    public static final Field VERSION = new Field("version", Kind.UINT31);
    /** A page's time stamp: the guest's TSC, cycles. */
    public static final Field TSC_TIMESTAMP = new Field("tscTimestamp", Kind.UINT64);
    /** kvmclock at a page's time stamp, ns. */
    public static final Field SYSTEM_TIME = new Field("systemTime", Kind.UINT64);
    /** A page's multiplier from cycles to ns, times 2^32. */
    public static final Field MUL = new Field("mul", Kind.UINT64);
    /** A page's shift of the cycles before the multiplication: left, or right if negative. */
    public static final Field SHIFT = new Field("shift", Kind.INT8);
    /** By how much the host's TSC is behind, cycles. */
    public static final Field MISSING = new Field("missing", Kind.UINT64);
    /** The new value of the host's base clock, ns. */
    public static final Field NS = new Field("ns", Kind.UINT64);
    /** Whether the host's clocksource is its TSC. */
    public static final Field IS_TSC = new Field("isTsc", Kind.FLAG);
    /** Whether an entry performed a pending masterclock update. */
    public static final Field UPDATED = new Field("updated", Kind.FLAG);
    /** A CPU of the host. */
    public static final Field PCPU = new Field("pcpu", Kind.PCPU);
    /** A reserved field, which must be 0. */
    public static final Field RESERVED = new Field("reserved", Kind.UINT64);
    /** The virtual counter's offset: host counter minus CNTVCT, ticks modulo 2^64. */
    public static final Field CNTVOFF = new Field("cntvoff", Kind.UINT64);
    /** The physical counter's offset: host counter minus CNTPCT, ticks modulo 2^64. */
    public static final Field CNTPOFF = new Field("cntpoff", Kind.UINT64);
    /** Whether KVM_RUN returns. */
    public static final Field RETURNS = new Field("returns", Kind.FLAG);
    /** Whether a read trapped and was emulated. */
    public static final Field TRAPPED = new Field("trapped", Kind.FLAG);
    /** Whether the local APIC's LVT timer is in TSC-deadline mode. */
    public static final Field DEADLINE_MODE = new Field("deadlineMode", Kind.FLAG);
    /** MSR_IA32_TSC_DEADLINE, cycles of the guest's TSC; 0: none is armed. */
    public static final Field DEADLINE = new Field("deadline", Kind.UINT64);
    /** A timer's compare value, ticks of the guest's counter. */
    public static final Field CVAL = new Field("cval", Kind.UINT64);
    /** Whether a timer is on: the enabling bit of its control register. */
    public static final Field ON = new Field("on", Kind.FLAG);
    /** Whether a timer has fired. */
    public static final Field DUE = new Field("due", Kind.FLAG);
}
