"""Publishes readings of many detectors, QoS 1.

python -m tests.bench.load HOST PORT COUNT RATE: COUNT messages at RATE a second; 0 is as fast as the broker takes them.
"""

import random
import sys
import time

from tests.bench.client import IN_FLIGHT, READINGS, connect, reading
from tests.bench.venue import DETECTORS, detector


def main(host: str, port: int, count: int, rate: float) -> None:
    """Publish and return when the broker has acknowledged everything."""
    client = connect(host, port, f"load-{random.getrandbits(32):08x}")
    client.loop_start()
    boot, noise = f"{random.getrandbits(32):08x}", random.Random(1)
    began = time.perf_counter()
    last = None
    for number in range(count):
        if rate and (early_s := began + number / rate - time.perf_counter()) > 0:
            time.sleep(early_s)
        payload = reading(boot, number, smoke_obscuration=round(noise.uniform(0.0, 0.4), 3))
        last = client.publish(READINGS.format(device=detector(number % DETECTORS)), payload, qos=1)
        if not rate and number % (10 * IN_FLIGHT) == 0:
            last.wait_for_publish()
    if last is not None:
        last.wait_for_publish()
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
