package dev.longitude.recording;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.TraceFormatException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The register of a KVM_GET_ONE_REG or KVM_SET_ONE_REG.
 *
 * @param timer one of the timers' registers; null: another one, or unknown
 * @param known whether the record shows which register it is
 */
record Arm64Register(KvmAbi.@Nullable ArmRegister timer, boolean known) {
    /**
     * Reads {@code id} and {@code reg} of a record.
     *
     * @throws TraceFormatException if they name two registers of the timers
     */
    static Arm64Register of(String source, IoctlRecord record) throws TraceFormatException {
        Payload args = record.args();
        Arm64Register byName = args.has("reg") ? named(args, "reg") : null;
        Arm64Register byId = null;
        if (args.has("id")) {
            if (args.isName("id")) {
                byId = named(args, "id");
            } else {
                long id = Objects.requireNonNull(args.word("id"));
                KvmAbi.ArmRegister timer = KvmAbi.ArmRegister.of(id).orElse(null);
                byId = new Arm64Register(timer, timer != null || !KvmAbi.ArmRegister.mayBeOfATimer(id));
            }
        }
        if (byName != null && byId != null && byName.timer() != byId.timer()) {
            throw record.fault(source, "expected one register: \"id\" and \"reg\" name two");
        }
        Arm64Register said = byId != null ? byId : byName;
        return said == null ? new Arm64Register(null, false) : said;
    }

    private static Arm64Register named(Payload args, String key) throws TraceFormatException {
        KvmAbi.ArmRegister timer =
                KvmAbi.ArmRegister.named(Objects.requireNonNull(args.text(key))).orElse(null);
        return new Arm64Register(timer, timer != null);
    }
}
