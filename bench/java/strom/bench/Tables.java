package strom.bench;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.cluster.ServerType;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataTypes;

/** Makes log tables of 100-byte rows with three replicas, in a database of its own. */
final class Tables {
  static final String SHIPPED = "shipped"; // The profile of a table that names none.
  private static final int REPLICAS = 3;
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  private final Admin admin;
  private final String database = "bench_" + System.currentTimeMillis();
  private int made;

  /** Waits until so many tablet servers are in the cluster. */
  Tables(Admin admin, int tabletServers) throws Exception {
    this.admin = admin;
    await("tablet servers", () -> admin.getServerNodes().get().stream()
        .filter(node -> node.serverType() == ServerType.TABLET_SERVER).count() >= tabletServers);
    admin.createDatabase(database, DatabaseDescriptor.EMPTY, false).get();
  }

  Table create(Connection connection, String profile, int buckets) throws Exception {
    TablePath path = TablePath.of(database, "t" + made++);
    Schema schema = Schema.newBuilder().column("id", DataTypes.BIGINT()).column("at", DataTypes.BIGINT())
        .column("text", DataTypes.STRING()).build();
    TableDescriptor.Builder table = TableDescriptor.builder().schema(schema).distributedBy(buckets)
        .property("table.replication.factor", Integer.toString(REPLICAS));
    if (!profile.equals(SHIPPED)) {
      table.customProperty("strom.durability", profile);
    }
    admin.createTable(path, table.build(), false).get();
    await("leaders of " + path, () -> rows(path, buckets) == 0); // Apache Fluss answers before there are any.
    return connection.getTable(path);
  }

  /** All rows that readers may see. */
  long rows(TablePath path, int buckets) throws Exception {
    List<Integer> all = IntStream.range(0, buckets).boxed().toList();
    return admin.listOffsets(path, all, new OffsetSpec.LatestSpec()).all().get().values().stream()
        .mapToLong(Long::longValue).sum();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  /** An error counts as "not yet". */
  private static void await(String what, Condition condition) throws Exception {
    Exception last = null;
    for (long deadline = System.nanoTime() + PATIENCE_NANOS; System.nanoTime() < deadline; Thread.sleep(50)) {
      try {
        if (condition.holds()) {
          return;
        }
      } catch (Exception notYet) {
        last = notYet;
      }
    }
    throw new IllegalStateException("still waiting for " + what, last);
  }
}
