package strom.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;

/** How long one row takes while nothing else is going on: each is appended when the one before has arrived. */
final class Latency {
  private static final int SAMPLES_MAX = 20_000;
  private static final int PATIENCE_S = 60;
  private static final int AT = 1; // The column.

  /** Nanoseconds from append() to its acknowledgement. */
  static List<Long> acknowledged(Table table, long nanos) throws Exception {
    AppendWriter writer = table.newAppend().createWriter();
    return sample(nanos, id -> {
      long start = System.nanoTime();
      writer.append(Rows.row(id, start)).get(PATIENCE_S, TimeUnit.SECONDS);
      return System.nanoTime() - start;
    });
  }

  /** Nanoseconds from append() until a scanner, polling in a thread of its own, has the row in its hands. */
  static List<Long> polled(Table table, long nanos) throws Exception {
    AppendWriter writer = table.newAppend().createWriter();
    BlockingQueue<Long> arrived = new LinkedBlockingQueue<>(); // How long each row took.
    AtomicBoolean over = new AtomicBoolean(); // Not an interrupt: the client may swallow it.
    ExecutorService thread = Executors.newSingleThreadExecutor();
    Future<?> reader = thread.submit(() -> poll(table, arrived, over));
    try {
      return sample(nanos, id -> {
        writer.append(Rows.row(id, System.nanoTime()));
        Long took = arrived.poll(PATIENCE_S, TimeUnit.SECONDS);
        if (took == null) {
          throw new IllegalStateException("row " + id + " does not arrive");
        }
        return took;
      });
    } finally {
      over.set(true);
      thread.shutdown();
      reader.get(PATIENCE_S, TimeUnit.SECONDS); // Throws what it ended with.
    }
  }

  private static Void poll(Table table, BlockingQueue<Long> arrived, AtomicBoolean over) throws Exception {
    try (LogScanner scanner = table.newScan().createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      while (!over.get()) {
        for (ScanRecord record : scanner.poll(Duration.ofSeconds(1))) {
          arrived.add(System.nanoTime() - record.getRow().getLong(AT));
        }
      }
    }
    return null;
  }

  private interface Probe {
    /** Nanoseconds that the row with this id took. */
    long take(long id) throws Exception;
  }

  private static List<Long> sample(long nanos, Probe probe) throws Exception {
    long id = 0;
    for (long end = System.nanoTime() + nanos / 4; System.nanoTime() < end; ) {
      probe.take(id++);
    }
    List<Long> samples = new ArrayList<>();
    for (long end = System.nanoTime() + nanos; System.nanoTime() < end && samples.size() < SAMPLES_MAX; ) {
      samples.add(probe.take(id++));
    }
    return samples;
  }
}
