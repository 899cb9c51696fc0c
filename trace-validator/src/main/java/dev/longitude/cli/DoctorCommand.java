package dev.longitude.cli;

import dev.longitude.model.Doctor;
import dev.longitude.model.SelectedTlc;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** {@code longitude doctor}: tests what the TLC in use can be trusted with. */
@Command(
        name = "doctor",
        description = {
            "Run the TLC in use on small specifications with a known fault, and report whether it finds the fault:"
                    + " in a process of its own, and in a JVM that runs one after the other, as `check` runs small models.",
            "-Dtla2tools=PATH in LONGITUDE_JAVA_OPTIONS selects another TLC than the bundled one: an absolute path of its"
                    + " jar, or several, as in a class path."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 this TLC can be trusted with what Longitude asks of it; 1 it cannot; 2 usage, or output that"
                    + " cannot be written."
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private ResultOptions results = new ResultOptions();

    /**
     * Whether models may run in these JVMs: the TLC in use passes there each check that Longitude needs. The tests show
     * it of the bundled one.
     */
    static boolean trusts(TlcJvms jvms) throws IOException, InterruptedException {
        if (SelectedTlc.isBundled()) {
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
        if (SelectedTlc.isBundled()) {
            return;
        }
        for (Doctor check : Doctor.values()) {
            if (check.isNeeded() && !check.isRight()) {
                throw new ParameterException(
                        command.commandLine(),
                        "-Dtla2tools=" + SelectedTlc.version() + " cannot be trusted; it fails this check: "
                                + check.about() + "; `longitude doctor` shows all checks");
            }
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        results.check();
        Table table = new Table("TLC " + Tlc.version(), "own process", "shared JVM", "Longitude");
        boolean trusted = true;
        boolean shares = true;
        try (TlcJvms jvms = new TlcJvms()) {
            for (Doctor check : Doctor.values()) {
                boolean right = check.isRight();
                boolean rightShared = check.isRight(jvms);
                trusted &= right || !check.isNeeded();
                shares &= rightShared || !check.isNeeded();
                if (!(results.isQuiet() && ((right && rightShared) || !check.isNeeded()))) {
                    table.row(
                            check.about(),
                            right ? "yes" : "NO",
                            rightShared ? "yes" : "NO",
                            check.isNeeded() ? "needs it" : "does not need it");
                }
                results.add(result("own process", check, right, check.isNeeded()));
                // (Where one fails, Longitude shares no JVM.)
                results.add(result("shared JVM", check, rightShared, false));
            }
        }
        (trusted && shares ? results.text() : results.faults()).print(table);
        results.text().println("TLCGet(\"level\") is " + SelectedTlc.firstLevel() + " in an initial state.");
        SelectedTlc.notices().forEach(results.text()::println);
        if (trusted && !shares) {
            results.text().println("Each model runs in a process of its own.");
        }
        (trusted ? results.text() : results.faults())
                .println(
                        trusted
                                ? "It can be trusted with what Longitude asks of it."
                                : "It cannot be trusted with what Longitude asks of it.");
        return results.finish(
                new Summary("check", "checks", "pass", "fail"), trusted ? ExitCode.HOLDS : ExitCode.VIOLATED);
    }

    /** A check that fails, but which Longitude does not need, is no fault. */
    private static CaseResult result(String suite, Doctor check, boolean right, boolean needed) {
        return CaseResult.of(
                suite,
                check.about(),
                right ? Status.HOLDS : needed ? Status.VIOLATED : Status.DOES_NOT_APPLY,
                check.about(),
                right ? "" : needed ? "TLC fails it" : "TLC fails it; Longitude does not need it");
    }
}
