package dev.longitude.validator;

import com.google.common.base.Ascii;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Offsets in text for a reader: signed, as KVM prints them in a vCPU's {@code tsc-offset} of debugfs (arch/x86/kvm/debugfs.c).
 * Traces and JSON have them as words.
 */
public final class SignedOffset {
    private static final Pattern NUMBER = Pattern.compile("(?<![\\w.:])\\d{19,20}(?![\\w.:])");

    private SignedOffset() {}

    /**
     * A value with its offsets signed, if its name says that it has some.
     *
     * @param name of a variable, a field of a reply, or a definition
     */
    public static String in(String name, String value) {
        return Ascii.toLowerCase(name).contains("offset")
                ? NUMBER.matcher(value).replaceAll(SignedOffset::signed)
                : value;
    }

    private static String signed(MatchResult number) {
        try {
            return Long.toString(Long.parseUnsignedLong(number.group()));
        } catch (NumberFormatException e) {
            // more than a word: no offset
            return number.group();
        }
    }
}
