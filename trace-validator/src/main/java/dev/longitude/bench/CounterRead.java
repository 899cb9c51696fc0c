package dev.longitude.bench;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.kernel.KernelProfile;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * The benchmark of the series (v2, patch 12): a guest reads its physical counter, first natively (its physical offset
 * is 0) and then trapped and emulated (its physical offset is 1), under both modes of the host.
 *
 * <p>One read takes far less than a clock's resolution, so one sample is many reads.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CounterRead {
    private static final int READS = 1_000;
    private static final int WARMUPS = 100;

    /** Whether the host runs at EL2. */
    @Param({"false", "true"})
    public boolean vhe;

    /** Whether the guest has a physical offset, so that its reads trap. */
    @Param({"false", "true"})
    public boolean trapped;

    private @Nullable Arm64Vcpu vcpu;

    /**
     * The figures of one way of reading.
     *
     * @param averageNs the mean of the samples, for one read; the other two are their standard deviation and 95th
     *     percentile
     */
    public record Figures(boolean vhe, boolean trapped, double averageNs, double deviationNs, double percentile95Ns) {}

    /** Puts a vCPU into the guest. */
    @Setup
    public void enterGuest() {
        Arm64Host host = new Arm64Host(KernelProfile.of("series-v2"), vhe, false, 1, 1_000_000_000_000L, null);
        Arm64Vcpu one = host.createVm(0).createVcpu(0);
        one.setPtimerOffset(trapped ? 1 : 0);
        one.load(0);
        one.enterGuest();
        vcpu = one;
    }

    /** One read of CNTPCT_EL0. */
    @Benchmark
    public long read() {
        return requireNonNull(vcpu).readCntpct();
    }

    /**
     * Measures all four ways, each in a JVM of its own.
     * @param samples how many samples of each
     * @throws RunnerException if JMH cannot run
     */
    public static ImmutableList<Figures> measure(int samples) throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(CounterRead.class.getName().replace(".", "\\.") + "\\.read")
                        .forks(1)
                        .jvmArgs("-XX:+UseSerialGC")
                        .warmupIterations(WARMUPS)
                        .warmupBatchSize(READS)
                        .measurementIterations(samples)
                        .measurementBatchSize(READS)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();
        return results.stream().map(CounterRead::figures).collect(ImmutableList.toImmutableList());
    }

    private static Figures figures(RunResult result) {
        Statistics samples = result.getPrimaryResult().getStatistics();
        return new Figures(
                Boolean.parseBoolean(result.getParams().getParam("vhe")),
                Boolean.parseBoolean(result.getParams().getParam("trapped")),
                samples.getMean() / READS,
                samples.getStandardDeviation() / READS,
                samples.getPercentile(95) / READS);
    }
}
