package dev.stele.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** nginx with TLS before a server on the same machine, as the manual says. */
record Nginx(Process process, int port) implements AutoCloseable {
  static Nginx before(int server, Path folder, PrivateAuthority authority)
      throws IOException, InterruptedException {
    return before(
        folder, authority, "location / { proxy_pass http://127.0.0.1:%d; }".formatted(server));
  }

  /** The same with these locations. */
  static Nginx before(Path folder, PrivateAuthority authority, String locations)
      throws IOException, InterruptedException {
    Path executable = Program.onPath("nginx").executable();
    int port = SteleProcess.freePort();
    Path configuration =
        Files.writeString(
            Files.createDirectories(folder).resolve("nginx.conf"),
            """
            daemon off;
            master_process off;
            pid pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path body;
              proxy_temp_path proxy;
              fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi;
              scgi_temp_path scgi;
              server {
                listen 127.0.0.1:%d ssl http2;
                ssl_certificate %s;
                ssl_certificate_key %s;
                client_max_body_size 0;
                proxy_http_version 1.1;
                proxy_request_buffering off;
                proxy_buffering off;
                %s
              }
            }
            """
                .formatted(port, authority.certificate(), authority.key(), locations(locations)));
    Path log = folder.resolve("nginx.log");
    Process process =
        new ProcessBuilder(
                executable.toString(),
                "-p",
                folder.toString(),
                "-e",
                "stderr",
                "-c",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Nginx started = new Nginx(process, port);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return started;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          started.close();
          throw new AssertionError("nginx does not listen:\n" + Files.readString(log), e);
        }
        Thread.sleep(20);
      }
    }
  }

  /** With what each location says: nginx takes headers from outside only where it has none. */
  private static String locations(String text) {
    return text.replaceAll(
        "(proxy_pass [^;]*;)",
        """
        $1
        proxy_set_header Host \\$http_host;
        proxy_set_header X-Forwarded-Host "";
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header X-Forwarded-For \\$proxy_add_x_forwarded_for;
        """);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
