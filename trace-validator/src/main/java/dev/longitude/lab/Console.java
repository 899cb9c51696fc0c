package dev.longitude.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What came over the serial console of an emulated machine, in the form that longitude-init.c describes. */
final class Console {
    private static final Pattern FILE = Pattern.compile("@@@FILE ([\\w.+-]+(?:/[\\w.+-]+)*) (\\d{1,10})\n");
    private static final String END = "\n@@@END\n";
    private static final String DONE = "@@@DONE";
    private static final int SHOWN = 1500;

    private Console() {}

    /**
     * Writes the files that came.
     *
     * @throws LabException if not all came
     */
    static void unpack(Path console, Path folder) throws LabException, IOException {
        String text = Files.readString(console, StandardCharsets.ISO_8859_1);
        Matcher file = FILE.matcher(text);
        int at = 0;
        while (file.find(at)) {
            int end = file.end() + Integer.parseInt(file.group(2));
            if (!text.startsWith(END, end)) {
                throw new LabException("the console's output is damaged at the file " + file.group(1)
                        + ": a message of the kernel came between, or the machine ended early; see " + console);
            }
            Path path = folder.resolve(file.group(1)).normalize();
            if (!path.startsWith(folder)) {
                throw new LabException("the console's output names a file outside of its folder: " + file.group(1));
            }
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            Files.write(path, text.substring(file.end(), end).getBytes(StandardCharsets.ISO_8859_1));
            at = end + END.length();
        }
        if (!text.startsWith(DONE, at)) {
            throw new LabException("the machine did not come to its end; its console's last lines:\n"
                    + text.substring(Math.max(at, text.length() - SHOWN)).strip());
        }
    }
}
