package dev.longitude.matrix;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.Resources;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Claim;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdict on every property of each case.
 *
 * @param judgements in the order of recipes, worlds and kernels
 */
public record Matrix(ImmutableList<Judgement> judgements) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .build();

    /** One cell, as in the files. */
    public record Cell(
            @JsonProperty(required = true) String recipe,
            @JsonProperty(required = true) String world,
            @JsonProperty(required = true) String kernel,
            @JsonProperty(required = true) String property,
            @JsonProperty(required = true) Verdict verdict) {
        /** Which cell it is, as lines of {@link #changesFrom} begin. */
        public String place() {
            return recipe + "@" + world + " " + kernel + " " + property;
        }
    }

    /** All cells. */
    public ImmutableList<Cell> cells() {
        ImmutableList.Builder<Cell> cells = ImmutableList.builder();
        for (Judgement judgement : judgements) {
            judgement.verdicts().forEach((property, verdict) -> cells.add(cell(judgement.of(), property, verdict)));
        }
        return cells.build();
    }

    private static Cell cell(Case of, Property property, Verdict verdict) {
        return new Cell(
                of.recipe().name(), of.world().specName(), of.kernel().specName(), property.specName(), verdict);
    }

    /** As JSON: an array of cells, one a line. */
    public String json() {
        try {
            StringBuilder text = new StringBuilder("[");
            String separator = "\n";
            for (Cell cell : cells()) {
                text.append(separator).append(JSON.writeValueAsString(cell));
                separator = ",\n";
            }
            return text.append("\n]\n").toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads {@link #json()}.
     *
     * @throws JsonProcessingException if the text has another form
     */
    public static ImmutableList<Cell> cells(String json) throws JsonProcessingException {
        return ImmutableList.copyOf(JSON.readValue(json, new TypeReference<List<Cell>>() {}));
    }

    /** The cells of the committed matrix that this program carries. */
    public static ImmutableList<Cell> committed() throws IOException {
        return cells(Resources.toString(Resources.getResource(Matrix.class, "/spec/matrix.json"), UTF_8));
    }

    /** One cell as a row of CSV. */
    @JsonPropertyOrder({"recipe", "world", "kernel", "property", "says", "preemption", "length", "between", "why"})
    private record CsvRow(
            String recipe,
            String world,
            String kernel,
            String property,
            String says,
            @Nullable String preemption,
            @Nullable Integer length,
            @Nullable String between,
            @Nullable String why) {}

    /** As CSV with a header. */
    public String csv() {
        CsvMapper mapper = new CsvMapper();
        CsvSchema schema = mapper.schemaFor(CsvRow.class).withHeader();
        try {
            return mapper.writer(schema)
                    .writeValueAsString(cells().stream()
                            .map(c -> new CsvRow(
                                    c.recipe(),
                                    c.world(),
                                    c.kernel(),
                                    c.property(),
                                    c.verdict().says().toString(),
                                    c.verdict().preemption() == null
                                            ? null
                                            : c.verdict().preemption().toString(),
                                    c.verdict().length(),
                                    c.verdict().between() == null
                                            ? null
                                            : String.join("; ", c.verdict().between()),
                                    c.verdict().why()))
                            .toList());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The differences from an earlier matrix, as lines of text.
     *
     * @param before the earlier cells
     * @param whole whether a cell that is missing here is gone; otherwise it was not requested
     */
    public ImmutableList<String> changesFrom(List<Cell> before, boolean whole) {
        Map<String, Verdict> was = new LinkedHashMap<>();
        before.forEach(c -> was.put(c.place(), c.verdict()));
        List<String> changes = new ArrayList<>();
        for (Cell cell : cells()) {
            Verdict old = was.remove(cell.place());
            if (old == null) {
                changes.add(cell.place() + ": new, " + cell.verdict());
            } else if (!old.equals(cell.verdict())) {
                changes.add(cell.place() + ": was '" + old + "', is '" + cell.verdict() + "'");
            }
        }
        if (whole) {
            was.forEach((place, old) -> changes.add(place + ": gone, was '" + old + "'"));
        }
        return ImmutableList.copyOf(changes);
    }

    /** A claim, and the matrix's verdict on it. */
    public record CheckedClaim(Recipe recipe, Claim claim, String verdict) {}

    /** The matrix's verdicts on the recipes' claims. */
    public ImmutableList<CheckedClaim> claims() {
        ImmutableList.Builder<CheckedClaim> all = ImmutableList.builder();
        judgements.stream().map(j -> j.of().recipe()).distinct().forEach(recipe -> {
            for (Claim claim : recipe.claims()) {
                all.add(new CheckedClaim(recipe, claim, check(recipe, claim)));
            }
        });
        return all.build();
    }

    private String check(Recipe recipe, Claim claim) {
        if (!recipe.unknown().isEmpty()) {
            return "undecided: the recipe lacks what is unknown";
        }
        Map<String, List<String>> kernels = new LinkedHashMap<>();
        Property property = claim.property();
        KernelProfile claimed = claim.kernel() == null
                ? null
                : KernelProfile.of(claim.kernel()).shownOn(recipe.arch()).orElse(null);
        for (Judgement judgement : judgements) {
            Case of = judgement.of();
            if (!of.recipe().equals(recipe)
                    || of.world() != claim.world()
                    || !(claim.kernel() == null || of.kernel().equals(claimed))) {
                continue;
            }
            Verdict verdict = judgement.verdict(property);
            if (verdict.says() != Verdict.Outcome.DOES_NOT_APPLY && verdict.says() != Verdict.Outcome.NOT_MODELLED) {
                kernels.computeIfAbsent(check(claim, verdict), c -> new ArrayList<>())
                        .add(of.kernel().specName());
            }
        }
        if (kernels.isEmpty()) {
            return "not judged";
        }
        if (kernels.size() == 1) {
            return kernels.keySet().iterator().next();
        }
        List<String> parts = new ArrayList<>();
        kernels.forEach((what, on) -> parts.add(what + " on " + String.join(", ", on)));
        return String.join("; ", parts);
    }

    private static String check(Claim claim, Verdict verdict) {
        String what = claim.fails() == verdict.isFailure() ? "confirmed" : "refuted";
        return switch (verdict.says()) {
            case HOLDS_UP_TO_STEPS -> what + ", up to the time that steps take";
            case FAILS_IF_PREEMPTED -> what + ", if preempted within the window";
            case FAILS_IF_PREEMPTED_LONG -> what + ", if preempted beyond the window";
            default -> what;
        };
    }

    /** The cases of one recipe in one world whose verdicts are the same. */
    public record Group(Recipe recipe, String world, ImmutableList<String> kernels, Judgement judgement) {}

    /** The cases, grouped by verdicts, whatever the length. */
    public ImmutableList<Group> groups() {
        Map<List<Object>, List<Judgement>> groups = new LinkedHashMap<>();
        for (Judgement judgement : judgements) {
            ImmutableMap.Builder<Property, Verdict.Outcome> says = ImmutableMap.builder();
            judgement.verdicts().forEach((p, v) -> says.put(p, v.says()));
            groups.computeIfAbsent(
                            List.of(judgement.of().recipe(), judgement.of().world(), says.buildOrThrow()),
                            k -> new ArrayList<>())
                    .add(judgement);
        }
        return groups.values().stream()
                .map(g -> new Group(
                        g.get(0).of().recipe(),
                        g.get(0).of().world().specName(),
                        g.stream().map(j -> j.of().kernel().specName()).collect(ImmutableList.toImmutableList()),
                        g.get(0)))
                .collect(ImmutableList.toImmutableList());
    }
}
