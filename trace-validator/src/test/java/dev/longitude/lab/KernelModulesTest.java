package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A module comes after those that it needs; what is not there is built into the kernel. */
class KernelModulesTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private void module(String file, String needs) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(folder.resolve("kernel/kvm"));
        Files.write(path, ("ELF\0license=GPL\0depends=" + needs + "\0name=x\0").getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void theNeededOnesComeFirst() throws IOException, LabException, InterruptedException {
        module("kernel/kvm/kvm-amd.ko", "kvm,ccp");
        module("kernel/kvm/kvm.ko", "irqbypass");
        module("kernel/irqbypass.ko", "");
        module("kernel/unwanted.ko", "kvm");
        assertThat(new KernelModules(folder).withDependencies("kvm-amd").keySet())
                .containsExactly("irqbypass", "kvm", "kvm_amd");
    }

    @Test
    void aKernelWithKvmBuiltInNeedsNone() throws IOException, LabException, InterruptedException {
        assertThat(new KernelModules(folder).withDependencies("kvm")).isEmpty();
        assertThat(KernelModules.dependencies(new byte[] {1, 2})).isEmpty();
    }
}
