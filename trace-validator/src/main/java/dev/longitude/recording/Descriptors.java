package dev.longitude.recording;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the file descriptors of a VMM stand for: a VM, a vCPU, or something else. The calls that create them show it, and
 * so does the path that a tool prints behind the number.
 *
 * <p>Descriptors belong to a process, and a tool shows threads. A thread that gets a descriptor that it got before has
 * closed it; if another thread gets it, the two may belong to two processes, and from then on nothing is known of it.
 */
final class Descriptors {
    private static final String VM = "anon_inode:kvm-vm";
    private static final Pattern VCPU = Pattern.compile("anon_inode:kvm-vcpu:(\\d{1,9})");
    private static final String OTHER = "anon_inode:kvm-";
    private static final String KVM = "/dev/kvm";

    /**
     * What a descriptor stands for.
     *
     * @param by the thread that created it; null: unknown
     * @param known whether it stands for that only
     */
    private record Opened(
            ShownCalls.Target target, @Nullable String by, boolean known) {}

    private final Map<Long, Opened> opened = new HashMap<>();
    private int vms;

    /**
     * What a call on a descriptor is for; empty if it is for a device, whose ioctls are not KVM's clocks.
     *
     * @param path as the tool prints it behind the number; null: it prints none
     */
    Optional<ShownCalls.Target> target(long descriptor, @Nullable String path) {
        Opened known = opened.get(descriptor);
        ShownCalls.Target target = known != null && known.known ? known.target : ShownCalls.Target.NONE;
        if (path == null) {
            return Optional.of(target);
        }
        Matcher vcpu = VCPU.matcher(path);
        if (vcpu.matches()) {
            return Optional.of(Integer.valueOf(vcpu.group(1)).equals(target.vcpu()) ? target : ShownCalls.Target.NONE);
        }
        if (path.equals(VM)) {
            return Optional.of(target.vm() != null && target.vcpu() == null ? target : ShownCalls.Target.NONE);
        }
        return path.startsWith(OTHER) ? Optional.empty() : Optional.of(ShownCalls.Target.NONE);
    }

    /** Whether a path is of something else than KVM's. */
    static boolean isForeign(@Nullable String path) {
        return path != null && !path.equals(KVM) && !path.startsWith(OTHER);
    }

    /** A VM that a call creates: its number in the records. */
    ShownCalls.Target newVm() {
        return new ShownCalls.Target(vms++, null);
    }

    /** Notes that a thread got a descriptor. */
    void got(long descriptor, ShownCalls.Target target, @Nullable String thread) {
        Opened before = opened.get(descriptor);
        boolean same = before == null || (before.known && Objects.equals(thread, before.by));
        opened.put(descriptor, new Opened(target, thread, same));
    }

    /** Notes that a descriptor was closed. */
    void closed(long descriptor) {
        opened.computeIfPresent(descriptor, (number, was) -> was.known ? null : was);
    }
}
