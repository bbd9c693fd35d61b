"""A real systemd that runs our unit for one test, without being the machine's first process."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

SYSTEMD = "/lib/systemd/systemd"
BOOTED = Path("/run/systemd/system")  # systemd runs as a user's manager only where this folder exists
LIMIT_S = 40.0
LOOK_S = 0.1
# On a machine that systemd did not boot, that folder is given to the manager alone, in a mount namespace of its own,
# with the empty files that systemd lays over what a unit shall not see.
IN_NAMESPACE = ("unshare", "--mount", "--propagation", "private")
MAKE_BOOTED = (
    "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system"
    ' && ln -s "$0/systemd/inaccessible" /run/systemd/inaccessible && exec "$@"'
)
# On one that it did, a user's manager may make control groups only where his own manager lets it.
IN_SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--property=Delegate=yes")


@dataclass
class UserManager:
    """`systemd --user` with the units of `units`; everything it writes lies in `folder`.

    The path of `folder` must be short, as it holds sockets. A unit's name must be of this test alone: managers of one
    machine share its control groups, and one ends what it finds in the group of a unit it knows.
    """

    folder: Path
    units: Path
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Run the manager and return when it answers. Raises RuntimeError when it does not."""
        variables = [f"{name}={value}" for name, value in self._environment().items()]
        command = [*self._surroundings(), "env", *variables, SYSTEMD, "--user", "--unit=basic.target"]
        self._process = subprocess.Popen(command)
        try:
            self.wait("the manager answers", self._answers)
        except RuntimeError:
            self.close()
            raise

    def close(self) -> None:
        """End the manager and all it runs."""
        assert self._process is not None
        self.systemctl("kill", "--signal=SIGKILL", "*.service")
        self._process.send_signal(signal.SIGRTMIN + 24)  # to a user's manager: exit now
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            for folder in self.folder.glob("systemd/inaccessible/dir"):
                folder.chmod(0o700)  # else only root could remove it

    def systemctl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Ask the manager."""
        command = ["systemctl", "--user", *arguments]
        return subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    def show(self, unit: str) -> dict[str, str]:
        """What the manager knows of a unit."""
        names = "ActiveState,SubState,NRestarts,MainPID,Result,StatusText"
        lines = self.systemctl("show", unit, f"--property={names}").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def wait_for(self, unit: str, **wanted: str) -> dict[str, str]:
        """What the manager knows of a unit once it is as wanted. Raises RuntimeError when it does not become so."""
        self.wait(f"{unit} has {wanted}", lambda: wanted.items() <= self.show(unit).items(), unit)
        return self.show(unit)

    def wait(self, what: str, reached: Callable[[], bool], unit: str = "") -> None:
        """Look until it is so. Raises RuntimeError with the unit's status after the limit."""
        end, never = monotonic() + LIMIT_S, threading.Event()
        while not reached():
            if monotonic() > end:
                raise RuntimeError(f"not within {LIMIT_S:g} s: {what}; {self.systemctl('status', unit).stdout}")
            never.wait(LOOK_S)

    def _surroundings(self) -> list[str]:
        if BOOTED.is_dir():
            return [] if os.geteuid() == 0 else [*IN_SCOPE]
        return [*IN_NAMESPACE, "bash", "-c", MAKE_BOOTED, str(self.folder)]

    def _answers(self) -> bool:
        return self.systemctl("is-active", "basic.target").stdout.strip() == "active"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "SYSTEMD_UNIT_PATH": f"{self.units}:/usr/lib/systemd/user",
        }


def obstacle() -> str | None:
    """What of this machine, not of what is installed, keeps a second systemd from running on it; None when it can."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    if not any(kind in ("cgroup", "cgroup2") and "rw" in flags.split(",") for _, _, kind, flags, *_ in mounts):
        return "no control groups that can be written"
    if BOOTED.is_dir():
        here = os.geteuid() == 0 or succeeds("systemctl", "--user", "list-units")
        return None if here else "no systemd of this user's session to ask for control groups"
    return None if succeeds(*IN_NAMESPACE, "true") else "no right to a mount namespace, and systemd did not boot it"


def succeeds(*command: str) -> bool:
    """Whether a command ends well."""
    return subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False).returncode == 0
