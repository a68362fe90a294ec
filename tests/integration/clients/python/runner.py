"""Runs checks one after the other: one line each, stops the process at the first that fails."""
import asyncio
import os
import threading
import time
import traceback
from typing import Awaitable, Callable

from fluss import FlussError

Check = Callable[[], Awaitable[None]]


class Runner:
    """A check that takes longer than `timeout_s` fails, also when the client's native code never returns."""

    def __init__(self, timeout_s: float, skip: set[str]):
        self._timeout_s, self._skip = timeout_s, skip
        self._passed, self._note = 0, ""
        self._started = time.monotonic()

    def note(self, text: str) -> None:
        """What the check waits for: printed when its time is up."""
        self._note = text

    async def run(self, checks: list[Check]) -> None:
        for check in checks:
            name = check.__name__
            if name in self._skip:
                print(f"skip {name}", flush=True)
                continue
            self._note = ""
            watchdog = threading.Timer(self._timeout_s, self._fail, (name, None))
            watchdog.daemon = True
            watchdog.start()
            started = time.monotonic()
            try:
                await check()
            except BaseException as e:  # pyo3 panics derive from BaseException
                self._fail(name, e)
            watchdog.cancel()
            self._passed += 1
            print(f"ok   {name} ({(time.monotonic() - started) * 1e3:.0f} ms)", flush=True)

    def summary(self) -> None:
        print(f"python client: {self._passed} checks passed in {time.monotonic() - self._started:.1f} s", flush=True)

    def _fail(self, name: str, error: BaseException | None) -> None:
        if error is None:
            print(f"FAIL {name}: not done after {self._timeout_s:g} s {self._note}", flush=True)
        else:
            print(f"FAIL {name}: {type(error).__name__}: {error} {getattr(error, 'error_code', '')}", flush=True)
            traceback.print_exception(error)
        os._exit(1)


async def expect_error(code: int, call: Awaitable) -> None:
    """`call` must end with this Fluss error code."""
    try:
        result = await call
    except FlussError as e:
        assert e.error_code == code, f"error {e.error_code} ({e.message}), expected {code}"
        return
    raise AssertionError(f"succeeded with {result!r}, expected error {code}")


async def until(condition: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        await asyncio.sleep(0.001)
