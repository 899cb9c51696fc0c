package dev.longitude.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.io.Resources;
import java.io.IOException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A report as one HTML file. Its script and its style stand in it, and a policy in it permits only these, by their
 * hashes: a browser that shows it requests nothing.
 */
public final class HtmlPage {
    /** One script, in this order. */
    private static final ImmutableList<String> SCRIPTS = ImmutableList.of(
            "elements.js", "chart.js", "steps.js", "inspector.js", "subject.js", "matrix.js", "page.js");

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    static {
        JSON.getFactory().setCharacterEscapes(new NoMarkup());
    }

    private HtmlPage() {}

    /** Escapes what could end the element that the JSON is in. */
    private static final class NoMarkup extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        private final int[] escapes = standardAsciiEscapesForJSON();

        NoMarkup() {
            for (char c : new char[] {'<', '>', '&', '\''}) {
                escapes[c] = ESCAPE_STANDARD;
            }
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return escapes.clone();
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int character) {
            return new SerializedString(String.format("\\u%04x", character));
        }
    }

    /** The file's text: ASCII only in what comes from the report. */
    public static String of(Report report) throws IOException {
        StringBuilder script = new StringBuilder("\"use strict\";\n");
        for (String name : SCRIPTS) {
            script.append(resource(name));
        }
        String style = resource("page.css");
        return resource("page.html")
                .replace("@style-hash@", hash(style))
                .replace("@script-hash@", hash(script.toString()))
                .replace("@style@", style)
                .replace("@script@", script)
                // Last: nothing may be put into what a report contains.
                .replace("@report@", json(report));
    }

    /** The report as JSON that can stand in a script element. */
    static String json(Report report) {
        try {
            return JSON.writeValueAsString(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hash(String text) {
        return Base64.getEncoder()
                .encodeToString(Hashing.sha256().hashString(text, UTF_8).asBytes());
    }

    private static String resource(String name) throws IOException {
        return Resources.toString(Resources.getResource(HtmlPage.class, name), UTF_8);
    }
}
