package strom.bench;

import java.util.concurrent.atomic.AtomicReference;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.metadata.TablePath;

/** How many rows a second one writer gets acknowledged, appending as fast as the client's buffer lets it. */
final class Throughput {
  private static final int BUCKETS = 3;
  private static final int CHUNK = 1_000; // Rows between two looks at the clock.

  final String profile;
  private final Tables tables;
  private final ServerCpu cpu;
  private final TablePath path;
  private final AppendWriter writer;
  private long appended; // Rows, those of the warm-up among them.
  private long rows;
  private long nanos;
  private double cpuSeconds;

  Throughput(Tables tables, Connection connection, String profile, ServerCpu cpu) throws Exception {
    this.profile = profile;
    this.tables = tables;
    this.cpu = cpu;
    Table table = tables.create(connection, profile, BUCKETS);
    path = table.getTableInfo().getTablePath();
    writer = table.newAppend().createWriter();
  }

  /** Not counted. */
  void warmUp(long forNanos) throws Exception {
    append(forNanos);
  }

  /** The time ends when the last row is acknowledged. What is measured adds up. */
  void measure(long forNanos) throws Exception {
    double cpuBefore = cpu.seconds();
    long start = System.nanoTime();
    rows += append(forNanos);
    nanos += System.nanoTime() - start;
    cpuSeconds += cpu.seconds() - cpuBefore;
  }

  /** Every row that was acknowledged must be there. */
  void print() throws Exception {
    long there = tables.rows(path, BUCKETS);
    if (there != appended) {
      throw new IllegalStateException("acknowledged " + appended + " rows, " + there + " are there");
    }
    System.out.printf("{\"figure\": \"append_throughput\", \"profile\": \"%s\", \"linger_ms\": %d, \"rows\": %d,"
        + " \"seconds\": %.3f, \"server_cpu_s\": %.3f}%n",
        profile, ReplicationBench.SHIPPED_LINGER_MS, rows, nanos / 1e9, cpuSeconds);
  }

  /** Appends for so long and waits for the acknowledgements; the number of rows. */
  private long append(long forNanos) throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    long before = appended;
    for (long end = System.nanoTime() + forNanos; System.nanoTime() < end && failure.get() == null; ) {
      for (int i = 0; i < CHUNK; i++, appended++) {
        writer.append(Rows.row(appended, appended)).whenComplete((ok, error) -> failure.compareAndSet(null, error));
      }
    }
    writer.flush();
    if (failure.get() != null) {
      throw new IllegalStateException("a row was not appended", failure.get());
    }
    return appended - before;
  }
}
