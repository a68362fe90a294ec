package strom.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;

/**
 * What a user of the unmodified Java client sees of a cluster's replication: the program behind ./run bench replication.
 *
 * <p>Prints one JSON line per figure and profile: the latencies of single rows in microseconds, or rows and seconds.
 * Every figure has a table of its own, and is warmed up before. PROFILE is a value
 * of strom.durability, or "shipped" for a table that says nothing. PIDS are the servers, whose CPU time is counted.
 *
 * <p>Exits 1 if rows failed, or if the cluster holds another number of them than it acknowledged.
 */
public final class ReplicationBench {
  private static final String USAGE = "usage: ReplicationBench BOOTSTRAP TABLET_SERVERS SECONDS PID,... PROFILE...";
  static final int SHIPPED_LINGER_MS = 100; // The client's default.

  public static void main(String[] args) throws Exception {
    if (args.length < 5) {
      System.err.println(USAGE);
      System.exit(2);
    }
    String bootstrap = args[0];
    long nanos = (long) (Double.parseDouble(args[2]) * 1e9);
    ServerCpu cpu = new ServerCpu(Arrays.stream(args[3].split(",")).map(Long::parseLong).toList());
    List<String> profiles = Arrays.asList(args).subList(4, args.length);
    try (Connection connection = connect(bootstrap, SHIPPED_LINGER_MS)) {
      Tables tables = new Tables(connection.getAdmin(), Integer.parseInt(args[1]));
      for (String profile : profiles) {
        latencies(bootstrap, tables, profile, nanos);
      }
      throughput(tables, connection, profiles, cpu, nanos);
    }
  }

  private static void latencies(String bootstrap, Tables tables, String profile, long nanos) throws Exception {
    // Closed before anything else is measured: with linger 0 the client's sender keeps a core busy, rows or not.
    try (Connection prompt = connect(bootstrap, 0)) {
      print("append_acked", profile, 0, Latency.acknowledged(tables.create(prompt, profile, 1), nanos));
      print("append_polled", profile, 0, Latency.polled(tables.create(prompt, profile, 1), nanos));
    }
    try (Connection shipped = connect(bootstrap, SHIPPED_LINGER_MS)) {
      print("append_acked", profile, SHIPPED_LINGER_MS,
          Latency.acknowledged(tables.create(shipped, profile, 1), nanos / 4));
    }
  }

  /** The profiles in turns, there and back: what the JVM still learns meanwhile is to the good of each as much. */
  private static void throughput(Tables tables, Connection connection, List<String> profiles, ServerCpu cpu, long nanos)
      throws Exception {
    List<Throughput> there = new ArrayList<>();
    for (String profile : profiles) {
      there.add(new Throughput(tables, connection, profile, cpu));
    }
    List<Throughput> back = new ArrayList<>(there);
    Collections.reverse(back);
    for (Throughput each : there) {
      each.warmUp(nanos / 2);
    }
    for (List<Throughput> way : List.of(there, back)) {
      for (Throughput each : way) {
        each.measure(nanos / 2);
      }
    }
    for (Throughput each : there) {
      each.print();
    }
  }

  private static Connection connect(String bootstrap, int lingerMs) {
    Configuration config = new Configuration();
    config.setString("bootstrap.servers", bootstrap);
    config.setString("client.writer.batch-timeout", lingerMs + " ms");
    return ConnectionFactory.createConnection(config);
  }

  private static void print(String figure, String profile, int lingerMs, List<Long> nanos) {
    String micros = nanos.stream().map(n -> Long.toString(n / 1_000)).collect(Collectors.joining(","));
    System.out.printf("{\"figure\": \"%s\", \"profile\": \"%s\", \"linger_ms\": %d, \"micros\": [%s]}%n",
        figure, profile, lingerMs, micros);
  }
}
