package dev.longitude.cli;

import com.google.common.collect.ImmutableMap;
import dev.longitude.check.CheckResult;
import dev.longitude.model.DefinitionPlace;
import dev.longitude.model.ModelCheck;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Location;
import dev.longitude.results.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code check} found of a model, scenario, recipe or recording, as a result. */
final class CheckCase {
    private CheckCase() {}

    static CaseResult of(CheckResult check) throws IOException {
        int space = check.what().indexOf(' ');
        String fault = check.fault();
        CaseResult result = CaseResult.of(
                        check.what().substring(0, space),
                        check.what().substring(space + 1),
                        status(check),
                        check.expected(),
                        fault == null ? "" : fault)
                .took(check.seconds())
                .with(ImmutableMap.of("size", check.size()));
        return fault == null ? result : result.at(places(check.outcome()));
    }

    private static Status status(CheckResult check) {
        return switch (check.status()) {
            case HOLDS -> Status.HOLDS;
            case FAILS -> Status.VIOLATED;
            case UNDECIDED -> Status.UNDECIDED;
        };
    }

    /** The definition of the property that is violated, and the model's configuration. */
    private static Location[] places(ModelCheck.@Nullable Outcome outcome) throws IOException {
        List<Location> places = new ArrayList<>();
        if (outcome != null) {
            ModelCheck.Violation violation = outcome.violation();
            if (violation != null) {
                DefinitionPlace.of(outcome.model().module(), violation.property())
                        .ifPresent(p -> places.add(
                                Location.ofSpecification(p.file(), p.line(), violation.property() + " is violated")));
            }
            places.add(Location.ofSpecification("models/" + outcome.model().name() + ".cfg", 1, "the model"));
        }
        return places.toArray(Location[]::new);
    }
}
