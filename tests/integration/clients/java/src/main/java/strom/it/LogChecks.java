package strom.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.cluster.ServerType;
import org.apache.fluss.exception.DatabaseAlreadyExistException;
import org.apache.fluss.exception.DatabaseNotEmptyException;
import org.apache.fluss.exception.DatabaseNotExistException;
import org.apache.fluss.exception.InvalidTimestampException;
import org.apache.fluss.exception.SchemaNotExistException;
import org.apache.fluss.exception.TableAlreadyExistException;
import org.apache.fluss.exception.TableNotExistException;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.LogFormat;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericArray;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataTypes;

/** Databases, log tables, appends, scans, offsets and errors of the log path. */
final class LogChecks {
  private static final int BUCKETS = ClientTest.BUCKETS;
  private static final int ROWS = 1_000; // Of the table `all_types`.

  private final Session s;
  private final TablePath path;
  private Table table;

  LogChecks(Session session) {
    s = session;
    path = s.path("all_types");
  }

  void run() {
    s.check.run("servers", this::servers);
    s.check.run("create_database", this::createDatabase);
    s.check.run("create_table", this::createTable);
    s.check.run("table_info", this::tableInfo);
    s.check.run("scan_empty", () -> s.expectLog(table, 0, 0, null));
    s.check.run("append_rows", this::appendRows);
    s.check.run("offsets", this::offsets);
    s.check.run("scan_records", () -> s.expectLog(table, 0, ROWS, null));
    s.check.run("scan_projected", this::scanProjected);
    s.check.run("scan_from_offset", this::scanFromOffset);
    s.check.run("tail", this::tail);
    s.check.run("compression", this::compression);
    s.check.run("nested", this::nested);
    s.check.run("bucket_key", this::bucketKey);
    s.check.run("indexed", this::indexed);
    s.check.run("errors", this::errors);
    s.check.run("drop_table", this::dropTable);
    s.check.run("drop_database", this::dropDatabase);
  }

  private static TableDescriptor.Builder descriptor(int buckets, String... bucketKeys) {
    return TableDescriptor.builder().schema(Rows.schema().build()).distributedBy(buckets, bucketKeys);
  }

  private void servers() throws Exception {
    var types = s.admin.getServerNodes().get().stream().map(n -> n.serverType()).toList();
    Check.that(types.contains(ServerType.COORDINATOR) && types.contains(ServerType.TABLET_SERVER), "%s", types);
  }

  private void createDatabase() throws Exception {
    DatabaseDescriptor descriptor =
        DatabaseDescriptor.builder().comment("client test").customProperty("owner", "it").build();
    s.admin.createDatabase(s.database, descriptor, false).get();
    Check.fails(DatabaseAlreadyExistException.class, s.admin.createDatabase(s.database, descriptor, false));
    s.admin.createDatabase(s.database, descriptor, true).get();
    Check.that(s.admin.databaseExists(s.database).get(), "database exists");
    Check.that(s.admin.listDatabases().get().contains(s.database), "database listed");
    var got = s.admin.getDatabaseInfo(s.database).get().getDatabaseDescriptor();
    Check.equal(got.getComment().orElse(null), "client test", "comment");
    Check.equal(got.getCustomProperties(), Map.of("owner", "it"), "properties");
    var summary = s.admin.listDatabaseSummaries().get().stream()
        .filter(d -> d.getDatabaseName().equals(s.database)).findFirst();
    Check.equal(summary.orElseThrow().getTableCount(), 0, "tables in the summary");
  }

  private void createTable() throws Exception {
    table = s.createTable(path, descriptor(BUCKETS).comment("all types").customProperty("team", "it"));
    Check.fails(TableAlreadyExistException.class, s.admin.createTable(path, descriptor(1).build(), false));
    s.admin.createTable(path, descriptor(1).build(), true).get();
    Check.that(s.admin.tableExists(path).get(), "table exists");
    Check.equal(s.admin.listTables(s.database).get(), List.of("all_types"), "tables");
  }

  private void tableInfo() throws Exception {
    TableInfo info = s.admin.getTableInfo(path).get();
    Check.equal(info.getSchema(), Rows.schema().build(), "schema");
    Check.equal(s.admin.getTableSchema(path).get().getSchema(), Rows.schema().build(), "schema by GET_TABLE_SCHEMA");
    Check.equal(info.getSchemaId(), 1, "schema id");
    Check.equal(info.getNumBuckets(), BUCKETS, "buckets");
    Check.equal(info.getComment().orElse(null), "all types", "comment");
    Check.equal(info.getCustomProperties().toMap(), Map.of("team", "it"), "custom properties");
    Check.that(!info.hasPrimaryKey() && !info.hasBucketKey() && !info.isPartitioned(), "keys of %s", info);
    Check.equal(table.getTableInfo().getTableId(), info.getTableId(), "table id");
    Check.that(info.getCreatedTime() > 0, "created time");
  }

