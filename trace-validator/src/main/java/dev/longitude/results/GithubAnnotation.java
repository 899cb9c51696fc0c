package dev.longitude.results;

/** A fault as a line that GitHub Actions shows beside the line of the file: a workflow command. */
public final class GithubAnnotation {
    private GithubAnnotation() {}

    /** The line, without its end; what is undecided is a warning, all other faults are errors. */
    public static String of(CaseResult fault) {
        StringBuilder line = new StringBuilder(fault.status() == Status.UNDECIDED ? "::warning " : "::error ");
        if (!fault.where().isEmpty()) {
            Location where = fault.where().get(0);
            line.append("file=").append(property(where.file())).append(',');
            if (where.line() != null) {
                line.append("line=").append(where.line()).append(',');
            }
            if (where.endLine() != null) {
                line.append("endLine=").append(where.endLine()).append(',');
            }
        }
        return line.append("title=")
                .append(property(fault.suite() + ": " + fault.name()))
                .append("::")
                .append(data(fault.message().isEmpty() ? fault.status().toString() : fault.message()))
                .toString();
    }

    /** What would end the line, or start another command, is escaped. */
    private static String data(String text) {
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
    }

    private static String property(String text) {
        return data(text).replace(":", "%3A").replace(",", "%2C");
    }
}
