"""One process of the all-reduce. It runs in the environment's Python, and knows nothing of ours.

It writes a line for each stage that it has come to, `alive` while it runs, and at last what it
measured.
"""

import json
import os
import sys
import threading
import time

#: Bytes that are reduced, and how often they are after the first time.
BYTES, TIMES = 64 << 20, 5


def tell(**what: object) -> None:
    """Write one line, whole: the thread below writes as well."""
    os.write(1, (json.dumps(what) + "\n").encode())


def alive() -> None:
    """Go on telling that the process runs, whatever its main thread waits for."""
    while True:
        tell(alive=True)
        time.sleep(0.5)


def main() -> None:
    """Join the others and reduce with them; the environment says which rank this is."""
    threading.Thread(target=alive, daemon=True).start()
    tell(stage="importing torch")
    import torch

    tell(stage="opening its GPU")
    world, local = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_RANK"])
    torch.cuda.set_device(local)
    numbers = torch.ones(BYTES // 4, device="cuda")
    torch.cuda.synchronize()
    tell(stage="joining the others")
    torch.distributed.init_process_group("nccl")
    tell(stage="in the all-reduce")
    torch.distributed.all_reduce(numbers)
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(TIMES):
        torch.distributed.all_reduce(numbers)
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - started) / TIMES
    # What each link carries, as nccl-tests counts it, in 10^9 bytes a second.
    tell(stage="done", bandwidth=2 * (world - 1) / world * BYTES / seconds / 1e9)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        tell(failed=said[0][:200])
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)  # to take the group apart may hang, and is of no use