  private void appendRows() throws Exception {
    Session.append(table, Rows.rows(0, 1));
    Check.equal(Session.sum(s.latest(table)), 1L, "records after one acknowledged append");
    Session.append(table, Rows.rows(1, ROWS));
  }

  private void offsets() throws Exception {
    Map<Integer, Long> latest = s.latest(table);
    Check.equal(Session.sum(latest), (long) ROWS, "sum of latest offsets");
    Map<Integer, Long> zero = new TreeMap<>();
    latest.keySet().forEach(b -> zero.put(b, 0L));
    Check.equal(s.offsets(path, BUCKETS, new OffsetSpec.EarliestSpec()), zero, "earliest");
    Check.equal(s.offsets(path, BUCKETS, new OffsetSpec.TimestampSpec(1)), zero, "offsets of time 1");
    long newest = s.scan(table, ROWS, null, null).values().stream().flatMap(List::stream)
        .mapToLong(ScanRecord::timestamp).max().orElseThrow();
    while (System.currentTimeMillis() <= newest + 1) {
      Thread.onSpinWait();
    }
    Check.equal(s.offsets(path, BUCKETS, new OffsetSpec.TimestampSpec(newest + 1)), latest,
        "offsets after the newest record");
    long future = System.currentTimeMillis() + 3_600_000;
    Check.fails(InvalidTimestampException.class,
        s.admin.listOffsets(path, latest.keySet(), new OffsetSpec.TimestampSpec(future)).all());
  }

  private void scanProjected() throws Exception {
    s.expectLog(table, 0, ROWS, List.of("name", "id", "instant", "flag"));
    for (String name : Rows.NAMES.subList(1, Rows.NAMES.size())) { // Every type as the neighbour of id.
      s.expectLog(table, 0, ROWS, List.of("id", name));
    }
  }

  private void scanFromOffset() throws Exception {
    Map<Integer, Long> start = new TreeMap<>();
    s.latest(table).forEach((bucket, offset) -> start.put(bucket, offset / 2));
    s.scan(table, (int) (ROWS - Session.sum(start)), null, start);
  }

  /** A poll that waits at the end of the log gets the row appended meanwhile. */
  private void tail() throws Exception {
    Table tail = s.createTable(s.path("tail"), descriptor(1));
    AppendWriter writer = tail.newAppend().createWriter();
    try (LogScanner scanner = tail.newScan().createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      for (int i = 0; i < 5; i++) {
        scanner.poll(Duration.ofMillis(20)); // Leaves a fetch waiting on the server; correct also if not.
        writer.append(Rows.row(i)).get();
        ScanRecords records = scanner.poll(Duration.ofSeconds(10));
        Check.equal(records.count(), 1, "records of the poll");
        ScanRecord record = records.iterator().next();
        Check.equal(record.logOffset(), (long) i, "offset");
        Rows.expect(record.getRow(), Rows.row(i), null);
      }
    }
  }

  private void compression() throws Exception {
    for (String codec : List.of("NONE", "LZ4_FRAME", "ZSTD")) {
      Table compressed = s.createTable(s.path("c_" + codec.toLowerCase()),
          descriptor(1).property("table.log.arrow.compression.type", codec));
      Session.append(compressed, Rows.rows(0, 200));
      s.expectLog(compressed, 0, 200, null);
      s.expectLog(compressed, 0, 200, List.of("amount", "id", "name"));
    }
  }

