package dev.stele.cli;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SIGHUP, on which servers read their configuration again. */
final class ReloadSignal {
  private static final Logger logger = LoggerFactory.getLogger(ReloadSignal.class);

  /** The mask of signals whose first bit is that of SIGHUP, which is number 1. */
  private static final String IGNORED = "SigIgn:";

  private ReloadSignal() {}

  /** Runs this on each SIGHUP from now on; without it, the signal ends the process. */
  @SuppressWarnings("ReferenceEquality") // what a proxy is equal to
  static void handle(Runnable reload) {
    if (isIgnored()) {
      logger.warn(
          "SIGHUP does nothing here, since whoever started this process has it ignored, as nohup"
              + " does: to have the configuration read again, start it by setsid or as a service");
    }
    try {
      // By reflection: the JDK has no other way to a signal, and warns of this one.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object onSignal =
          Proxy.newProxyInstance(
              ReloadSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      reload.run();
                      yield null;
                    }
                    case "equals" -> proxy == arguments[0];
                    case "hashCode" -> System.identityHashCode(proxy);
                    default -> "reload";
                  });
      Object _ =
          signal
              .getMethod("handle", signal, handler)
              .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), onSignal);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      logger.warn("this system has no SIGHUP to read the configuration again on", e);
    }
  }

  /** Whether this process was started with the signal ignored, which no handler changes. */
  private static boolean isIgnored() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith(IGNORED))
          .anyMatch(
              line ->
                  (Long.parseUnsignedLong(line.substring(IGNORED.length()).strip(), 16) & 1) == 1);
    } catch (IOException | NumberFormatException _) {
      return false; // A system that does not say so.
    }
  }
}
