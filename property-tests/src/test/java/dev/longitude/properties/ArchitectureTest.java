package dev.longitude.properties;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;

/** The arrows of the design: validator -> trace format and kernel profiles only; nobody -> command line. */
@AnalyzeClasses(packages = "dev.longitude", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule theTraceFormatKnowsOnlyKernels = classes()
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
    static final ArchRule theReferenceImplementationKnowsNoTla = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.longitude.x86..",
                    "dev.longitude.arm64..",
                    "dev.longitude.scenario..",
                    "dev.longitude.recipe..",
                    "dev.longitude.kernel..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "tlc2..",
                    "tla2sany..",
                    "dev.longitude.validator..",
                    "dev.longitude.model..",
                    "dev.longitude.matrix..");

    @ArchTest
    static final ArchRule theValidatorDoesNotKnowTheReferenceImplementation = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.longitude.validator..", "dev.longitude.recording..", "dev.longitude.model..", "tlc2..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.longitude.x86..", "dev.longitude.scenario..");

    @ArchTest
    static final ArchRule nobodyKnowsTheCommandLine = noClasses()
            .that()
            .resideOutsideOfPackage("dev.longitude.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.longitude.cli..");

    @ArchTest
    static final ArchRule packagesHaveNoCycles = SlicesRuleDefinition.slices()
            .matching("dev.longitude.(*)..")
            .should()
            .beFreeOfCycles();
}
