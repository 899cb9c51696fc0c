package dev.longitude.advise;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;

/** The difference of two short texts in the unified format. */
final class UnifiedDiff {
    private static final int CONTEXT = 3;

    private UnifiedDiff() {}

    /** One line of both texts: {@code sign} is ' ', '-' or '+'. */
    private record Line(char sign, String text) {}

    /**
     * The difference.
     *
     * @param file the name of both
     * @return empty if there is none, otherwise lines that each end with a newline
     */
    static String of(String file, String before, String after) {
        List<Line> lines =
                lines(Splitter.on('\n').splitToList(before), Splitter.on('\n').splitToList(after));
        StringBuilder text = new StringBuilder();
        int old = 1;
        int changed = 1;
        for (int i = 0; i < lines.size(); ) {
            if (lines.get(i).sign == ' ') {
                i++;
                old++;
                changed++;
                continue;
            }
            int from = Math.max(0, i - CONTEXT);
            int to = end(lines, i);
            int lead = i - from;
            long oldLines =
                    lines.subList(from, to).stream().filter(l -> l.sign != '+').count();
            long newLines =
                    lines.subList(from, to).stream().filter(l -> l.sign != '-').count();
            text.append("@@ -").append(old - lead).append(',').append(oldLines);
            text.append(" +")
                    .append(changed - lead)
                    .append(',')
                    .append(newLines)
                    .append(" @@\n");
            lines.subList(from, to)
                    .forEach(l -> text.append(l.sign).append(l.text).append('\n'));
            old += (int) oldLines - lead;
            changed += (int) newLines - lead;
            i = to;
        }
        return text.length() == 0 ? "" : "--- " + file + "\n+++ " + file + "\n" + text;
    }

    /** The end of a hunk: where enough lines follow that are the same. The empty text after the last newline is no line. */
    private static int end(List<Line> lines, int from) {
        int last = from;
        for (int i = from; i < lines.size() && i <= last + 2 * CONTEXT; i++) {
            if (lines.get(i).sign != ' ') {
                last = i;
            }
        }
        int end = Math.min(lines.size(), last + 1 + CONTEXT);
        return end == lines.size() && lines.get(end - 1).equals(new Line(' ', "")) ? end - 1 : end;
    }

    /** By a longest common subsequence. */
    private static List<Line> lines(List<String> before, List<String> after) {
        int[][] common = new int[before.size() + 1][after.size() + 1];
        for (int i = before.size() - 1; i >= 0; i--) {
            for (int j = after.size() - 1; j >= 0; j--) {
                common[i][j] = before.get(i).equals(after.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<Line> lines = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < before.size() || j < after.size()) {
            if (i < before.size() && j < after.size() && before.get(i).equals(after.get(j))) {
                lines.add(new Line(' ', before.get(i)));
                i++;
                j++;
            } else if (i < before.size() && (j == after.size() || common[i + 1][j] >= common[i][j + 1])) {
                lines.add(new Line('-', before.get(i)));
                i++;
            } else {
                lines.add(new Line('+', after.get(j)));
                j++;
            }
        }
        return lines;
    }
}
