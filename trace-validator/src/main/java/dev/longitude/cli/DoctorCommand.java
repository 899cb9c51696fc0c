package dev.longitude.cli;

import dev.longitude.model.Doctor;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude doctor}: tests what the TLC in use can be trusted with. */
@Command(
        name = "doctor",
        description = {
            "Run the TLC in use on small specifications with a known fault, and report whether it finds the fault:"
                    + " in a process of its own, and in a JVM that runs one after the other, as `check` runs small models.",
            "-Dtla2tools=PATH in LONGITUDE_JAVA_OPTIONS selects another TLC than the bundled one."
        },
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    /**
     * Whether models may run in these JVMs: the TLC in use passes there each check that Longitude needs. The tests show
     * it of the bundled one.
     */
    static boolean trusts(TlcJvms jvms) throws IOException, InterruptedException {
        if (System.getProperty("tla2tools") == null) {
            return true;
        }
        for (Doctor check : Doctor.values()) {
            if (check.isNeeded() && !check.isRight(jvms)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Refuses to use a TLC other than the bundled one that fails a check that Longitude needs.
     *
     * @throws ParameterException if such a TLC is in use
     */
    static void refuseUntrusted(CommandSpec command) throws IOException, InterruptedException {
        String other = System.getProperty("tla2tools");
        if (other == null) {
            return;
        }
        if (!Files.isRegularFile(Path.of(other))) {
            throw new ParameterException(command.commandLine(), "-Dtla2tools=" + other + ": no such file");
        }
        for (Doctor check : Doctor.values()) {
            if (check.isNeeded() && !check.isRight()) {
                throw new ParameterException(
                        command.commandLine(),
                        "-Dtla2tools=" + other + " cannot be trusted; it fails this check: " + check.about()
                                + "; `longitude doctor` shows all checks");
            }
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        Table table = new Table("TLC " + Tlc.version(), "own process", "shared JVM", "Longitude");
        boolean trusted = true;
        boolean shares = true;
        try (TlcJvms jvms = new TlcJvms()) {
            for (Doctor check : Doctor.values()) {
                boolean right = check.isRight();
                boolean rightShared = check.isRight(jvms);
                trusted &= right || !check.isNeeded();
                shares &= rightShared || !check.isNeeded();
                table.row(
                        check.about(),
                        right ? "yes" : "NO",
                        rightShared ? "yes" : "NO",
                        check.isNeeded() ? "needs it" : "does not need it");
            }
        }
        out.print(table);
        if (trusted && !shares) {
            out.println("Each model runs in a process of its own.");
        }
        out.println(
                trusted
                        ? "It can be trusted with what Longitude asks of it."
                        : "It cannot be trusted with what Longitude asks of it.");
        out.flush();
        return trusted ? ExitCode.HOLDS : ExitCode.VIOLATED;
    }
}
