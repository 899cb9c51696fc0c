package dev.longitude.tamper;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.replay.TlcReplay;
import dev.longitude.tamper.TamperTable.Fate;
import dev.longitude.tamper.TamperTable.JudgedMutant;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/**
 * Stock TLC's verdicts on the tampered traces that the validator accepted: one that TLC accepts too is another valid
 * behaviour.
 *
 * @param behaviours how many it accepts
 * @param wrong those that it refuses
 */
public record Confirmation(int behaviours, ImmutableList<JudgedMutant> wrong) {
    /** Lets TLC judge the accepted ones. */
    public static Confirmation of(List<JudgedMutant> judged) throws IOException, InterruptedException {
        int behaviours = 0;
        ImmutableList.Builder<JudgedMutant> wrong = ImmutableList.builder();
        for (Arch arch : Arch.values()) {
            List<JudgedMutant> accepted = judged.stream()
                    .filter(j -> j.fate() == Fate.ACCEPTED
                            && j.mutant().trace().header().arch() == arch)
                    .toList();
            List<OptionalInt> refused = TlcReplay.firstRefused(
                    accepted.stream().map(j -> j.witness().orElseThrow()).toList());
            for (int i = 0; i < accepted.size(); i++) {
                if (refused.get(i).isPresent()) {
                    wrong.add(accepted.get(i));
                } else {
                    behaviours++;
                }
            }
        }
        return new Confirmation(behaviours, wrong.build());
    }
}
