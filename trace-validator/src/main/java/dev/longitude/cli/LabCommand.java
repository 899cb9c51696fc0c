package dev.longitude.cli;

import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.lab.Driver;
import dev.longitude.lab.Lab;
import dev.longitude.lab.LabException;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code longitude lab}: boots a kernel under emulation, drives its KVM, and judges what it did. */
@Command(
        name = "lab",
        description = {
            "Boot a kernel on an emulated machine, drive its KVM as `longitude probe` does, or run a VMM on it under"
                    + " `longitude record`, and judge what it did.",
            "The kernel and QEMU come from Debian, through this machine's apt, and are kept in the cache; nothing is"
                    + " installed."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "trace-validator/LAB.md describes the machines, what they cannot show, and how long they take.",
            "",
            "Exit codes: 0 all logs conform, or all is prepared; 1 one is refused; 2 the lab cannot run here, or usage; 3 undecided."
        })
final class LabCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ProbeOptions options = new ProbeOptions();

    @Option(
            names = "--kernel",
            required = true,
            paramLabel = "KERNEL",
            description = "A release, such as 6.12 for Debian's newest of that series or 6.12.95; or a file: a bzImage,"
                    + " or arm64's Image.")
    private String kernel = "";

    @Option(
            names = "--modules",
            paramLabel = "DIR",
            description = "With a file as kernel: where its modules are, unless KVM is built in.")
    private @Nullable Path modules;

    @Option(
            names = "--judge-by",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Judge by this kernel, not by the booted one.")
    private @Nullable KernelProfile profile;

    @Option(
            names = "--arch",
            paramLabel = "ARCH",
            converter = ArchOption.class,
            description = "x86_64 or aarch64 (default: this machine's).")
    private @Nullable Arch arch = CProgram.thisMachine();

    /** What the lab can record. */
    enum Vmm {
        /** QEMU with a guest of a few lines. */
        QEMU(Driver.QEMU),
        /** QEMU with Linux as its guest. */
        LINUX(Driver.LINUX),
        /** The kernel's own tests of KVM. */
        SELFTESTS(Driver.SELFTESTS);

        private final Driver driver;

        Vmm(Driver driver) {
            this.driver = driver;
        }
    }

    @Option(
            names = "--vmm",
            description = "Record something instead of the probe: ${COMPLETION-CANDIDATES}. QEMU stops and continues a"
                    + " small guest, or Linux, saves and loads a snapshot, and migrates; the selftests are the kernel's"
                    + " own tests of KVM that concern time.")
    private @Nullable Vmm vmm;

    private static final int MOST_VCPUS = 8;

    @Option(
            names = "--vcpus",
            paramLabel = "N",
            defaultValue = "2",
            description = "The vCPUs of QEMU's guest, 1 to " + MOST_VCPUS + " (default: ${DEFAULT-VALUE}).")
    private int vcpus;

    @Option(names = "--cpu", paramLabel = "CPU", description = "QEMU's name of the emulated CPU.")
    private @Nullable String cpu;

    @Option(
            names = "--append",
            paramLabel = "WORDS",
            description = "Words of the kernel's command line, such as \"no-kvmclock tsc=unstable\", instead of the"
                    + " machine's own about clocks.")
    private @Nullable String words;

    @Option(
            names = "--longest",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "How long the machine may run (default: ${DEFAULT-VALUE}).")
    private int longest;

    @Option(
            names = "--prepare",
            description = "Get and build all that this run needs, and boot nothing. The next run with the same options"
                    + " takes it from the cache.")
    private boolean prepare;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (vcpus < 1 || vcpus > MOST_VCPUS) {
            throw new ParameterException(spec.commandLine(), "--vcpus: expected 1 to " + MOST_VCPUS);
        }
        if (spec.commandLine().getParseResult().hasMatchedOption("--vcpus") && vmm != Vmm.QEMU && vmm != Vmm.LINUX) {
            throw new ParameterException(spec.commandLine(), "--vcpus needs --vmm qemu or --vmm linux");
        }
        Path folder = options.folder(spec, "lab", arch);
        Lab lab = new Lab(
                arch == null ? Arch.X86 : arch,
                kernel,
                modules,
                vmm == null ? Driver.PROBE : vmm.driver,
                vcpus,
                options.probe(),
                cpu,
                words,
                Duration.ofSeconds(longest));
        Consumer<String> progress = line -> {
            if (options.showsProgress()) {
                spec.commandLine().getErr().println(line);
            }
        };
        try {
            if (prepare) {
                lab.prepare(progress);
                return ExitCode.HOLDS;
            }
            lab.run(folder, progress);
        } catch (LabException | NoCompilerException e) {
            spec.commandLine().getErr().println("longitude: the lab cannot run: " + e.getMessage());
            return ExitCode.UNUSABLE;
        }
        int code = options.print(folder, profile);
        if (code != ExitCode.HOLDS && Lab.ignoresCntpoff(folder)) {
            spec.commandLine().getErr().println("longitude: " + Lab.IGNORES_CNTPOFF);
        }
        return code;
    }

    /** Reads an architecture's name. */
    static final class ArchOption implements ITypeConverter<Arch> {
        @Override
        public Arch convert(String value) {
            return Arch.named(value)
                    .orElseThrow(() -> new TypeConversionException(
                            "unknown architecture '" + value + "'; expected " + Arch.names()));
        }
    }
}
