package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ListMultimap;
import com.google.common.collect.MultimapBuilder;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Scenario;
import dev.longitude.spec.Specification;
import dev.longitude.spec.StepList;
import dev.longitude.trace.Operation;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.RecordingCheck;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The traces of the reference implementation and the bundled recordings, with the verdicts that they must get. */
final class Replays {
    private static final int VCPUS = 3;

    /** Recordings of vCPUs in threads of their own: the order of their events is searched for, for half a minute. */
    private static final String SEARCHED = "-threads/";

    /** The two kinds. */
    enum Kind {
        /** All of them take less than a second. */
        SCENARIOS,
        /** A few take most of some five seconds. */
        RECORDINGS
    }

    /** One of them. */
    private interface Replay {
        /** Its name. */
        String name();

        /** What is wrong with the verdict, in one line; empty if nothing is. */
        Optional<String> fault() throws IOException;
    }

    private record OfScenario(String name, Trace trace) implements Replay {
        @Override
        public Optional<String> fault() {
            Verdict verdict = Verdict.of(name, trace);
            return verdict.conforms() ? Optional.empty() : Optional.of(verdict.name());
        }
    }

    private record OfRecording(BundledRecording recording, Path log) implements Replay {
        @Override
        public String name() {
            return "recording " + recording.file();
        }

        @Override
        public Optional<String> fault() throws IOException {
            try {
                return Optional.ofNullable(RecordingCheck.of(recording, log).fault())
                        .flatMap(fault -> fault.lines().findFirst());
            } catch (TraceFormatException e) {
                throw new IllegalArgumentException(e);
            }
        }
    }

    private final ListMultimap<Arch, Replay> scenarios =
            MultimapBuilder.enumKeys(Arch.class).arrayListValues().build();
    private final ListMultimap<Arch, Replay> recordings =
            MultimapBuilder.enumKeys(Arch.class).arrayListValues().build();

    /** Plays the scenarios and unpacks the recordings. */
    Replays() throws IOException {
        for (Arch arch : Arch.values()) {
            for (KernelProfile kernel : kernels(arch)) {
                for (Scenario scenario : Scenario.all()) {
                    if (scenario.arch() == arch) {
                        scenarios.put(
                                arch,
                                new OfScenario(
                                        "scenario " + scenario.commandName() + " " + kernel,
                                        scenario.play(kernel, VCPUS, 1)));
                    }
                }
            }
        }
        Path folder = Files.createTempDirectory("longitude-replays");
        folder.toFile().deleteOnExit();
        for (BundledRecording recording : BundledRecording.all()) {
            if (!recording.file().contains(SEARCHED)) {
                recordings.put(
                        recording.file().startsWith("aarch64") ? Arch.ARM64 : Arch.X86,
                        new OfRecording(recording, recording.unpack(folder)));
            }
        }
    }

    /** The kernels of the tables, the newest release first. */
    private static List<KernelProfile> kernels(Arch arch) {
        List<KernelProfile> all = new ArrayList<>(KernelProfile.showing(arch));
        KernelProfile first = KernelProfile.of("v6.12");
        if (all.remove(first)) {
            all.add(0, first);
        }
        return all;
    }

    /**
     * The first of them that gets another verdict on the specification that is loaded.
     *
     * @param table whether the switches of each kernel are compared with those of the reference implementation first
     * @return its name, a colon and what is wrong; empty if there is none
     */
    Optional<String> difference(Kind kind, ImmutableSet<Arch> archs, boolean table) throws IOException {
        if (table) {
            Optional<String> other = switches();
            if (other.isPresent()) {
                return other;
            }
        }
        for (Arch arch : archs) {
            ImmutableList<Operation> missing = StepList.missing(arch);
            if (!missing.isEmpty()) {
                return Optional.of("steps " + arch + ": Step does not have " + missing);
            }
            for (Replay replay : (kind == Kind.SCENARIOS ? scenarios : recordings).get(arch)) {
                Optional<String> fault;
                try {
                    fault = replay.fault();
                } catch (RuntimeException | StackOverflowError e) {
                    fault = Optional.of("it cannot be evaluated: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
                }
                if (fault.isPresent()) {
                    return Optional.of(replay.name() + ": " + fault.get());
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> switches() {
        Specification specification = Specification.of(Arch.X86);
        for (KernelProfile kernel : KernelProfile.known()) {
            try {
                if (!specification
                        .switches(kernel)
                        .equals(Arrays.stream(Switch.values())
                                .collect(Collectors.toMap(Switch::specName, kernel::has)))) {
                    return Optional.of("kernels " + kernel + ": its switches are others than in Java");
                }
            } catch (RuntimeException e) {
                return Optional.of("kernels " + kernel + ": its switches cannot be evaluated");
            }
        }
        return Optional.empty();
    }
}
