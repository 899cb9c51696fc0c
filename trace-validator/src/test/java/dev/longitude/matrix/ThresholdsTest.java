package dev.longitude.matrix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.model.Tlc;
import dev.longitude.recipe.Recipe;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tla2sany.drivers.SANY;
import tla2sany.modanalyzer.SpecObj;
import tla2sany.semantic.ModuleNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.st.Location;
import tlc2.TLC;
import util.SimpleFilenameToStream;

/**
 * The bounds of the worlds do not hide one side of a comparison: each comparison by size that KVM makes, with the window,
 * a tolerance or a limit, has both outcomes in some case. The comparisons are found in the specification's text, and each
 * is wrapped so that it prints its outcomes.
 */
class ThresholdsTest {
    private static final ImmutableSet<String> COMPARISONS = ImmutableSet.of("<", ">", "\\leq", "\\geq", "Less");
    private static final ImmutableList<String> MODULES = ImmutableList.of("KvmX86", "Rates");

    /** Comparisons that no recipe decides, and outcomes that none can show, each with the reason. */
    private static final ImmutableMap<String, String> NOT_REACHED = ImmutableMap.<String, String>builder()
            .put("KvmX86 TooFast: khz >= MaxGuestTscKhz(tscFracBits, tscKhz) TRUE", "no host of a world is so slow")
            .put("Rates Ratio: ratio < Modulus FALSE", "... nor so fast")
            .put("KvmX86 FlagsAccepted: flags < 16 FALSE", "a recipe's flags have four bits")
            .put("KvmX86 KvmclockNs: v <= w FALSE", "it chooses the first vCPU, and TLC looks at that one first")
            .put("KvmX86 WritePvclockPage", "no VMM of a recipe writes a page")
            .put("KvmX86 TimerFires", "no timer of a recipe fires")
            .put("KvmX86 TypeOK", "models check it, recipes do not")
            .buildOrThrow();

    private static boolean isOutOfReach(Site site, String outcome) {
        return NOT_REACHED.containsKey(site + " " + outcome)
                || NOT_REACHED.containsKey(site.module() + " " + site.operator());
    }

    /** A comparison. */
    private record Site(String module, String operator, Location at, String text) {
        @Override
        public String toString() {
            return module + " " + operator + ": " + text;
        }
    }

