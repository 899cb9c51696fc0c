package dev.longitude.cli;

/** The exit codes of every command. */
final class ExitCode {
    /** All holds. */
    static final int HOLDS = 0;

    /** A property is violated, or a trace does not conform. */
    static final int VIOLATED = 1;

    /** The input cannot be used, or the command was not understood. */
    static final int UNUSABLE = 2;

    private ExitCode() {}
}
