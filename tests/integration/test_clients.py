#!/usr/bin/env python3
"""The unmodified official clients against `strom dev`: test_clients.py python|java.

Their own checks of the log and the primary-key part; then rows that one client appends while the server is killed, scanned by both.
"""
import sys
import tempfile
import unittest
from pathlib import Path

from strom_process import CLIENTS, StromDev, client

ROWS = 20_000
LANGUAGE = "python"


class ClientTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        self.addCleanup(directory.cleanup)
        self.data = Path(directory.name) / "data"

    def test_all_checks_of_the_log_part(self):
        with StromDev(self.data).start() as server:
            run = client(LANGUAGE, server.server).expect_success()
            print(run.lines[-1])
            self.assertEqual(server.stop(), 0)

    def test_all_checks_of_the_primary_key_part(self):
        with StromDev(self.data).start() as server:
            run = client(LANGUAGE, server.server, "--pk").expect_success()
            print(run.lines[-1])
            server.kill()
            server.start()  # Rebuilds what is left from the changelogs, and serves again.
            client(LANGUAGE, server.server, "--pk").expect_success()
            self.assertEqual(server.stop(), 0)

    def test_append_kill_restart_scan(self):
        with StromDev.with_fixed_ports(self.data) as server:
            writer = client(LANGUAGE, server.server, "--append-only", "--rows", ROWS, "--timeout", "100")
            for acknowledged in (ROWS // 4, ROWS // 2):
                writer.wait_until(lambda lines, k=acknowledged: f"acked {k}" in lines, f"{acknowledged} rows are there")
                server.kill()
                self.assertTrue(writer.running(), "the append ended before the kill")
                server.start()
            writer.expect_success()
            for reader in ("python", "java"):
                client(reader, server.server, "--scan-only", "--rows", ROWS).expect_success()
            self.assertEqual(server.stop(), 0)
            server.start()
            client(LANGUAGE, server.server, "--scan-only", "--rows", ROWS).expect_success()


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("python", "java"):
        sys.exit(__doc__)
    LANGUAGE = sys.argv.pop(1)
    unittest.main(verbosity=2)
