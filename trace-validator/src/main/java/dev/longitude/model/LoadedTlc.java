package dev.longitude.model;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * One run of TLC in this JVM, with a class loader of its own. Almost all of TLC's state is static (the table of names,
 * the options, the registers of TLCSet, the operators in Java, where it prints), so each run loads all of TLC's classes
 * anew, from the class path that a process of TLC would have. Nothing is shared with TLC's classes in the validator.
 *
 * <p>This does what TLC's main method does, without its calls of {@link System#exit}. TLC also exits in about 25 places
 * where it finds itself broken: whoever calls this must be able to lose the JVM.
 */
final class LoadedTlc {
    private static final String TEMPORARY = "java.io.tmpdir";

    private static final int USAGE = 1;

    private final URLClassLoader loader;

    private LoadedTlc(URLClassLoader loader) {
        this.loader = loader;
    }

    /**
     * Runs TLC, in a thread that ends with the run.
     *
     * @param classPath TLC's, as of a process
     * @param folder the folder of the root module and of the configuration; an absolute path
     * @param temporary a folder of its own for the standard modules, which TLC unpacks
     * @param options and the name of the root module
     * @param out what TLC prints
     * @return the exit code that TLC's process would have
     * @throws ExecutionException if TLC, or the call of it, fails otherwise than with an exit code
     */
    static int run(String classPath, Path folder, Path temporary, List<String> options, PrintStream out)
            throws ExecutionException, InterruptedException {
        FutureTask<Integer> run = new FutureTask<>(() -> {
            try (URLClassLoader loader = new URLClassLoader(urls(classPath), ClassLoader.getPlatformClassLoader())) {
                return new LoadedTlc(loader).run(folder, temporary, options, out);
            }
        });
        Thread thread = new Thread(run, "tlc");
        thread.setDaemon(true);
        // Threads that the JVM's libraries start, such as RMI's, inherit it; they outlive the run.
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        thread.start();
        return run.get();
    }

    private static URL[] urls(String classPath) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String part : Splitter.on(File.pathSeparatorChar).split(classPath)) {
            urls.add(new File(part).toURI().toURL());
        }
        return urls.toArray(new URL[0]);
    }

    private int run(Path folder, Path temporary, List<String> options, PrintStream out)
            throws ReflectiveOperationException {
        try {
            Class<?> console = type("util.ToolIO");
            console.getField("out").set(null, out);
            console.getField("err").set(null, out);
            console.getMethod("setUserDir", String.class).invoke(null, folder.toString());
            Class<?> files = filesIn(temporary);
            Class<?> main = type("tlc2.TLC");
            Object tlc = main.getConstructor().newInstance();
            Object usable = main.getMethod("handleParameters", String[].class)
                    .invoke(tlc, (Object) options.toArray(new String[0]));
            if (!Boolean.TRUE.equals(usable)) {
                return USAGE;
            }
            main.getMethod("setResolver", files).invoke(tlc, resolver(files));
            Object error = main.getMethod("process").invoke(tlc);
            return (int) type("tlc2.output.EC$ExitStatus")
                    .getMethod("errorConstantToExitStatus", int.class)
                    .invoke(null, error);
        } finally {
            release();
        }
    }

    private Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(name, true, loader);
    }

    /** TLC reads once where to unpack the standard modules to, when it initialises this class. */
    private Class<?> filesIn(Path temporary) throws ClassNotFoundException {
        synchronized (LoadedTlc.class) {
            String before = System.getProperty(TEMPORARY);
            System.setProperty(TEMPORARY, temporary.toString());
            try {
                return type("util.FilenameToStream");
            } finally {
                System.setProperty(TEMPORARY, before);
            }
        }
    }

    /**
     * TLC's own resolver of file names, except that it finds no classes. TLC looks for an operator in Java first beside
     * the specification, with a class loader that asks this JVM's application class loader before it looks there: it
     * would find our classes of that name, which belong to another TLC, and silently use the definition in TLA+. Without
     * such a file it uses the class loader of the run.
     */
    private Object resolver(Class<?> files) throws ReflectiveOperationException {
        Object own = type("util.SimpleFilenameToStream").getConstructor().newInstance();
        return Proxy.newProxyInstance(loader, new Class<?>[] {files}, (proxy, method, arguments) -> {
            boolean ofClass = method.getName().equals("resolve")
                    && String.valueOf(arguments[0]).endsWith(".class");
            try {
                return ofClass ? null : method.invoke(own, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause() == null ? e : e.getCause();
            }
        });
    }

    /**
     * Withdraws the set of fingerprints from RMI, whose table of exported objects would keep it and all classes of the
     * run. RMI still has soft references to the classes; see {@link TlcJvms#JVM_OPTIONS}.
     */
    private void release() throws ReflectiveOperationException {
        Field checker = type("tlc2.TLCGlobals").getField("mainChecker");
        Object run = checker.get(null);
        if (run != null) {
            Object fingerprints = run.getClass().getField("theFPSet").get(run);
            fingerprints.getClass().getMethod("unexportObject", boolean.class).invoke(fingerprints, true);
            checker.set(null, null);
        }
    }
}
