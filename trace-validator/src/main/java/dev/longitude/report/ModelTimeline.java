package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.model.Behaviour;
import dev.longitude.model.ModelCheck;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The timeline of the behaviour that violates a model's property. */
final class ModelTimeline {
    private static final Pattern VCPU = Pattern.compile("\\(vcpu (\\d+|<<\"?\\w+\"?, \\d+>>)");

    private ModelTimeline() {}

    static Timeline of(ModelCheck.Violation violation) {
        List<Behaviour.Step> all = violation.behaviour().steps();
        ImmutableSortedSet<String> vcpus = vcpus(all);
        ImmutableList.Builder<String> lanes = ImmutableList.<String>builder().add("others");
        vcpus.forEach(vcpu -> lanes.add("vCPU " + plain(vcpu)));
        ImmutableList.Builder<Timeline.Step> steps = ImmutableList.builder();
        ImmutableMap<String, String> before = violation.behaviour().first();
        for (int i = 0; i < all.size(); i++) {
            ImmutableMap<String, String> after = violation.behaviour().states().get(i);
            Matcher vcpu = VCPU.matcher(all.get(i).what());
            steps.add(new Timeline.Step(
                    i + 1,
                    all.get(i).what(),
                    vcpu.find() ? 1 + vcpus.asList().indexOf(vcpu.group(1)) : 0,
                    null,
                    i == all.size() - 1 && violation.isOfLastStep() ? Timeline.Role.FAULT : Timeline.Role.PLAIN,
                    ImmutableList.of(),
                    Timeline.Change.between(before, after)));
            before = after;
        }
        return new Timeline(
                violation.property(),
                "step",
                says(violation),
                Mark.FAILS,
                "",
                lanes.build(),
                ImmutableList.of(),
                steps.build(),
                ImmutableList.of(),
                null,
                ImmutableList.of(),
                null,
                violation.behaviour().first(),
                violation.wordBits());
    }

    private static ImmutableList<String> says(ModelCheck.Violation violation) {
        return violation.behaviour().steps().isEmpty()
                ? ImmutableList.of(violation.reason())
                : ImmutableList.of(violation.heading() + ".", violation.reason());
    }

    private static ImmutableSortedSet<String> vcpus(List<Behaviour.Step> steps) {
        TreeSet<String> vcpus = new TreeSet<>();
        for (Behaviour.Step step : steps) {
            VCPU.matcher(step.what()).results().forEach(r -> vcpus.add(r.group(1)));
        }
        return ImmutableSortedSet.copyOf(vcpus);
    }

    /** A pair of a VM and a number, as people write it. */
    private static String plain(String vcpu) {
        return vcpu.replaceAll("[<>\"]", "").replace(", ", " ");
    }
}
