package strom.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.Scan;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.GenericRow;

/** One connection to the server under test, and what several checks do with it. */
final class Session {
  final Connection connection;
  final Admin admin;
  final Check check;
  final String database;
  private final boolean patient; // Wait before a table's first use until its leaders serve.

  Session(Connection connection, Check check, String database, boolean patient) {
    this.connection = connection;
    this.admin = connection.getAdmin();
    this.check = check;
    this.database = database;
    this.patient = patient;
  }

  TablePath path(String table) {
    return TablePath.of(database, table);
  }

  Table createTable(TablePath path, TableDescriptor.Builder descriptor) throws Exception {
    admin.createTable(path, descriptor.build(), false).get();
    return openTable(path);
  }

  Table openTable(TablePath path) throws Exception {
    int buckets = admin.getTableInfo(path).get().getNumBuckets();
    while (patient) {
      try {
        offsets(path, buckets, new OffsetSpec.LatestSpec());
        break;
      } catch (Exception e) {
        check.note("leaders of " + path + " do not serve: " + e);
        Thread.sleep(100);
      }
    }
    return connection.getTable(path);
  }

  Map<Integer, Long> offsets(TablePath path, int buckets, OffsetSpec spec) throws Exception {
    return new TreeMap<>(admin.listOffsets(path, IntStream.range(0, buckets).boxed().toList(), spec).all().get());
  }

  Map<Integer, Long> latest(Table table) throws Exception {
    return offsets(table.getTableInfo().getTablePath(), table.getTableInfo().getNumBuckets(), new OffsetSpec.LatestSpec());
  }

  /** Returns when every row is acknowledged. */
  static void append(Table table, List<GenericRow> rows) throws Exception {
    AppendWriter writer = table.newAppend().createWriter();
    List<CompletableFuture<?>> results = new ArrayList<>();
    rows.forEach(row -> results.add(writer.append(row)));
    writer.flush();
    for (CompletableFuture<?> result : results) { // flush() alone does not say whether a row failed.
      result.get();
    }
  }

  static long sum(Map<Integer, Long> offsets) {
    return offsets.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Reads `want` records from `start` (null: the beginning), which must be all there are, by the offsets the server
   * lists and by one poll. Offsets must have no gap and no repetition.
   */
  Map<Integer, List<ScanRecord>> scan(Table table, int want, List<String> project, Map<Integer, Long> start)
      throws Exception {
    Map<Integer, Long> latest = latest(table);
    Map<Integer, Long> from = new TreeMap<>();
    latest.keySet().forEach(b -> from.put(b, start == null ? 0L : start.get(b)));
    Check.equal(sum(latest) - sum(from), (long) want, "records by the listed offsets " + latest);
    Map<Integer, List<ScanRecord>> got = new HashMap<>();
    int count = 0;
    Scan scan = project == null ? table.newScan() : table.newScan().project(project);
    try (LogScanner scanner = scan.createLogScanner()) {
      for (var bucket : from.entrySet()) {
        got.put(bucket.getKey(), new ArrayList<>());
        scanner.subscribe(bucket.getKey(), start == null ? LogScanner.EARLIEST_OFFSET : bucket.getValue());
      }
      do {
        check.note(count + " of " + want + " records");
        ScanRecords records = scanner.poll(Duration.ofMillis(want == 0 ? 100 : 2_000));
        for (TableBucket bucket : records.buckets()) {
          got.get(bucket.getBucket()).addAll(records.records(bucket));
        }
        count += records.count();
      } while (count < want);
    }
    Check.equal(count, want, "records");
    got.forEach((bucket, records) -> {
      for (int k = 0; k < records.size(); k++) {
        Check.equal(records.get(k).logOffset(), from.get(bucket) + k, "offset in bucket " + bucket);
      }
    });
    return got;
  }

  /** The table holds each row first..last-1 exactly once, and each bucket has them in the order of writing. */
  void expectLog(Table table, int first, int last, List<String> project) throws Exception {
    int id = project == null ? 0 : project.indexOf("id");
    List<Integer> seen = new ArrayList<>();
    for (var bucket : scan(table, last - first, project, null).entrySet()) {
      int previous = -1;
      for (ScanRecord record : bucket.getValue()) {
        int i = record.getRow().getInt(id);
        Check.that(i > previous, "bucket %d: row %d after %d", bucket.getKey(), i, previous);
        Check.equal(record.getChangeType(), ChangeType.APPEND_ONLY, "change type of row " + i);
        Rows.expect(record.getRow(), Rows.row(i), project);
        seen.add(previous = i);
      }
    }
    Collections.sort(seen);
    Check.equal(seen, IntStream.range(first, last).boxed().toList(), "ids");
  }
}
