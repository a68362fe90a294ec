package strom.it;

import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.fluss.exception.ApiException;

/**
 * Runs checks one after the other: one line each, ends the process at the first that fails. A check that takes longer
 * than the timeout fails, also when the client never returns.
 */
final class Check {
  interface Body {
    void run() throws Exception;
  }

  private final long timeoutMs;
  private final Set<String> skip;
  private final long started = System.nanoTime();
  private int passed;
  private volatile String note = "";

  Check(long timeoutMs, Set<String> skip) {
    this.timeoutMs = timeoutMs;
    this.skip = skip;
  }

  /** What the check waits for: printed when its time is up. */
  void note(String text) {
    note = text;
  }

  void run(String name, Body body) {
    if (skip.contains(name)) {
      System.out.println("skip " + name);
      return;
    }
    note = "";
    Thread watchdog = new Thread(() -> watch(name));
    watchdog.setDaemon(true);
    watchdog.start();
    long start = System.nanoTime();
    try {
      body.run();
    } catch (Throwable e) {
      fail(name + ": " + e, e);
    }
    watchdog.interrupt();
    passed++;
    System.out.printf("ok   %s (%d ms)%n", name, (System.nanoTime() - start) / 1_000_000);
  }

  void summary() {
    System.out.printf("java client: %d checks passed in %.1f s%n", passed, (System.nanoTime() - started) / 1e9);
  }

  private void watch(String name) {
    try {
      Thread.sleep(timeoutMs);
    } catch (InterruptedException e) {
      return;
    }
    fail(name + ": not done after " + timeoutMs + " ms " + note, null);
  }

  private static void fail(String message, Throwable error) {
    System.out.println("FAIL " + message);
    if (error != null) {
      error.printStackTrace(System.out);
    }
    System.out.flush();
    Runtime.getRuntime().halt(1);
  }

  static void that(boolean holds, String format, Object... args) {
    if (!holds) {
      throw new AssertionError(String.format(format, args));
    }
  }

  static void equal(Object got, Object want, String what) {
    that(Objects.equals(got, want), "%s: %s, expected %s", what, got, want);
  }

  /** The call must end with this exception of Fluss, that is, with its error code. */
  static void fails(Class<? extends ApiException> want, CompletableFuture<?> call) throws InterruptedException {
    try {
      Object result = call.get();
      throw new AssertionError("succeeded with " + result + ", expected " + want.getSimpleName());
    } catch (ExecutionException e) {
      that(want.isInstance(e.getCause()), "failed with %s, expected %s", e.getCause(), want.getSimpleName());
    }
  }
}
