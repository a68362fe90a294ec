package strom.it;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;

/**
 * Runs the official Java client against the server at BOOTSTRAP (host:port).
 *
 * <p>Prints one line per check; exits 1 at the first that fails, naming it. Without a mode flag: the log part, in a
 * database of its own that it drops at the end. Modes and flags are those of ../python/client_test.py.
 */
public final class ClientTest {
  private static final String USAGE = "usage: ClientTest BOOTSTRAP [--pk | --append-only | --scan-only] [--table DB.TABLE]"
      + " [--rows N] [--start N] [--patient] [--skip CHECK,...] [--timeout SECONDS]";
  private static final Set<String> FLAGS = Set.of("--pk", "--append-only", "--scan-only", "--patient");
  private static final Set<String> VALUES = Set.of("--table", "--rows", "--start", "--skip", "--timeout");
  private static final int CHUNK = 500; // Rows between two "acked" lines of --append-only.
  static final int BUCKETS = 3;

  public static void main(String[] args) throws Exception {
    Map<String, String> options = parse(args);
    Check check = new Check(
        (long) (Double.parseDouble(options.getOrDefault("--timeout", "60")) * 1e3),
        new HashSet<>(Arrays.asList(options.getOrDefault("--skip", "").split(","))));
    Session[] session = new Session[1];
    check.run("connect", () -> {
      Configuration config = new Configuration();
      config.setString("bootstrap.servers", options.get("bootstrap"));
      Connection connection = ConnectionFactory.createConnection(config);
      session[0] = new Session(connection, check, "java_" + System.currentTimeMillis(), options.containsKey("--patient"));
    });
    Session s = session[0];
    String[] table = options.getOrDefault("--table", "strom_it.rows").split("\\.", 2);
    TablePath path = TablePath.of(table[0], table[1]);
    int first = Integer.parseInt(options.getOrDefault("--start", "0"));
    int last = first + Integer.parseInt(options.getOrDefault("--rows", "10000"));
    if (options.containsKey("--append-only")) {
      check.run("append", () -> append(s, path, first, last));
    } else if (options.containsKey("--scan-only")) {
      check.run("scan", () -> s.expectLog(s.openTable(path), first, last, null));
      check.run("scan_projected", () -> s.expectLog(s.openTable(path), first, last, Arrays.asList("name", "id")));
    } else if (options.containsKey("--pk")) {
      new PkChecks(s).run();
    } else {
      new LogChecks(s).run();
    }
    check.run("close", s.connection::close);
    check.summary();
  }

  /** Creates the table if it is missing. Says how many rows are acknowledged, for a driver that kills servers. */
  private static void append(Session s, TablePath path, int first, int last) throws Exception {
    s.admin.createDatabase(path.getDatabaseName(), DatabaseDescriptor.EMPTY, true).get();
    Table table = s.admin.tableExists(path).get()
        ? s.openTable(path)
        : s.createTable(path, TableDescriptor.builder().schema(Rows.schema().build()).distributedBy(BUCKETS));
    for (int i = first; i < last; i += CHUNK) {
      Session.append(table, Rows.rows(i, Math.min(i + CHUNK, last)));
      System.out.println("acked " + Math.min(i + CHUNK, last));
    }
  }

  private static Map<String, String> parse(String[] args) {
    Map<String, String> options = new HashMap<>();
    for (int k = 0; k < args.length; k++) {
      if (FLAGS.contains(args[k])) {
        options.put(args[k], "");
      } else if (VALUES.contains(args[k]) && k + 1 < args.length) {
        options.put(args[k], args[++k]);
      } else if (!args[k].startsWith("-") && !options.containsKey("bootstrap")) {
        options.put("bootstrap", args[k]);
      } else {
        usage();
      }
    }
    if (!options.containsKey("bootstrap")) {
      usage();
    }
    return options;
  }

  private static void usage() {
    System.err.println(USAGE);
    System.exit(2);
  }
}
