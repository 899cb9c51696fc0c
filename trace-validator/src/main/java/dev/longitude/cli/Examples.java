package dev.longitude.cli;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableListMultimap;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The examples and exit codes in {@code --help}, for each command that has none of its own. */
final class Examples {
    private static final ImmutableListMultimap<String, String> OF = ImmutableListMultimap.<String, String>builder()
            .put("longitude", "longitude check --recipe firecracker --kernel v6.12 --world usual")
            .put("longitude check", "longitude check --model young-guest-v6.1 --show")
            .put("longitude check", "longitude check --recipe mine.yaml --kernel v6.12 --sarif mine.sarif")
            .put("longitude simulate", "longitude simulate young-guest --kernel v6.12 --out young.ndjson")
            .put("longitude validate", "longitude validate young.ndjson --kernel v6.1")
            .put("longitude validate", "longitude validate --quiet --junit results.xml recordings/*.jsonl")
            .put("longitude record", "longitude record --out run1 -- qemu-system-x86_64 -accel kvm -S")
            .put("longitude probe", "longitude probe --seed 7 --junit results.xml")
            .put("longitude lab", "longitude lab --kernel 6.12")
            .put("longitude lab", "longitude lab --kernel 6.1 --arch aarch64 --sequence by-value,late-vcpu")
            .put("longitude lab", "longitude lab --kernel 6.12 --vmm qemu")
            .put("longitude lab", "longitude lab --kernel 6.12 --vmm linux --vcpus 4")
            .put("longitude lab", "longitude lab --kernel 6.12 --vmm selftests")
            .put("longitude recipe", "longitude recipe source/log.jsonl destination/log.jsonl -o mine.yaml")
            .put("longitude audit", "longitude audit log.jsonl --sarif audit.sarif")
            .put("longitude matrix", "longitude matrix --recipe firecracker --kernel v6.12 --property SameLine")
            .put("longitude advise", "longitude advise dragonball --property TimerOnTime")
            .put("longitude gallery", "longitude gallery G10")
            .put("longitude tamper", "longitude tamper --json")
            .put("longitude mutate", "longitude mutate --module KvmX86 --operator SetClock")
            .put("longitude mutate", "longitude mutate --sample 20 --seed 1")
            .put("longitude doctor", "longitude doctor")
            .put("longitude worker", "longitude worker 192.0.2.1 --port 10997")
            .put("longitude plan", "longitude plan tsc --input values.json")
            .put("longitude plan tsc", "longitude plan tsc --input values.json --json")
            .put("longitude plan counter", "longitude plan counter --input values.json")
            .put("longitude bench", "longitude bench counter-read")
            .put("longitude bench counter-read", "longitude bench counter-read --csv read.csv")
            .put("longitude bench validate", "longitude bench validate")
            .build();

    private Examples() {}

    /** All of them. */
    static ImmutableCollection<String> all() {
        return OF.values();
    }

    /** Adds them to a command and to those below it. */
    static void addTo(CommandLine command) {
        UsageMessageSpec usage = command.getCommandSpec().usageMessage();
        List<String> footer = new ArrayList<>(List.of(usage.footer()));
        List<String> examples = OF.get(command.getCommandSpec().qualifiedName());
        if (footer.stream().noneMatch(line -> line.startsWith("Exit codes:"))) {
            footer.add("");
            footer.add(
                    command.getSubcommands().isEmpty()
                            ? ExitCode.MEANING_WITHOUT_VERDICT
                            : "Exit codes: as the --help of each command says.");
        }
        if (!examples.isEmpty() && footer.stream().noneMatch(line -> line.startsWith("Example"))) {
            footer.add("");
            footer.add(examples.size() == 1 ? "Example:" : "Examples:");
            examples.forEach(e -> footer.add("  " + e));
        }
        usage.footer(footer.toArray(String[]::new));
        command.getSubcommands().values().stream()
                .filter(sub -> !(sub.getCommand() instanceof HelpCommand))
                .forEach(Examples::addTo);
    }
}
