package dev.longitude.cli;

import dev.longitude.processes.ChildProcesses;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude record -- COMMAND...}: records a VMM's ioctls as the log that {@code longitude validate} takes. */
@Command(
        name = "record",
        description = {
            "Run a VMM, or attach to one, and record the ioctls that set or read its guests' time.",
            "It writes a new folder: log.jsonl, which `longitude validate` reads, host.txt, and log.ftrace.txt if"
                    + " the kernel's tracepoints are available (x86, root, a mounted tracefs)."
        },
        mixinStandardHelpOptions = true,
        customSynopsis = {
            "longitude record [-o NAME] [OPTIONS] -- COMMAND...",
            "longitude record [-o NAME] [OPTIONS] -p PID",
            "longitude record --measure",
            "longitude record --print-source"
        },
        footer = {
            "",
            "trace-validator/RECORDING.md lists what is not recorded, and what recording costs.",
            "",
            "Exit codes: COMMAND's; 126 or 127 if it cannot be executed; 0 after -p; 2 if nothing can be recorded."
        })
final class RecordCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "NAME",
            description = "The new folder to write (default: recording- and the time).")
    private @Nullable Path out;

    @Option(names = "-p", paramLabel = "PID", description = "Attach to a process; an interrupt (Ctrl-C) detaches.")
    private @Nullable Integer pid;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "After each other operation record the first N KVM_RUNs with their ends; one record stands for the"
                            + " rest (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--every-run", description = "Record every KVM_RUN with its end.")
    private boolean everyRun;

    @Option(
            names = "--every-ioctl",
            description = "Record every KVM ioctl, also those that the log format lists as harmless.")
    private boolean everyIoctl;

    @Option(names = "--no-tracepoints", description = "Do not record the kernel's tracepoints.")
    private boolean noTracepoints;

    @Option(
            names = "--no-probe",
            description = "Do not create a VM to find out the TSC's rate and whether KVM honours offsets.")
    private boolean noProbe;

    @Option(names = "--measure", description = "Print what an ioctl costs alone and recorded (x86).")
    private boolean measure;

    @Option(
            names = "--print-source",
            description = "Print the recorder, a C program of one file, to build it on a host without Java.")
    private boolean printSource;

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "The VMM and its arguments.")
    private List<String> command = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (printSource) {
            spec.commandLine().getOut().print(new String(RecorderProgram.RECORDER.source(), StandardCharsets.UTF_8));
            spec.commandLine().getOut().flush();
            return ExitCode.HOLDS;
        }
        if (!measure && command.isEmpty() == (pid == null)) {
            throw new ParameterException(spec.commandLine(), "expected either a COMMAND or -p PID");
        }
        if (runs < 0) {
            throw new ParameterException(spec.commandLine(), "--runs: expected a number from 0, not " + runs);
        }
        Path program;
        try {
            program = RecorderProgram.RECORDER.build();
        } catch (NoCompilerException e) {
            spec.commandLine().getErr().println("longitude: " + e.getMessage());
            return ExitCode.UNUSABLE;
        }
        return run(arguments(program));
    }

    private List<String> arguments(Path program) {
        List<String> arguments = new ArrayList<>(List.of(program.toString()));
        if (out != null) {
            arguments.addAll(List.of("-o", out.toString()));
        }
        if (pid != null) {
            arguments.addAll(List.of("-p", pid.toString()));
        }
        arguments.addAll(List.of("--runs", String.valueOf(runs)));
        addIf(everyRun, "--every-run", arguments);
        addIf(everyIoctl, "--every-ioctl", arguments);
        addIf(noTracepoints, "--no-tracepoints", arguments);
        addIf(noProbe, "--no-probe", arguments);
        addIf(measure, "--measure", arguments);
        if (!command.isEmpty()) {
            arguments.add("--");
            arguments.addAll(command);
        }
        return arguments;
    }

    private static void addIf(boolean asked, String option, List<String> arguments) {
        if (asked) {
            arguments.add(option);
        }
    }

    /**
     * Runs the recorder in this terminal. An interrupt reaches it too: this program then ends with it, in the same way.
     */
    private static int run(List<String> arguments) throws IOException, InterruptedException {
        Process recorder = ChildProcesses.start(new ProcessBuilder(arguments).inheritIO());
        Thread awaitEnd = new Thread(() -> {
            recorder.destroy(); // (passed on to the command, or taken as the end of -p)
            try {
                int code = recorder.waitFor();
                EndOfRun.clean();
                Runtime.getRuntime().halt(code);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(awaitEnd);
        int code = recorder.waitFor();
        Runtime.getRuntime().removeShutdownHook(awaitEnd);
        return code;
    }
}
