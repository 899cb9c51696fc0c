package dev.longitude.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude plan}: the offsets to set on the destination of a migration. */
@Command(
        name = "plan",
        description = "Compute the offsets to set on the destination of a migration.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "WHAT",
        subcommands = {PlanTscCommand.class, PlanCounterCommand.class})
final class PlanCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing what to plan: tsc (x86) or counter (arm64)");
    }
}
