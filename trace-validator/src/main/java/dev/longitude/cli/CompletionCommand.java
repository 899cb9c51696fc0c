package dev.longitude.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code longitude completion}: a script that completes commands, options and their values. */
@Command(
        name = "completion",
        description = "Print a script for bash and zsh that completes the commands and options of longitude.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  source <(longitude completion)",
            "  longitude completion > ~/.local/share/bash-completion/completions/longitude"
        })
final class CompletionCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine()
                .getOut()
                .print(AutoComplete.bash("longitude", spec.root().commandLine()));
        spec.commandLine().getOut().flush();
    }
}
