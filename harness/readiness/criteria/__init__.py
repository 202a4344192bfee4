"""One criterion a file, found by its being here: each module exposes `CRITERION`. They decide; they read nothing else."""
