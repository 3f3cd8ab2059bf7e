package dev.stele.cli;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SIGHUP, on which servers read their configuration again. */
final class ReloadSignal {
  private static final Logger logger = LoggerFactory.getLogger(ReloadSignal.class);

  private ReloadSignal() {}

  /** Runs this on each SIGHUP from now on; without it, the signal ends the process. */
  @SuppressWarnings("ReferenceEquality") // what a proxy is equal to
  static void handle(Runnable reload) {
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
}
