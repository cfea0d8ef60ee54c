import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skhnm

ROOT = Path(skhnm.__file__).parent

LAYERS = [
    {"_typing"},
    {"exceptions"},
    {"_tuples"},
    {"kernels"},
    {"_validation", "_threads", "_registry", "_compat", "_text", "_steps"},
    {"embeddings", "losses", "neighbors"},
    {"pools"},
    {"miners", "_model"},
    {"_objective", "offline"},
    {"solvers"},
    {"_monitor"},
    {"_training"},
    {"estimators"},
    {"metrics", "testing", "_comparison_result"},
    {"_comparison"},
    {"plotting"},
]
"""From the ground up. A part imports from lower layers, or from itself."""

AXES = {"pools", "miners", "losses"}
"""What a user combines freely: none knows the others."""


OPTIONAL = {"matplotlib", "pandas", "polars", "rich", "torch", "faiss"}


def name_of(path):
    return ".".join(["skhnm", *path.relative_to(ROOT).with_suffix("").parts])


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def part_of(module):
    """The file or folder directly below the package that a module belongs to."""
    return module.split(".")[1]


def layer_of(part):
    found = [number for number, layer in enumerate(LAYERS) if part in layer]
    assert found, f"{part} has no place in LAYERS: give it the lowest that its imports allow"
    return found[0]


def imports(module):
    """Modules of the package that a module imports from, wherever the import stands."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            if node.module.split(".")[0] == "skhnm":
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    yield submodule if submodule in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "skhnm")


@every_module
def test_imports_run_one_way(module):
    if module == "skhnm.__init__":
        return
    part = part_of(module)
    for imported in imports(module):
        other = part_of(imported)
        assert other == part or layer_of(other) < layer_of(part), f"{module} imports {imported}"


@every_module
def test_the_axes_do_not_know_each_other(module):
    part = part_of(module)
    if part in AXES:
        for imported in imports(module):
            assert part_of(imported) not in AXES - {part}, f"{module} imports {imported}"


@every_module
def test_modules_import_leaves_and_never_the_facade_of_a_package(module):
    for imported in imports(module):
        assert imported in MODULES, f"{module} imports from the façade {imported}"


@every_module
def test_optional_packages_are_imported_where_they_are_used(module):
    for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            assert not {a.name.split(".")[0] for a in node.names} & OPTIONAL
        elif isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] not in OPTIONAL


def test_importing_the_package_imports_no_optional_package_that_scikit_learn_does_not():
    script = f"""
import sys, sklearn.base
before = set(sys.modules)
import skhnm
print(sorted((set(sys.modules) - before) & {OPTIONAL - {"rich"}}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
