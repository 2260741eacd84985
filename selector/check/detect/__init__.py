"""What a repository declares, one detector a form of file.

A detector is a module of this folder with two functions: `reads(file)` says by the path alone whether a
file may be of its form, and `find(file, tree)` yields the facts. `MODULES` names them; each is imported
when a file of its form turns up, so that a check pays only for what it reads.
"""

MODULES = (
    "dockerfile",
    "compose",
    "kubernetes",
    "helm",
    "kustomize",
    "scripts",
    "env_files",
    "manifests",
    "node",
    "python_source",
    "typescript",
    "training_configs",
    "launchers",
    "model_settings",
    "engine_configs",
    "terraform",
    "bicep",
    "cloudformation",
    "triton",
)
