"""What this machine lets us break, and the breaking of it: networks (namespaces, nftables), disks (loop devices), system
calls (strace). Nothing here outlives the process: namespaces and mounts are its own and go with it.

Each part that is missing has a reason, printed where a fault is skipped for it.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from strom_process import Failure, die_with_parent  # noqa: E402

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
NETWORK = "10.213.0"  # Of the bridge that all namespaces hang on; we are .1
HINT = "scripts/install-prove.sh installs it"


def run(*command, check: bool = True) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _missing_tools(*tools: str) -> str | None:
    missing = [t for t in tools if shutil.which(t) is None]
    return f"{' and '.join(missing)} missing; {HINT}" if missing else None


def _trial(*command) -> str | None:
    """None if the command works here, else what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def why_no_network() -> str | None:
    """Why nothing can be partitioned here; None if it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    return _missing_tools("ip", "nft", "nsenter", "unshare") or _trial(
        "unshare", "-n", "sh", "-ec", "ip link set lo up; ip link add name strom type bridge; ip link add name veth0 type veth peer name veth1; "
        "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
        "add rule inet t in ip saddr 10.213.0.1 drop'")


def why_no_disk() -> str | None:
    """Why no server can have a disk of its own."""
    if os.geteuid() != 0:
        return "mounting needs root"
    return _missing_tools("mkfs.ext4", "mount") or _trial(
        "unshare", "-m", "sh", "-ec", "mount --make-rprivate /; d=$(mktemp -d); truncate -s 16M $d/i; mkfs.ext4 -q $d/i; "
        "mkdir $d/m; mount -o loop $d/i $d/m; umount $d/m; rm -r $d")


def why_no_strace() -> str | None:
    """Why no system call of a running process can be made to fail."""
    return _missing_tools("strace") or _trial(
        "sh", "-c", "strace -f -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EIO " + sys.executable +
        " -c 'import os, tempfile\ntry: os.fdatasync(tempfile.TemporaryFile().fileno())\nexcept OSError: raise SystemExit(0)\n"
        "raise SystemExit(\"the call did not fail\")'")


def own_namespaces(network: bool, mounts: bool):
    """This process, and those that it starts, get a network and mounts of their own. Before any thread is started."""
    flags = (CLONE_NEWNET if network else 0) | (CLONE_NEWNS if mounts else 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if flags and libc.unshare(flags) != 0:
        raise Failure(f"unshare: {os.strerror(ctypes.get_errno())}")
    if network:
        run("ip", "link", "set", "lo", "up")
    if mounts:
        run("mount", "--make-rprivate", "/")


class Network:
    """A namespace for each of these names, all on one bridge, on which we are, too."""

    def __init__(self, names: list[str]):
        self._holders: dict[str, subprocess.Popen] = {}
        self._address = {name: f"{NETWORK}.{number}" for number, name in enumerate(names, start=2)}
        self._address["us"] = f"{NETWORK}.1"
        run("ip", "link", "add", "name", "strom", "type", "bridge")
        run("ip", "address", "add", f"{NETWORK}.1/24", "dev", "strom")
        run("ip", "link", "set", "strom", "up")
        for number, name in enumerate(names):
            self._add(name, f"strom{number}")

    def _add(self, name: str, link: str):
        holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"], preexec_fn=die_with_parent,
                                  stdin=subprocess.DEVNULL, start_new_session=True)
        self._holders[name] = holder
        ours = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + 20
        while os.readlink(f"/proc/{holder.pid}/ns/net") == ours:
            if time.monotonic() > deadline:
                raise Failure("a network namespace does not appear")
            time.sleep(0.01)
        run("ip", "link", "add", "name", link, "type", "veth", "peer", "name", "eth0", "netns", holder.pid)
        run("ip", "link", "set", link, "master", "strom", "up")
        self._inside(name, "ip", "address", "add", f"{self.address(name)}/24", "dev", "eth0")
        self._inside(name, "ip", "link", "set", "eth0", "up")
        self._inside(name, "ip", "link", "set", "lo", "up")
        self._inside(name, "nft", "add table inet strom; add chain inet strom in { type filter hook input priority 0; }")

    def _inside(self, name: str, *command):
        run(*self.prefix(name), *command)

    def address(self, name: str) -> str:
        return self._address[name]

    def prefix(self, name: str) -> list:
        return ["nsenter", f"--net=/proc/{self._holders[name].pid}/ns/net", "--"]

    def cut(self, source: str, target: str):
        """What `source` sends no longer arrives at `target`, which is none of us: no answer either, no reset."""
        self._inside(target, "nft", f"add rule inet strom in ip saddr {self.address(source)} drop")

    def cut_to_us(self, source: str):
        """What it sends no longer arrives at us."""
        self._inside(source, "nft", f"add chain inet strom out {{ type filter hook output priority 0; }}; "
                                    f"add rule inet strom out ip daddr {self.address('us')} drop")

    def heal(self):
        for name in self._holders:
            self._inside(name, "nft", "flush table inet strom")

    def close(self):
        for holder in self._holders.values():
            holder.kill()
            holder.wait()


class SmallDisk:
    """A file system of `megabytes` on a file, mounted on `directory`."""

    def __init__(self, image: Path, directory: Path, megabytes: int):
        self.directory = directory
        self._filler = directory / "filler"
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-m", "0", image)
        directory.mkdir(parents=True, exist_ok=True)
        run("mount", "-o", "loop", image, directory)
        shutil.rmtree(directory / "lost+found", ignore_errors=True)  # Servers take empty directories only.

    def fill(self):
        """Until nothing more goes in."""
        with open(self._filler, "ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError:
                    pass

    def empty(self):
        self._filler.unlink(missing_ok=True)

    def close(self):
        self.empty()
        run("umount", "-l", self.directory)


class FailingSyncs:
    """From here on every fdatasync and fsync of the process fails with EIO, until stop()."""

    def __init__(self, pid: int, out: Path):
        self._out = open(out, "ab")
        self._strace = subprocess.Popen(
            ["strace", "-f", "-p", str(pid), "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
             "-e", "inject=fdatasync,fsync:error=EIO"],
            stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out, preexec_fn=die_with_parent,
            start_new_session=True)

    def stop(self):
        if self._strace.poll() is None:
            self._strace.send_signal(signal.SIGINT)  # It lets the process go on.
            self._strace.wait(30)
        self._out.close()
