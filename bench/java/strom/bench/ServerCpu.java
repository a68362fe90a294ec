package strom.bench;

import java.time.Duration;
import java.util.List;

/** CPU time that processes of this machine have taken, user and system. */
record ServerCpu(List<Long> pids) {
  double seconds() {
    return pids.stream().map(this::of).mapToDouble(d -> d.toNanos() / 1e9).sum();
  }

  private Duration of(long pid) {
    return ProcessHandle.of(pid).flatMap(p -> p.info().totalCpuDuration())
        .orElseThrow(() -> new IllegalStateException("server " + pid + " is gone"));
  }
}