  private void nested() throws Exception {
    Schema schema = Schema.newBuilder().column("id", DataTypes.INT()).column("tags", DataTypes.ARRAY(DataTypes.STRING()))
        .column("who", DataTypes.ROW(DataTypes.FIELD("age", DataTypes.INT()), DataTypes.FIELD("name", DataTypes.STRING())))
        .column("n", DataTypes.BIGINT()).build();
    Table nested = s.createTable(s.path("nested"), TableDescriptor.builder().schema(schema).distributedBy(1));
    List<GenericRow> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Object[] tags = IntStream.range(0, i % 4).mapToObj(j -> BinaryString.fromString("" + j)).toArray();
      Object who = i % 3 == 0 ? null : GenericRow.of(i, BinaryString.fromString("n" + i));
      rows.add(GenericRow.of(i, i % 5 == 0 ? null : new GenericArray(tags), who, (long) -i));
    }
    Session.append(nested, rows);
    List<ScanRecord> all = s.scan(nested, 100, null, null).get(0);
    List<ScanRecord> projected = s.scan(nested, 100, List.of("n", "tags"), null).get(0);
    for (int i = 0; i < 100; i++) {
      expectTags(all.get(i).getRow(), 1, i);
      expectTags(projected.get(i).getRow(), 1, i);
      Check.equal(projected.get(i).getRow().getLong(0), (long) -i, "n");
      InternalRow row = all.get(i).getRow();
      Check.equal(row.isNullAt(2), i % 3 == 0, "who is null in row " + i);
      if (i % 3 != 0) {
        Check.equal(row.getRow(2, 2).getInt(0) + row.getRow(2, 2).getString(1).toString(), i + "n" + i, "who");
      }
    }
  }

  private static void expectTags(InternalRow row, int position, int i) {
    Check.equal(row.isNullAt(position), i % 5 == 0, "tags are null in row " + i);
    if (i % 5 != 0) {
      Check.equal(row.getArray(position).size(), i % 4, "number of tags in row " + i);
      for (int j = 0; j < i % 4; j++) {
        Check.equal(row.getArray(position).getString(j).toString(), "" + j, "tag");
      }
    }
  }

  /** Rows of one key meet in one bucket, in order. */
  private void bucketKey() throws Exception {
    Schema schema = Schema.newBuilder().column("k", DataTypes.STRING()).column("n", DataTypes.BIGINT()).build();
    Table keyed = s.createTable(s.path("keyed"), TableDescriptor.builder().schema(schema).distributedBy(4, "k"));
    Check.equal(keyed.getTableInfo().getBucketKeys(), List.of("k"), "bucket keys");
    List<GenericRow> rows = new ArrayList<>();
    for (int i = 0; i < 340; i++) {
      rows.add(GenericRow.of(BinaryString.fromString("key-" + i % 17), (long) i));
    }
    Session.append(keyed, rows);
    Set<Long> homes = new HashSet<>(); // Remainder i % 17 (the key) of every bucket's rows: no key in two buckets.
    var got = s.scan(keyed, 340, null, null);
    Check.that(got.values().stream().filter(r -> !r.isEmpty()).count() > 1, "all keys in one bucket");
    for (var records : got.values()) {
      Set<Long> keys = new HashSet<>();
      long previous = -1;
      for (ScanRecord record : records) {
        long n = record.getRow().getLong(1);
        Check.equal(record.getRow().getString(0).toString(), "key-" + n % 17, "key");
        Check.that(n > previous, "row %d after %d", n, previous);
        keys.add((previous = n) % 17);
      }
      for (long key : keys) {
        Check.that(homes.add(key), "key-%d is in two buckets", key);
      }
    }
    Check.equal(homes.size(), 17, "keys");
  }

  private void indexed() throws Exception {
    Table indexed = s.createTable(s.path("indexed"), descriptor(BUCKETS, "id").logFormat(LogFormat.INDEXED));
    Session.append(indexed, Rows.rows(0, 300));
    s.expectLog(indexed, 0, 300, null);
  }

  private void errors() throws Exception {
    TablePath missing = s.path("missing");
    Check.fails(TableNotExistException.class, s.admin.getTableInfo(missing));
    Check.fails(SchemaNotExistException.class, s.admin.getTableSchema(missing));
    Check.fails(TableNotExistException.class, s.admin.dropTable(missing, false));
    s.admin.dropTable(missing, true).get();
    Check.that(!s.admin.tableExists(missing).get(), "missing table exists");
    Check.fails(DatabaseNotExistException.class, s.admin.listTables("no_such_db"));
    Check.fails(DatabaseNotExistException.class, s.admin.getDatabaseInfo("no_such_db"));
    Check.fails(DatabaseNotExistException.class, s.admin.dropDatabase("no_such_db", false, false));
    Check.fails(DatabaseNotExistException.class,
        s.admin.createTable(TablePath.of("no_such_db", "t"), descriptor(1).build(), false));
    Check.fails(DatabaseNotEmptyException.class, s.admin.dropDatabase(s.database, false, false));
    try {
      s.connection.getTable(missing);
    } catch (RuntimeException e) {
      return;
    }
    throw new AssertionError("getTable of a missing table succeeded");
  }

  private void dropTable() throws Exception {
    long oldId = table.getTableInfo().getTableId();
    s.admin.dropTable(path, false).get();
    Check.that(!s.admin.tableExists(path).get(), "dropped table exists");
    Table again = s.createTable(path, descriptor(1));
    Check.that(again.getTableInfo().getTableId() != oldId, "new table has the old id");
    s.expectLog(again, 0, 0, null);
  }

  private void dropDatabase() throws Exception {
    s.admin.dropDatabase(s.database, false, true).get();
    Check.that(!s.admin.databaseExists(s.database).get(), "dropped database exists");
    Check.that(!s.admin.listDatabases().get().contains(s.database), "dropped database listed");
  }
}
