package tlc2.overrides;

import dev.longitude.data.TraceData;
import dev.longitude.evaluator.Compared;
import dev.longitude.evaluator.Words64;

/**
 * Registers the Java twins of operators of Words64.tla and Replay.tla, and the operator that compares mutants. TLC looks for
 * a class of exactly this name.
 */
public final class TLCOverrides implements ITLCOverrides {
    @Override
    @SuppressWarnings("rawtypes") // TLC's own signature
    public Class[] get() {
        return new Class[] {Words64.class, TraceData.class, Compared.class};
    }
}
