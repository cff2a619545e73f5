"""Language models: the protocol, and what implements it.

Importing this sets one environment variable, GOMP_SPINCOUNT, unless it or OMP_WAIT_POLICY is set: how long the threads
of torch's kernels spin at a barrier before they sleep. OpenMP reads it once, when torch is loaded, so it has to be set
before that by whoever comes first. Left alone, threads spin for milliseconds, and where another process wants the
same cores they spin away the time of the thread that they wait for. In a process that has loaded torch already, the
variable changes nothing.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
