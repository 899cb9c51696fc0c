package dev.longitude.kernel;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A series of patches that texts mention by a short name, and where a reader finds it. */
public enum Series {
    /** Its arm64 part was never merged; others' patches replaced it in 6.4. */
    IDEMPOTENT_CONTROLS(
            "the series",
            // (Of another one its title or what it does follows.)
            "[Tt]he series\\b(?! [\"t])",
            "\"KVM: Add idempotent controls for migrating system counter state\", v1 of June 2021 to v8 of September"
                    + " 2021; the x86 part is in 5.16"),
    /** None of it is in a release. */
    CLOCK_MESS(
            "the clock-mess series",
            "[Tt]he clock-mess series\\b",
            "\"Cleaning up the KVM clock mess\", v6 of July 2026; in no release");

    private final String shortName;
    private final Pattern mention;
    private final String source;

    Series(String shortName, String mention, String source) {
        this.shortName = shortName;
        this.mention = Pattern.compile(mention);
        this.source = source;
    }

    /** Its title, in quotation marks. */
    public String title() {
        return source.substring(0, source.lastIndexOf('"') + 1);
    }

    /** Where a text mentions it first without its title; -1: nowhere. */
    public int firstMentionIn(String text) {
        Matcher found = mention.matcher(text);
        return found.find() ? found.start() : -1;
    }

    /** Title, versions and months of those that a text mentions, each after its short name and a colon. */
    public static ImmutableList<String> sourcesIn(String text) {
        return Arrays.stream(values())
                .filter(s -> s.firstMentionIn(text) >= 0)
                .map(s -> s.shortName + ": " + s.source)
                .collect(ImmutableList.toImmutableList());
    }
}
