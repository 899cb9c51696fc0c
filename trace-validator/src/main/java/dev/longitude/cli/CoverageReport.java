package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Judge;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Element;
import dev.longitude.mutate.Reached;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code check --coverage}: what no model that must hold reaches. */
final class CoverageReport {
    /** Coverage doubles TLC's time. */
    private static final Duration LIMIT = Duration.ofMinutes(20);

    private CoverageReport() {}

    /**
     * Measures, compares with the list of what is reached elsewhere, and reports.
     *
     * @param list {@code spec/reached-elsewhere.yaml}
     * @return the exit code
     */
    static int run(Path list, ResultOptions results, PrintWriter err) throws IOException, InterruptedException {
        Path cache = Judge.cache();
        int models = Reached.models().size();
        Progress progress = new Progress(err, results.showsProgress(), models, models);
        ImmutableList<Reached> all;
        try (TlcJvms jvms = new TlcJvms(LIMIT)) {
            all = Reached.all(
                    jvms,
                    cache == null ? null : cache.resolveSibling("coverage"),
                    model -> progress.step(model, "measured", 1));
        } finally {
            progress.finish();
        }
        Map<String, String> elsewhere = new TreeMap<>();
        Reached.elsewhere(list).forEach(e -> elsewhere.put(e.element(), e.where()));
        table(all, elsewhere, results);
        for (Reached each : all) {
            String name = each.element().toString();
            String where = elsewhere.remove(name);
            boolean reached = !each.holding().isEmpty();
            boolean fault = each.known()
                    && (reached == (where != null)
                            || (where != null && each.fault(where).isPresent()));
            String message = message(each, where, list);
            if (fault) {
                results.faults().println(name + ": " + message);
            }
            results.add(
                    CaseResult.of("coverage", name, fault ? Status.VIOLATED : status(each, where), "reached", message));
        }
        elsewhere.forEach((name, where) -> {
            results.faults().println(name + ": " + list.getFileName() + " lists it, but there is no such element");
            results.add(CaseResult.of("coverage", name, Status.VIOLATED, "reached", "there is no such element"));
        });
        return results.finish(new Summary("element", "elements", "reached", "not reached"));
    }

    /** What is not known, or what the list only has words for, may be reached or not. */
    private static Status status(Reached each, @Nullable String where) {
        if (!each.holding().isEmpty()) {
            return Status.HOLDS;
        }
        return each.known() && where != null && Reached.isChecked(where) ? Status.DOES_NOT_APPLY : Status.UNDECIDED;
    }

    private static String message(Reached each, @Nullable String where, Path list) {
        if (!each.known()) {
            return "TLC's coverage does not show it, and a run with a probe came to no end";
        }
        if (!each.holding().isEmpty()) {
            return where == null
                    ? ""
                    : list.getFileName() + " lists it, but " + each.holding().get(0) + " reaches it";
        }
        return where == null
                ? "no model that must hold reaches it" + failing(each)
                : each.fault(where).orElse(where);
    }

    private static String failing(Reached each) {
        return each.failing().isEmpty()
                ? each.trace() == null ? "" : "; " + each.trace() + " does"
                : "; " + each.failing().get(0) + " does, which must fail";
    }

    private static void table(List<Reached> all, Map<String, String> elsewhere, ResultOptions results) {
        Table table = new Table("module", "kind", "elements", "reached", "listed", "not known", "not reached");
        for (String module :
                all.stream().map(r -> r.element().module()).distinct().toList()) {
            for (Element.Kind kind : Element.Kind.values()) {
                List<Reached> of = all.stream()
                        .filter(r -> r.element().module().equals(module)
                                && r.element().kind() == kind)
                        .toList();
                List<Reached> hidden = of.stream().filter(r -> !r.known()).toList();
                List<Reached> open = of.stream()
                        .filter(r -> r.known() && r.holding().isEmpty())
                        .toList();
                List<Reached> listed = open.stream()
                        .filter(r -> elsewhere.containsKey(r.element().toString()))
                        .toList();
                table.row(
                        module,
                        kind.toString(),
                        Integer.toString(of.size()),
                        Integer.toString(of.size() - open.size() - hidden.size()),
                        Integer.toString(listed.size()),
                        Integer.toString(hidden.size()),
                        Integer.toString(open.size() - listed.size()));
            }
        }
        results.text().print(table);
    }
}
