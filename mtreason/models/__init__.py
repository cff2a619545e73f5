"""Language models: the protocol, and the backends that implement it.

Importing this package sets one environment variable, GOMP_SPINCOUNT, unless it or OMP_WAIT_POLICY is set: how long the
threads of torch's kernels spin at a barrier before they sleep. OpenMP reads it once, when torch is loaded, so it has to
be set before the first import of torch. By default, threads spin for milliseconds; where another process wants the same
cores, they use up the time of the thread that they wait for. In a process that has loaded torch already, the variable
changes nothing.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
