package dev.longitude.cli;

/** The terminal that the launcher found, by what it passes on. */
final class Terminal {
    /** Of a terminal of unknown size, and of a pipe or file: then the output does not depend on who runs it. */
    private static final int COLUMNS = 80;

    private static final int FEWEST = 40;

    private Terminal() {}

    /** Whether standard error is one. */
    static boolean isErr() {
        return Boolean.getBoolean("longitude.terminal");
    }

    /** How many characters a line has room for. */
    static int columns() {
        int columns = Integer.getInteger("longitude.columns", COLUMNS);
        return columns < 1 ? COLUMNS : Math.max(FEWEST, columns);
    }
}
