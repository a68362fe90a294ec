package strom.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.fluss.client.lookup.LookupResult;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.exception.TableAlreadyExistException;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataTypes;

/** Primary-key tables: writes, lookups, changelog, limit scan (the last also of a log table). */
final class PkChecks {
  private static final int BUCKETS = ClientTest.BUCKETS;
  private static final int ROWS = 300;

  private final Session s;
  private Table table;

  PkChecks(Session session) {
    s = session;
  }

  void run() {
    s.check.run("create_table", this::createTable);
    s.check.run("lookup_empty", () -> Check.equal(lookup(table, 1), List.of(), "rows of key 1"));
    s.check.run("upsert", this::upsert);
    s.check.run("delete", this::delete);
    s.check.run("lookups", this::lookups);
    s.check.run("changelog", this::changelog);
    s.check.run("changelog_projected", this::changelogProjected);
    s.check.run("limit_scan", this::limitScan);
    s.check.run("limit_scan_log", this::limitScanLog);
    s.check.run("partial_update", this::partialUpdate);
    s.check.run("prefix_lookup", this::prefixLookup);
    s.check.run("errors", this::errors);
    s.check.run("drop_database", this::dropDatabase);
  }

  // Rows with an even id are updated to the values of row id + ROWS; those divisible by three are deleted after that.
  private static boolean isUpdated(int i) {
    return i % 2 == 0;
  }

  private static boolean isDeleted(int i) {
    return i % 3 == 0;
  }

  private static GenericRow updated(int i) {
    GenericRow row = Rows.row(i + ROWS);
    row.setField(0, i);
    return row;
  }

  /** Null when the key is gone. */
  private static GenericRow finalRow(int i) {
    return isDeleted(i) || i >= ROWS ? null : isUpdated(i) ? updated(i) : Rows.row(i);
  }

  private static List<InternalRow> lookup(Table table, Object... key) throws Exception {
    return table.newLookup().createLookuper().lookup(GenericRow.of(key)).get().getRowList();
  }

  private void createTable() throws Exception {
    s.admin.createDatabase(s.database, DatabaseDescriptor.EMPTY, false).get();
    table = s.createTable(s.path("pk"),
        TableDescriptor.builder().schema(Rows.schema().primaryKey("id").build()).distributedBy(BUCKETS));
    TableInfo info = s.admin.getTableInfo(s.path("pk")).get();
    Check.equal(info.getPrimaryKeys(), List.of("id"), "primary key");
    Check.equal(info.getBucketKeys(), List.of("id"), "bucket key");
    Check.equal(info.getNumBuckets(), BUCKETS, "buckets");
  }

  private void upsert() throws Exception {
    UpsertWriter writer = table.newUpsert().createWriter();
    writer.upsert(Rows.row(0)).get();
    Rows.rows(1, ROWS).forEach(writer::upsert);
    writer.flush();
    for (int i = 0; i < ROWS; i += 2) {
      writer.upsert(updated(i));
    }
    writer.flush();
  }

  private void delete() throws Exception {
    UpsertWriter writer = table.newUpsert().createWriter();
    writer.delete(updated(0)).get();
    for (int i = 3; i < ROWS; i += 3) {
      writer.delete(isUpdated(i) ? updated(i) : Rows.row(i));
    }
    writer.delete(Rows.row(ROWS + 1)); // A key that never was: no change.
    writer.flush();
  }

  private void lookups() throws Exception {
    Lookuper lookuper = table.newLookup().createLookuper();
    List<CompletableFuture<LookupResult>> results = new ArrayList<>();
    for (int i = 0; i <= ROWS + 1; i++) {
      results.add(lookuper.lookup(GenericRow.of(i)));
    }
    for (int i = 0; i <= ROWS + 1; i++) {
      InternalRow got = results.get(i).get().getSingletonRow();
      GenericRow want = finalRow(i);
      Check.equal(got == null, want == null, "key " + i + " is missing");
      if (want != null) {
        Rows.expect(got, want, null);
      }
    }
  }

  private static Map<Integer, List<ScanRecord>> byKey(Map<Integer, List<ScanRecord>> byBucket, int idPosition) {
    Map<Integer, List<ScanRecord>> history = new HashMap<>();
    byBucket.values().forEach(records -> records.forEach(
        r -> history.computeIfAbsent(r.getRow().getInt(idPosition), k -> new ArrayList<>()).add(r)));
    return history;
  }

  private static void expectChangelog(Map<Integer, List<ScanRecord>> history, List<String> columns) {
    Check.equal(history.size(), ROWS, "keys in the changelog");
    history.forEach((i, records) -> {
      List<ChangeType> types = new ArrayList<>(List.of(ChangeType.INSERT));
      List<GenericRow> rows = new ArrayList<>(List.of(Rows.row(i)));
      if (isUpdated(i)) {
        types.addAll(List.of(ChangeType.UPDATE_BEFORE, ChangeType.UPDATE_AFTER));
        rows.addAll(List.of(Rows.row(i), updated(i)));
      }
      if (isDeleted(i)) {
        types.add(ChangeType.DELETE);
        rows.add(rows.get(rows.size() - 1));
      }
      Check.equal(records.stream().map(ScanRecord::getChangeType).toList(), types, "changes of key " + i);
      for (int k = 0; k < types.size(); k++) {
        Rows.expect(records.get(k).getRow(), rows.get(k), columns);
      }
    });
  }

