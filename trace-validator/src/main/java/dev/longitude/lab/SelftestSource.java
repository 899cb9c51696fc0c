package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sources of the kernel's tests of KVM.
 *
 * @param folder tools/testing/selftests/kvm of a kernel's tree
 */
record SelftestSource(Path folder, EmulatedMachine machine) {
    private static final Pattern OPTIONS = Pattern.compile("getopt\\s*\\(\\s*argc\\s*,\\s*argv\\s*,\\s*\"([^\"]*)\"");

    /** The folders of an architecture's tests, as newer and as older kernels name them. */
    private ImmutableList<String> folders() {
        return machine == EmulatedMachine.X86
                ? ImmutableList.of("x86", "x86_64")
                : ImmutableList.of("arm64", "aarch64");
    }

    /**
     * The name under which the tests' Makefile builds a program, if this kernel has it. (Where there is one in the upper
     * folder too, that one is linked with the architecture's.)
     */
    Optional<String> target(String program) {
        return Files.isRegularFile(folder.resolve(program + ".c"))
                ? Optional.of(program)
                : folders().stream()
                        .map(f -> f + "/" + program)
                        .filter(t -> Files.isRegularFile(folder.resolve(t + ".c")))
                        .findFirst();
    }

    /** The letters of the options with a value that a program knows. */
    ImmutableSet<Character> options(String target) throws IOException {
        Matcher matcher = OPTIONS.matcher(Files.readString(folder.resolve(target + ".c"), StandardCharsets.UTF_8));
        ImmutableSet.Builder<Character> letters = ImmutableSet.builder();
        if (matcher.find()) {
            String known = matcher.group(1);
            for (int i = 0; i + 1 < known.length(); i++) {
                if (known.charAt(i + 1) == ':') {
                    letters.add(known.charAt(i));
                }
            }
        }
        return letters.build();
    }
}
