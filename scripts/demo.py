"""The demo; run it with scripts/demo.sh. STROM names the command."""
import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS.parent / "tests" / "integration")]
from cluster import Cluster  # noqa: E402  (found by the path above)
from demo_grid import GridDemo  # noqa: E402
from demo_log import log_demo, stop  # noqa: E402
from demo_steps import Steps  # noqa: E402
from grid_process import Warehouse  # noqa: E402
from postgres_process import PostgresFailure  # noqa: E402
from strom_process import Failure, strom_binary  # noqa: E402


def dev_demo(steps: Steps, root: Path, warehouse: Warehouse, o):
    """Everything in one process."""
    server = steps.run("strom dev: from nothing to serving", lambda: warehouse.strom_dev(root / "data"))
    with server:
        log_demo(steps, server, o.rows)
        demo = GridDemo(steps, warehouse, server.endpoints)
        demo.start()
        demo.probe()
        demo.burst(o.transactions)
        demo.compare_all()
        demo.print_report()
        finish(steps, server.endpoints, warehouse, o.once, lambda: stop(server))


def cluster_demo(steps: Steps, root: Path, warehouse: Warehouse, o):
    """ZooKeeper, two coordinators, three tablet servers, a worker for each kind of jobs: each a process, each killed;
    each table has three replicas. At the end the coordinator that leads and a tablet server die for good."""
    cluster = Cluster(root / "cluster", servers=3, session_timeout="3 s", attached=True, workers=True, coordinators=2)
    warehouse.set_environment(cluster.endpoints["FLUSS_BOOTSTRAP"].split(",")[0])
    with cluster:
        steps.run("ZooKeeper, 2 coordinators, 3 tablet servers, 3 workers serve", cluster.start)
        demo = GridDemo(steps, warehouse, cluster.endpoints)
        demo.start()
        demo.probe()
        demo.burst_with_kills(cluster, o.transactions)
        demo.burst_with_losses(cluster, o.transactions)
        demo.compare_all()
        demo.print_report()
        demo.print_memory(cluster)
        finish(steps, cluster.endpoints, warehouse, o.once, cluster.stop)


def finish(steps: Steps, endpoints: dict, warehouse: Warehouse, once: bool, stop_all):
    """Says that all went well, after an orderly end if `once`; else before people try things."""
    if once:
        steps.run("SIGTERM ends it cleanly", stop_all)
    print(f"demo: PASS {steps.rows_compared} rows compared, all equal, in {steps.seconds():.0f} s", flush=True)
    if not once:
        stay(endpoints, warehouse)
        stop_all()


def stay(endpoints: dict, warehouse: Warehouse):
    """Until Ctrl-C."""
    command = strom_binary()
    print(f"""
It is all still up. Try:
  export STROM_SERVER={endpoints['STROM_SERVER']} STROM_GRPC={endpoints['STROM_GRPC']}
  {command} job list
  {command} sql -e 'SELECT system_status, total_equipment, load_rate FROM sgcc_dw.ads_realtime_dashboard'
  {command} table scan sgcc_dw.ads_realtime_dashboard --changelog
  psql {warehouse.source.url('grid')} -c "UPDATE sgcc_power.power_equipment SET equipment_name = 'me'"
  psql {warehouse.sink.url('grid')} -c 'SELECT equipment_id, equipment_name FROM sgcc_dw.dwd_power_equipment'
  curl http://{endpoints['STROM_HTTP'].split(',')[0]}/metrics
Ctrl-C ends it.""", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass


def main() -> int:
    p = argparse.ArgumentParser(prog="demo.sh BUILD_DIR", description=__doc__)
    p.add_argument("--once", action="store_true", help="end after the job")
    p.add_argument("--cluster", action="store_true",
                   help="a cluster of processes, each of them killed once, instead of strom dev")
    p.add_argument("--transactions", type=int,
                   help="of a burst (default 300; with --cluster 100, and a burst for each kill)")
    p.add_argument("--rows", type=int, default=20_000, help="rows of the append to a log table (default 20000)")
    o = p.parse_args()
    o.transactions = o.transactions or (100 if o.cluster else 300)
    if o.rows < 10_000:
        p.error("fewer than 10000 rows are written too fast to be killed in the midst of it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    root = Path(tempfile.mkdtemp(prefix="strom-demo-"))
    steps = Steps()
    try:
        with Warehouse() as warehouse:
            steps.run("two PostgreSQL servers: schemas, oracle, seeds", warehouse.load)
            (cluster_demo if o.cluster else dev_demo)(steps, root, warehouse, o)
    except (Failure, PostgresFailure) as failure:
        print(f"The data is kept in {root}.\ndemo: FAIL {failure}", flush=True)
        return 1
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
