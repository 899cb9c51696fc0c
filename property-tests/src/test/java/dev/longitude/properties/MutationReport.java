package dev.longitude.properties;

import static com.google.common.collect.ImmutableList.toImmutableList;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.yaml.snakeyaml.Yaml;

/**
 * What PIT found, compared with the list of known survivors.
 *
 * @param mutants all, except those that are no valid classes
 */
record MutationReport(ImmutableList<Mutant> mutants) {
    private static final String OURS = "dev.longitude.";
    private static final Pattern LAMBDA = Pattern.compile("lambda\\$(\\w+)\\$\\d+");
    private static final Pattern PLACE = Pattern.compile(" for dev/longitude/\\S+$");
    private static final int LEAST_PERCENT = 90;

    /** What became of a mutant. */
    enum Fate {
        KILLED,
        SURVIVED,
        /** It took too long, or too much memory: on a busy machine that shows nothing. */
        UNDECIDED
    }

    /**
     * A mutant.
     *
     * @param key class and method, what was changed, and which of the method's changes of that kind it is, in the order
     *     of the lines: the same when lines move
     * @param line where it is now
     */
    record Mutant(String key, int line, Fate fate) {
        String room() {
            return key.substring(0, key.indexOf('.'));
        }
    }

    /**
     * Mutants that are known not to be killed.
     *
     * @param endless they never end: on some machines that kills them, on others PIT gives up
     */
    record Known(String reason, boolean endless, ImmutableList<String> keys) {}

    /** Reads PIT's mutations.xml. */
    static MutationReport read(InputStream in) throws IOException {
        NodeList nodes;
        try {
            nodes = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(in)
                    .getElementsByTagName("mutation");
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(e);
        }
        List<Element> all = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            Element mutation = (Element) nodes.item(i);
            if (!mutation.getAttribute("status").equals("NON_VIABLE")) {
                all.add(mutation);
            }
        }
        all.sort(Comparator.comparing((Element m) -> text(m, "mutatedClass"))
                .thenComparing(MutationReport::line)
                .thenComparing(m -> Integer.valueOf(text(m, "index"))));
        Map<String, Integer> counts = new HashMap<>();
        return new MutationReport(all.stream()
                .map(m -> {
                    String what = text(m, "mutatedClass").substring(OURS.length()) + "." + method(m) + ": "
                            + PLACE.matcher(text(m, "description")).replaceFirst("");
                    return new Mutant(
                            what + " #" + counts.merge(what, 1, Integer::sum), line(m), fate(m.getAttribute("status")));
                })
                .collect(toImmutableList()));
    }

    private static Fate fate(String status) {
        return switch (status) {
            case "KILLED" -> Fate.KILLED;
            case "SURVIVED", "NO_COVERAGE" -> Fate.SURVIVED;
            default -> Fate.UNDECIDED;
        };
    }

    /** Changes in a lambda count for the method that has it: javac numbers lambdas anew with each that is added. */
    private static String method(Element mutation) {
        String name = text(mutation, "mutatedMethod");
        Matcher lambda = LAMBDA.matcher(name);
        return lambda.matches() ? requireNonNull(lambda.group(1)) : name;
    }

    private static int line(Element mutation) {
        return Integer.parseInt(text(mutation, "lineNumber"));
    }

    private static String text(Element mutation, String tag) {
        return mutation.getElementsByTagName(tag).item(0).getTextContent();
    }

    /** Several as one. */
    static MutationReport all(List<MutationReport> reports) {
        return new MutationReport(
                reports.stream().flatMap(r -> r.mutants.stream()).collect(toImmutableList()));
    }

    /** Reads the list of known survivors. */
    static ImmutableList<Known> known(Reader in) {
        List<Map<String, Object>> groups = new Yaml().load(in);
        return groups.stream()
                .map(group -> new Known(
                        (String) requireNonNull(group.get("reason")),
                        Boolean.TRUE.equals(group.get("endless")),
                        ((List<?>) requireNonNull(group.get("mutants")))
                                .stream().map(String::valueOf).collect(toImmutableList())))
                .collect(toImmutableList());
    }

    /** What is wrong, a line each: a mutant that is neither killed nor known, and one that is known and is killed. */
    ImmutableList<String> faults(List<Known> known) {
        Set<String> listed = new LinkedHashSet<>();
        Set<String> endless = new LinkedHashSet<>();
        List<String> faults = new ArrayList<>();
        for (Known group : known) {
            for (String key : group.keys) {
                if (!listed.add(key)) {
                    faults.add("listed twice: " + key);
                }
            }
            if (group.endless) {
                endless.addAll(group.keys);
            }
        }
        Set<String> seen = new LinkedHashSet<>();
        for (Mutant mutant : mutants) {
            seen.add(mutant.key);
            boolean isListed = listed.contains(mutant.key);
            if (mutant.fate != Fate.KILLED && !isListed) {
                faults.add((mutant.fate == Fate.SURVIVED ? "survives: " : "does not end: ") + mutant.key + ", now line "
                        + mutant.line);
            } else if (mutant.fate == Fate.KILLED && isListed && !endless.contains(mutant.key)) {
                faults.add("listed, and killed: " + mutant.key);
            }
        }
        for (String key : listed) {
            if (!seen.contains(key) && rooms().contains(new Mutant(key, 0, Fate.SURVIVED).room())) {
                faults.add("listed, and no mutant any more: " + key);
            }
        }
        for (String room : rooms()) {
            if (percent(room) < LEAST_PERCENT) {
                faults.add(room + ": fewer than " + LEAST_PERCENT + " % are killed");
            }
        }
        return ImmutableList.copyOf(faults);
    }

    private ImmutableSet<String> rooms() {
        return mutants.stream().map(Mutant::room).sorted().collect(ImmutableSet.toImmutableSet());
    }

    private double percent(String room) {
        return 100.0
                * count(room, Fate.KILLED)
                / mutants.stream().filter(m -> m.room().equals(room)).count();
    }

    private long count(String room, Fate fate) {
        return mutants.stream()
                .filter(m -> m.room().equals(room) && m.fate == fate)
                .count();
    }

    /** A row for each package. */
    String table() {
        StringBuilder table = new StringBuilder("package      mutants  killed       survive  do not end\n");
        for (String room : rooms()) {
            long killed = count(room, Fate.KILLED);
            long survive = count(room, Fate.SURVIVED);
            long undecided = count(room, Fate.UNDECIDED);
            table.append(String.format(
                    Locale.ROOT,
                    "%-12s %7d %7d %4.1f %% %8d %10d%n",
                    room,
                    killed + survive + undecided,
                    killed,
                    percent(room),
                    survive,
                    undecided));
        }
        return table.toString();
    }
}