    @Test
    void eachComparisonHasBothOutcomesInSomeCase(@TempDir Path folder) throws Exception {
        List<Case> cases = new ArrayList<>();
        for (String name : List.of("firecracker", "hyperlight", "qemu-stop-cont-realtime")) {
            Recipe recipe = Recipes.find(name);
            recipe.worlds().forEach(world -> cases.add(new Case(recipe, world, KernelProfile.of("corrected"))));
        }
        assertThat(cases).allMatch(c -> c.recipe().arch() == Arch.X86);
        MigrationModel.Text model = new MigrationModel(ImmutableList.copyOf(cases), 1).judging();
        for (Map.Entry<String, String> module : Tlc.modulesOf(model.module()).entrySet()) {
            Files.writeString(folder.resolve(module.getKey() + ".tla"), module.getValue());
        }
        Files.writeString(folder.resolve("RecipeModel.tla"), model.module());
        Files.writeString(folder.resolve("RecipeModel.cfg"), model.config());
        List<Site> sites = sites(folder);
        wrap(sites, folder);

        Set<String> seen = outcomes(folder);
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < sites.size(); i++) {
            for (String outcome : List.of("TRUE", "FALSE")) {
                boolean reached = seen.contains(i + " " + outcome);
                if (reached == isOutOfReach(sites.get(i), outcome)) {
                    missing.add(sites.get(i) + " " + outcome
                            + (reached ? ": said to be out of reach, but it is reached" : ""));
                }
            }
        }
        assertThat(sites).as("found in the text").hasSizeGreaterThan(10);
        assertThat(missing).as("outcomes that no case has").isEmpty();
    }

    private static List<Site> sites(Path folder) throws Exception {
        SpecObj spec =
                new SpecObj(folder.resolve("RecipeModel").toString(), new SimpleFilenameToStream(folder.toString()));
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
        SANY.frontEndInitialize(spec, nowhere);
        SANY.frontEndParse(spec, nowhere);
        SANY.frontEndSemanticAnalysis(spec, nowhere, false);
        List<Site> sites = new ArrayList<>();
        for (String name : MODULES) {
            List<String> lines = Files.readAllLines(folder.resolve(name + ".tla"));
            ModuleNode module =
                    requireNonNull(spec.getExternalModuleTable().getModuleNode(util.UniqueString.uniqueStringOf(name)));
            for (OpDefNode definition : module.getOpDefs()) {
                if (definition.getOriginallyDefinedInModuleNode().equals(module)) {
                    collect(name, definition.getName().toString(), definition.getBody(), lines, sites);
                }
            }
        }
        return sites;
    }

    private static void collect(
            String module, String operator, SemanticNode node, List<String> lines, List<Site> sites) {
        if (node instanceof OpApplNode applied
                && COMPARISONS.contains(applied.getOperator().getName().toString())) {
            Location at = applied.getLocation();
            // One on several lines would have to be wrapped otherwise; there is none.
            assertThat(at.beginLine()).isEqualTo(at.endLine());
            sites.add(new Site(
                    module,
                    operator,
                    at,
                    lines.get(at.beginLine() - 1).substring(at.beginColumn() - 1, at.endColumn())));
            return;
        }
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                collect(module, operator, child, lines, sites);
            }
        }
    }

    /** Wraps each comparison, from the last one of a line to the first. */
    private static void wrap(List<Site> sites, Path folder) throws Exception {
        for (String name : MODULES) {
            Path file = folder.resolve(name + ".tla");
            List<String> lines = new ArrayList<>(Files.readAllLines(file));
            sites.stream()
                    .filter(s -> s.module().equals(name))
                    .sorted(Comparator.<Site>comparingInt(s -> s.at().beginColumn())
                            .reversed())
                    .forEach(site -> {
                        String line = lines.get(site.at().beginLine() - 1);
                        lines.set(
                                site.at().beginLine() - 1,
                                line.substring(0, site.at().beginColumn() - 1) + "Seen(" + sites.indexOf(site) + ", "
                                        + site.text() + ")"
                                        + line.substring(site.at().endColumn()));
                    });
            Files.write(file, lines);
        }
        Path words = folder.resolve("Words.tla");
        String text = Files.readString(words)
                .replace("EXTENDS Naturals", "EXTENDS Naturals, TLC")
                .replaceFirst("={10,}\\s*$", Matcher.quoteReplacement("""
                        Seen(site, outcome) ==
                          LET place == 1000000 + 2 * site + (IF outcome THEN 1 ELSE 0)
                          IN IF TLCGet(place) THEN outcome
                             ELSE TLCSet(place, TRUE) /\\ PrintT(<<"seen", site, outcome>>) /\\ outcome
                        ==================
                        """));
        Files.writeString(words, text);
        Path model = folder.resolve("RecipeModel.tla");
        Files.writeString(
                model,
                Files.readString(model)
                        .replaceFirst(
                                "ASSUME",
                                "ASSUME \\\\A p \\\\in 1000000 .. " + (1_000_000 + 2 * sites.size())
                                        + " : TLCSet(p, FALSE)\nASSUME"));
    }

    private static Set<String> outcomes(Path folder) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-cp",
                        Path.of(TLC.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .toURI())
                                .toString(),
                        "tlc2.TLC",
                        "-workers",
                        "1",
                        "RecipeModel")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        List<String> lines = process.inputReader(UTF_8).lines().toList();
        assertThat(process.waitFor())
                .as(lines.stream().filter(l -> !l.startsWith("<<")).collect(joining("\n")))
                .isZero();
        Set<String> seen = new TreeSet<>();
        Pattern line = Pattern.compile("<<\"seen\", (\\d+), (TRUE|FALSE)>>");
        lines.forEach(l -> {
            Matcher found = line.matcher(l);
            if (found.matches()) {
                seen.add(found.group(1) + " " + found.group(2));
            }
        });
        return seen;
    }
}
