"""The C++ reference.  Forms: f64, mixed (float64 state, float32 normals), f32."""

import pathlib
import sys

import worker

workload, form, threads = worker.arguments()
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from reference import Reference  # noqa: E402  the folder is put on the path before

dimension = {"W3": 1, "W4": 2}.get(workload, 3)
made = Reference(int(workload[1]), form, worker.PARTICLES[workload], dimension, threads)
worker.serve(made.advance, made.mean_square, [], made.particles)
