package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;

/** The machine that QEMU emulates for an architecture, with hardware for virtualisation. */
enum EmulatedMachine {
    /** AMD's: QEMU does not emulate Intel's VMX. The TSC must be the clocksource, and the host's own kvmclock absent. */
    X86(
            Arch.X86,
            "amd64",
            ImmutableList.of("-machine", "q35"),
            "max,+svm",
            "ttyS0",
            "no-kvmclock tsc=reliable clocksource=tsc",
            "kvm-amd"),

    /** EL2, without CNTPOFF_EL2: see {@link Lab#IGNORES_CNTPOFF}. Debian's kernels have KVM built in. */
    ARM64(
            Arch.ARM64,
            "arm64",
            ImmutableList.of("-machine", "virt,virtualization=on,gic-version=3"),
            "neoverse-n1",
            "ttyAMA0",
            "",
            "kvm");

    private final Arch arch;
    private final String debianName;
    private final ImmutableList<String> board;
    private final String cpu;
    private final String console;
    private final String words;
    private final String kvmModule;

    EmulatedMachine(
            Arch arch,
            String debianName,
            ImmutableList<String> board,
            String cpu,
            String console,
            String words,
            String kvmModule) {
        this.arch = arch;
        this.debianName = debianName;
        this.board = board;
        this.cpu = cpu;
        this.console = console;
        this.words = words;
        this.kvmModule = kvmModule;
    }

    static EmulatedMachine of(Arch arch) {
        return arch == Arch.X86 ? X86 : ARM64;
    }

    Arch arch() {
        return arch;
    }

    /** Debian's name of the architecture. */
    String debianName() {
        return debianName;
    }

    /** The kernel's name of the architecture. */
    String kernelName() {
        return this == X86 ? "x86" : "arm64";
    }

    /** The folder of its libraries in Debian, and the prefix of its compiler. */
    String triplet() {
        return arch.machine() + "-linux-gnu";
    }

    /** The name of the emulator's program, which is also a VMM's under KVM. */
    String qemu() {
        return "qemu-system-" + arch.machine();
    }

    /** Debian's package of the emulator. */
    String qemuPackage() {
        return this == X86 ? "qemu-system-x86" : "qemu-system-arm";
    }

    ImmutableList<String> board() {
        return board;
    }

    /** The emulated CPU, unless the user wants another. */
    String cpu() {
        return cpu;
    }

    /** The device of the serial console. */
    String console() {
        return console;
    }

    /** The words of the kernel's command line that concern clocks, unless the user wants others. */
    String words() {
        return words;
    }

    /** The module that makes /dev/kvm. */
    String kvmModule() {
        return kvmModule;
    }
}
