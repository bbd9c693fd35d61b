"""Words to systemd, and none to anybody else."""

import os
import socket


def sd_notify(message: str) -> None:
    """Send e.g. "READY=1" to the service manager; does nothing when there is none. Never raises, never blocks."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
        try:
            sender.sendto(message.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return  # systemd has gone: it will notice that nobody pets its watchdog
