package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * The main class of a JVM that runs TLC on one model after the other: see {@link TlcJvms}, the other end of its standard
 * input and output.
 */
final class TlcJvm {
    /** Begins each answer: whatever else is on standard output is none. */
    static final int ANSWER = 0x4c4f4e47;

    /** Instead of an exit code: TLC failed otherwise. */
    static final int FAILED = Integer.MIN_VALUE;

    private TlcJvm() {}

    /**
     * A run of TLC.
     *
     * @param folder the folder of the root module and of the configuration
     * @param temporary an empty folder
     * @param options and the name of the root module
     */
    record Request(String folder, String temporary, List<String> options) {
        void writeTo(DataOutputStream out) throws IOException {
            out.writeUTF(folder);
            out.writeUTF(temporary);
            out.writeInt(options.size());
            for (String option : options) {
                out.writeUTF(option);
            }
            out.flush();
        }

        private static Request readFrom(DataInputStream in) throws IOException {
            String folder = in.readUTF();
            String temporary = in.readUTF();
            int count = in.readInt();
            List<String> options = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                options.add(in.readUTF());
            }
            return new Request(folder, temporary, options);
        }
    }

    /**
     * Answers requests until standard input ends. It ends the JVM then, also in the middle of a run: whoever asked is
     * gone.
     *
     * @param args TLC's class path
     */
    public static void main(String[] args) {
        InputStream requests = System.in;
        OutputStream answers = System.out;
        Thread answering = null;
        try (DataInputStream in = new DataInputStream(requests)) {
            while (true) {
                Request request = Request.readFrom(in);
                if (answering != null) {
                    answering.join();
                }
                answering = new Thread(() -> answer(args[0], request, new DataOutputStream(answers)));
                answering.start();
            }
        } catch (IOException | InterruptedException e) {
            Runtime.getRuntime().halt(0);
        }
    }

    private static void answer(String classPath, Request request, DataOutputStream answers) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int exitCode = FAILED;
        try (PrintStream out = new PrintStream(printed, true, UTF_8)) {
            // As in a process of TLC's, whose output and errors are one stream.
            System.setOut(out);
            System.setErr(out);
            try {
                exitCode = LoadedTlc.run(
                        classPath, Path.of(request.folder), Path.of(request.temporary), request.options, out);
            } catch (ExecutionException | InterruptedException e) {
                out.println(Throwables.getStackTraceAsString(e));
            }
        }
        try {
            answers.writeInt(ANSWER);
            answers.writeInt(exitCode);
            answers.writeInt(printed.size());
            printed.writeTo(answers);
            answers.flush();
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }
}
