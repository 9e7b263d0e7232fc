"""A stand-in for a server: `stand_in.py PORT MODE SECONDS`, which says in what ways it misbehaves.

It writes what a vLLM server would write to its standard output. `late` answers after so many
seconds, `dies` ends after them with an error, `hangs` answers once and then never again, `child`
lets a process that it starts answer, `slow` writes how far it is and never answers.
"""

from __future__ import annotations

import http.server
import subprocess
import sys
import time

BANNER = "(APIServer pid=1) INFO 11-20 10:00:00 [api_server.py:1] vLLM API server version 0.11.0"
MEMORY = "(EngineCore_DP0 pid=2) ValueError: No available memory for the cache blocks. Try more."
FAILED = "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above."
LOADING = "Loading safetensors checkpoint shards:  40% Completed | 2/5 [00:10<00:15]"


class Health(http.server.BaseHTTPRequestHandler):
    hangs = False

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1" if self.hangs else "0")
        self.end_headers()
        self.wfile.flush()
        if self.hangs:
            time.sleep(3600)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    port, mode, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    print(BANNER, flush=True)
    if mode == "child":
        sys.exit(subprocess.call([sys.executable, __file__, sys.argv[1], "late", sys.argv[3]]))
    if mode == "slow":
        print(LOADING, flush=True)
        time.sleep(3600)
    time.sleep(seconds)
    if mode == "dies":
        print(MEMORY, FAILED, sep="\n", flush=True)
        sys.exit(1)
    Health.hangs = mode == "hangs"
    server = http.server.HTTPServer(("127.0.0.1", port), Health)
    print("(APIServer pid=1) INFO:     Application startup complete.", flush=True)
    server.serve_forever()


main()
