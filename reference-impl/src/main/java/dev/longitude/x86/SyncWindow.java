package dev.longitude.x86;

/**
 * The one-second window of the synchronisation heuristic: is a written value close to what the last write would have
 * reached by now? Mirrors the test in kvm_synchronize_tsc(), arch/x86/kvm/x86.c, Linux 5.10 to 7.3.
 */
public final class SyncWindow {
    private SyncWindow() {}

    /**
     * Whether {@code value} is expected: less than a second away, strictly on both sides. Both sums wrap, so close to
     * 2^64 the window may refuse an expected value; the kernel does the same.
     * {@code SyncWindowLemmasTest} proves, for all words, that it never accepts a value that is a second away.
     *
     * @param value the written value, unsigned cycles
     * @param expected the last written value plus the cycles since, unsigned cycles
     * @param hz the guest's rate: the cycles in a second
     */
    public static boolean contains(long value, long expected, long hz) {
        return Long.compareUnsigned(value, expected + hz) < 0 && Long.compareUnsigned(value + hz, expected) > 0;
    }
}
