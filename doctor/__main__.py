"""`python -m doctor` is `vllm-doctor`."""

import sys

from doctor.cli import main

sys.exit(main())
