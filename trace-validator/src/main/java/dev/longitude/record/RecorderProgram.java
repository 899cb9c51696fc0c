package dev.longitude.record;

/** The recorder as a program of this machine. It is written in C, because it must follow threads with ptrace. */
public final class RecorderProgram {
    /** The recorder. */
    public static final CProgram RECORDER = new CProgram(
            RecorderProgram.class,
            "longitude-record",
            "the recorder",
            ", or build it on another machine from what `longitude record --print-source` prints");

    private RecorderProgram() {}
}
