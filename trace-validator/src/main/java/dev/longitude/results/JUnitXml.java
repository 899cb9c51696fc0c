package dev.longitude.results;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Results as JUnit XML: a test suite for each suite, a test case for each result. What is violated is a failure; what is
 * undecided or unusable is an error, since a reader of reports counts neither as passed; what does not apply is skipped.
 */
public final class JUnitXml {
    private JUnitXml() {}

    /**
     * Writes them.
     *
     * @param command the command that judged
     */
    public static void write(String command, List<CaseResult> results, Writer out) throws IOException {
        Map<String, List<CaseResult>> suites = new LinkedHashMap<>();
        results.forEach(
                r -> suites.computeIfAbsent(r.suite(), s -> new ArrayList<>()).add(r));
        try {
            XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out);
            xml.writeStartDocument("UTF-8", "1.0");
            start(xml, "testsuites", "longitude " + command, results);
            for (Map.Entry<String, List<CaseResult>> suite : suites.entrySet()) {
                start(xml, "testsuite", suite.getKey(), suite.getValue());
                for (CaseResult result : suite.getValue()) {
                    testCase(xml, result);
                }
                xml.writeCharacters("\n");
                xml.writeEndElement();
            }
            xml.writeCharacters("\n");
            xml.writeEndElement();
            xml.writeCharacters("\n");
            xml.writeEndDocument();
            xml.flush();
        } catch (XMLStreamException e) {
            throw e.getNestedException() instanceof IOException io ? io : new IOException(e);
        }
    }

    private static void start(XMLStreamWriter xml, String element, String name, List<CaseResult> results)
            throws XMLStreamException {
        xml.writeCharacters("\n");
        xml.writeStartElement(element);
        xml.writeAttribute("name", legal(name));
        xml.writeAttribute("tests", Integer.toString(results.size()));
        xml.writeAttribute("failures", count(results, Status.VIOLATED));
        xml.writeAttribute(
                "errors",
                Long.toString(results.stream()
                        .filter(r -> r.status() == Status.UNDECIDED || r.status() == Status.UNUSABLE)
                        .count()));
        xml.writeAttribute("skipped", count(results, Status.DOES_NOT_APPLY));
        xml.writeAttribute(
                "time",
                time(results.stream()
                        .mapToDouble(r -> r.seconds() == null ? 0 : r.seconds())
                        .sum()));
    }

    private static String count(List<CaseResult> results, Status status) {
        return Long.toString(results.stream().filter(r -> r.status() == status).count());
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%.3f", seconds);
    }

    private static void testCase(XMLStreamWriter xml, CaseResult result) throws XMLStreamException {
        xml.writeCharacters("\n");
        xml.writeStartElement("testcase");
        xml.writeAttribute("classname", legal(result.suite()));
        xml.writeAttribute("name", legal(result.name()));
        xml.writeAttribute("time", time(result.seconds() == null ? 0 : result.seconds()));
        if (!result.where().isEmpty()) {
            Location where = result.where().get(0);
            xml.writeAttribute("file", legal(where.file()));
            if (where.line() != null) {
                xml.writeAttribute("line", where.line().toString());
            }
        }
        switch (result.status()) {
            case HOLDS -> {
                // a case without children has passed
            }
            case VIOLATED -> problem(xml, "failure", result.rule(), result);
            case UNDECIDED, UNUSABLE -> problem(xml, "error", result.status().toString(), result);
            case DOES_NOT_APPLY -> {
                xml.writeEmptyElement("skipped");
                xml.writeAttribute("message", legal(result.headline()));
            }
        }
        xml.writeEndElement();
    }

    private static void problem(XMLStreamWriter xml, String element, String type, CaseResult result)
            throws XMLStreamException {
        xml.writeStartElement(element);
        xml.writeAttribute("type", legal(type));
        xml.writeAttribute("message", legal(result.headline()));
        StringBuilder text = new StringBuilder(result.message());
        // (The steps of two vCPUs are one line of a recipe.)
        result.where().stream()
                .map(Location::toString)
                .distinct()
                .forEach(w -> text.append("\n  ").append(w));
        xml.writeCharacters(legal(text.toString()));
        xml.writeEndElement();
    }

    /** Characters that XML cannot have are replaced. */
    private static String legal(String text) {
        StringBuilder legal = new StringBuilder();
        text.codePoints()
                .map(c -> c == '\t'
                                || c == '\n'
                                || (c >= ' ' && c < Character.MIN_SURROGATE)
                                || (c > Character.MAX_SURROGATE && c < 0xFFFE)
                                || c >= Character.MIN_SUPPLEMENTARY_CODE_POINT
                        ? c
                        : 0xFFFD)
                .forEach(legal::appendCodePoint);
        return legal.toString();
    }
}
