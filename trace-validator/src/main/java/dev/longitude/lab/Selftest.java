package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import java.util.Set;

/**
 * A run of one of the kernel's tests below tools/testing/selftests/kvm.
 *
 * @param name of the run: the program's name, which it has had in all kernels, and for a second run of it what differs
 * @param program the program's name
 * @param options those that the program is given if it knows them; emulation is slow, and its timers are late
 */
record Selftest(String name, String program, ImmutableList<Option> options) {
    /**
     * An option of one letter with a value.
     *
     * @param required whether the run means nothing without it
     */
    record Option(char letter, String value, boolean required) {}

    private static Selftest plain(String name) {
        return new Selftest(name, name, ImmutableList.of());
    }

    private static Option option(char letter, String value) {
        return new Option(letter, value, false);
    }

    private static final ImmutableList<Selftest> X86 = ImmutableList.of(
            plain("system_counter_offset_test"),
            plain("kvm_clock_test"),
            plain("pvclock_test"),
            plain("tsc_msrs_test"),
            plain("tsc_scaling_sync"),
            plain("nested_tsc_adjust_test"),
            plain("nested_tsc_scaling_test"),
            plain("vmx_tsc_adjust_test"),
            plain("vmx_nested_tsc_scaling_test"),
            plain("vmx_preemption_timer_test"),
            plain("hyperv_clock"),
            plain("apic_bus_clock_test"),
            plain("steal_time"));

    private static final Option MARGIN_US = option('e', "20000");

    private static final ImmutableList<Selftest> ARM64 = ImmutableList.of(
            new Selftest("arch_timer", "arch_timer", ImmutableList.of(option('i', "2"), MARGIN_US)),
            new Selftest(
                    "arch_timer-offset",
                    "arch_timer",
                    ImmutableList.of(option('i', "2"), MARGIN_US, new Option('o', "1000000000", true))),
            new Selftest(
                    "arch_timer_edge_cases",
                    "arch_timer_edge_cases",
                    ImmutableList.of(option('i', "1"), option('l', "40"), option('w', "10"))),
            plain("get-reg-list"),
            plain("steal_time"));

    /** Those that concern the guest's time; a kernel has some of them. */
    static ImmutableList<Selftest> of(Arch arch) {
        return arch == Arch.X86 ? X86 : ARM64;
    }

    /** Whether a program that knows these letters can do this run. */
    boolean isPossibleWith(Set<Character> letters) {
        return options.stream().allMatch(o -> !o.required() || letters.contains(o.letter()));
    }

    /** The program's arguments. */
    ImmutableList<String> arguments(Set<Character> letters) {
        return options.stream()
                .filter(o -> letters.contains(o.letter()))
                .flatMap(o -> ImmutableList.of("-" + o.letter(), o.value()).stream())
                .collect(ImmutableList.toImmutableList());
    }
}