  private static int changes() {
    return ROWS + 2 * (ROWS / 2) + ROWS / 3;
  }

  private void changelog() throws Exception {
    expectChangelog(byKey(s.scan(table, changes(), null, null), 0), null);
  }

  private void changelogProjected() throws Exception {
    List<String> columns = List.of("instant", "id", "amount");
    expectChangelog(byKey(s.scan(table, changes(), columns, null), 1), columns);
  }

  private List<InternalRow> limited(Table table, int bucket, int limit) throws Exception {
    List<InternalRow> rows = new ArrayList<>();
    TableBucket tableBucket = new TableBucket(table.getTableInfo().getTableId(), bucket);
    try (BatchScanner scanner = table.newScan().limit(limit).createBatchScanner(tableBucket)) {
      Duration wait = Duration.ofSeconds(10);
      for (var batch = scanner.pollBatch(wait); batch != null; batch = scanner.pollBatch(wait)) {
        batch.forEachRemaining(rows::add);
        batch.close();
      }
    }
    return rows;
  }

  private void limitScan() throws Exception {
    Set<Integer> ids = new HashSet<>();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      for (InternalRow row : limited(table, bucket, ROWS)) {
        Check.that(ids.add(row.getInt(0)), "key %d twice", row.getInt(0));
        GenericRow want = finalRow(row.getInt(0));
        Check.that(want != null, "key %d is deleted", row.getInt(0));
        Rows.expect(row, want, null);
      }
    }
    Check.equal(ids.size(), ROWS - ROWS / 3, "rows");
    Check.equal(limited(table, 0, 7).size(), 7, "rows with limit 7");
  }

  private void limitScanLog() throws Exception {
    Table log = s.createTable(s.path("log"), TableDescriptor.builder().schema(Rows.schema().build()).distributedBy(1));
    for (int first = 0; first < 150; first += 50) {
      Session.append(log, Rows.rows(first, first + 50));
    }
    List<Integer> ids = limited(log, 0, 10).stream().map(row -> row.getInt(0)).toList();
    Check.equal(ids, IntStream.range(140, 150).boxed().toList(), "newest ten");
  }

  private void partialUpdate() throws Exception {
    UpsertWriter writer = table.newUpsert().partialUpdate("id", "name", "score").createWriter();
    GenericRow change = new GenericRow(Rows.NAMES.size());
    change.setField(0, 1);
    change.setField(Rows.NAMES.indexOf("name"), BinaryString.fromString("partial"));
    change.setField(Rows.NAMES.indexOf("score"), 0.5);
    writer.upsert(change).get();
    GenericRow want = Rows.row(1);
    want.setField(Rows.NAMES.indexOf("name"), BinaryString.fromString("partial"));
    want.setField(Rows.NAMES.indexOf("score"), 0.5);
    Rows.expect(lookup(table, 1).get(0), want, null);
    change.setField(0, ROWS + 5); // A new key: the other columns are null.
    writer.upsert(change).get();
    Rows.expect(lookup(table, ROWS + 5).get(0), change, null);
  }

  private void prefixLookup() throws Exception {
    Schema schema = Schema.newBuilder().column("a", DataTypes.STRING()).column("b", DataTypes.BIGINT())
        .column("c", DataTypes.STRING()).primaryKey("a", "b").build();
    Table prefixed = s.createTable(s.path("prefix"), TableDescriptor.builder().schema(schema).distributedBy(2, "a"));
    UpsertWriter writer = prefixed.newUpsert().createWriter();
    for (int i = 0; i < 20; i++) {
      writer.upsert(GenericRow.of(BinaryString.fromString("a" + i / 5), (long) (i % 5), BinaryString.fromString("c" + i)));
    }
    writer.flush();
    Lookuper lookuper = prefixed.newLookup().lookupBy("a").createLookuper();
    List<InternalRow> rows = lookuper.lookup(GenericRow.of(BinaryString.fromString("a2"))).get().getRowList();
    Set<String> got = new HashSet<>();
    rows.forEach(r -> got.add(r.getString(0) + "/" + r.getLong(1) + "/" + r.getString(2)));
    Check.equal(got, Set.of("a2/0/c10", "a2/1/c11", "a2/2/c12", "a2/3/c13", "a2/4/c14"), "rows of a2");
    rows = lookuper.lookup(GenericRow.of(BinaryString.fromString("a"))).get().getRowList();
    Check.equal(rows.size(), 0, "rows of a: the start of a string is no key prefix");
    Check.equal(lookup(prefixed, BinaryString.fromString("a3"), 4L).get(0).getString(2).toString(), "c19", "full key");
  }

  private void errors() throws Exception {
    TableDescriptor descriptor =
        TableDescriptor.builder().schema(Rows.schema().primaryKey("id").build()).distributedBy(1).build();
    Check.fails(TableAlreadyExistException.class, s.admin.createTable(s.path("pk"), descriptor, false));
  }

  private void dropDatabase() throws Exception {
    s.admin.dropDatabase(s.database, false, true).get();
    Check.that(!s.admin.databaseExists(s.database).get(), "dropped database exists");
  }
}
