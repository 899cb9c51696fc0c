package dev.longitude;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of this module in Markdown, as a test reads it. */
public record Page(ImmutableList<String> lines) {
    /** Text between backquotes. */
    public static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** The page of that name. */
    public static Page of(String name) {
        try {
            return new Page(ImmutableList.copyOf(Files.readAllLines(Path.of(name))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines below a heading, up to the next heading. */
    public List<String> section(String heading) {
        int from = lines.indexOf(heading);
        assertThat(from).as(heading).isNotNegative();
        int to = from + 1;
        while (to < lines.size() && !lines.get(to).startsWith("#")) {
            to++;
        }
        return lines.subList(from + 1, to);
    }

    /** The rows of the tables below a heading, each as its cells, without the tables' heads. */
    public List<List<String>> rows(String heading) {
        List<List<String>> rows = new ArrayList<>();
        List<String> below = section(heading);
        for (int i = 0; i < below.size(); i++) {
            boolean head = i + 1 < below.size() && below.get(i + 1).startsWith("|---");
            String line = below.get(i);
            if (line.startsWith("| ") && !head) {
                rows.add(Splitter.on('|').trimResults().splitToList(line.substring(1, line.lastIndexOf('|'))));
            }
        }
        return rows;
    }

    /** The first text between backquotes. */
    public static String code(String cell) {
        Matcher matcher = CODE.matcher(cell);
        assertThat(matcher.find()).as(cell).isTrue();
        return matcher.group(1);
    }
}
