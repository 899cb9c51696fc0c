package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.model.SelectedTlc;
import dev.longitude.processes.ChildProcesses;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The command line: {@code longitude COMMAND}. */
@Command(
        name = "longitude",
        description = "The correctness of guest time under KVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Longitude.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", ExitCode.MEANING})
public final class Longitude implements Runnable {
    private static final ImmutableList<Class<?>> COMMANDS = ImmutableList.of(
            CheckCommand.class,
            SimulateCommand.class,
            ValidateCommand.class,
            RecordCommand.class,
            ProbeCommand.class,
            LabCommand.class,
            RecipeCommand.class,
            AuditCommand.class,
            MatrixCommand.class,
            AdviseCommand.class,
            GalleryCommand.class,
            TamperCommand.class,
            MutateCommand.class,
            LockstepCommand.class,
            DoctorCommand.class,
            KernelsCommand.class,
            WorkerCommand.class,
            PlanCommand.class,
            BenchCommand.class,
            CompletionCommand.class,
            HelpCommand.class);

    /** These look at all of the others. */
    private static final ImmutableSet<Class<?>> NEED_ALL = ImmutableSet.of(CompletionCommand.class, HelpCommand.class);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private static volatile boolean runsOneCommand;

    /** Runs one command and exits with its code. */
    public static void main(String[] args) {
        runsOneCommand = true;
        EndOfRun.prepare();
        // TLC leaves a non-daemon thread behind.
        System.exit(commandLine(args).execute(args));
    }

    /** Whether this JVM ends with the command. (Tests run several in one.) */
    static boolean runsOneCommand() {
        return runsOneCommand;
    }

    /**
     * The command line with all commands, or with the one that these arguments name: to read the others' options would
     * take longer than to judge a short trace.
     */
    static CommandLine commandLine(String... args) {
        CommandLine commandLine = new CommandLine(new Longitude());
        List<Class<?>> named = COMMANDS.stream()
                .filter(c -> args.length > 0 && !NEED_ALL.contains(c) && name(c).equals(args[0]))
                .toList();
        (named.isEmpty() ? COMMANDS : named).forEach(commandLine::addSubcommand);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        // All that follows the recorded command belongs to it, options too.
        CommandLine record = commandLine.getSubcommands().get("record");
        if (record != null) {
            record.setStopAtPositional(true);
        }
        // Unlike the writer that picocli makes, this one notices what System.out could not write.
        commandLine.setOut(new PrintWriter(System.out, true, Charset.defaultCharset()));
        Examples.addTo(commandLine);
        commandLine.setExecutionStrategy(Longitude::run);
        commandLine.setParameterExceptionHandler((e, arguments) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("longitude: "
                    + String.valueOf(e.getMessage())
                            .lines()
                            .findFirst()
                            .orElse("")
                            .replaceFirst("^Error: ", ""));
            if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
                err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            }
            err.flush();
            return ExitCode.UNUSABLE;
        });
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> {
            ChildProcesses.stayIfEnded();
            PrintWriter err = command.getErr();
            if (e instanceof TraceFormatException) {
                err.println(e.getMessage());
            } else if (Boolean.getBoolean("longitude.stacktrace")) {
                e.printStackTrace(err);
            } else if (e instanceof IOException) {
                err.println("longitude: cannot be read or written: " + e);
            } else {
                err.println("longitude: "
                        + CrashReport.of(e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e));
            }
            err.flush();
            return ExitCode.UNUSABLE;
        });
        return commandLine;
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(Command.class).name();
    }

    /**
     * Runs the parsed command; if its output cannot be written, or memory or stack run out, its own code is discarded.
     */
    private static int run(ParseResult parsed) {
        CommandLine top = parsed.commandSpec().commandLine();
        int code;
        // No command takes the bundled TLC for the one that was asked for.
        Optional<String> unusable = SelectedTlc.fault();
        if (unusable.isPresent() && !asksForHelp(parsed)) {
            throw new CommandLine.ParameterException(top, unusable.get());
        }
        try {
            code = new CommandLine.RunLast().execute(parsed);
        } catch (VirtualMachineError e) {
            top.getErr().println("longitude: " + CrashReport.of(e));
            code = ExitCode.UNUSABLE;
        }
        if (top.getOut().checkError()) {
            top.getErr().println("longitude: the output cannot be written");
            code = ExitCode.UNUSABLE;
        }
        return code;
    }

    private static boolean asksForHelp(ParseResult parsed) {
        return parsed.isUsageHelpRequested()
                || parsed.isVersionHelpRequested()
                || (parsed.hasSubcommand() && asksForHelp(parsed.subcommand()));
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "missing command: " + String.join(", ", spec.subcommands().keySet()));
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"longitude " + number()};
        }

        static String number() {
            String version = Longitude.class.getPackage().getImplementationVersion();
            return version == null ? "(not packaged)" : version;
        }
    }
}
