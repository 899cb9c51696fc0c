package dev.longitude.cli;

import dev.longitude.trace.TraceFormatException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command line: {@code longitude check | simulate | validate | matrix | tamper | plan | bench | doctor | worker}. */
@Command(
        name = "longitude",
        description = "The correctness of guest time under KVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Longitude.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CheckCommand.class,
            SimulateCommand.class,
            ValidateCommand.class,
            MatrixCommand.class,
            TamperCommand.class,
            DoctorCommand.class,
            WorkerCommand.class,
            PlanCommand.class,
            BenchCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 all holds; 1 a property is violated or a trace does not conform; 2 unusable input or usage."
        })
public final class Longitude implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Runs one command and exits with its code. */
    public static void main(String[] args) {
        // TLC leaves a thread behind that is no daemon.
        CommandLine commandLine = commandLine();
        int code = commandLine.execute(args);
        commandLine.getOut().flush();
        System.exit(code);
    }

    /** The command line, for tests. */
    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Longitude());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler((e, args) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("longitude: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
                err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            }
            err.flush();
            return ExitCode.UNUSABLE;
        });
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> {
            PrintWriter err = command.getErr();
            if (e instanceof TraceFormatException) {
                err.println(e.getMessage());
            } else if (Boolean.getBoolean("longitude.stacktrace")) {
                e.printStackTrace(err);
            } else {
                err.println("longitude: " + e + " (LONGITUDE_JAVA_OPTIONS=-Dlongitude.stacktrace=true shows where)");
            }
            err.flush();
            return ExitCode.UNUSABLE;
        });
        return commandLine;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "missing command: check, simulate, validate, matrix, tamper, plan, bench, doctor or worker");
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Longitude.class.getPackage().getImplementationVersion();
            return new String[] {"longitude " + (version == null ? "(not packaged)" : version)};
        }
    }
}
