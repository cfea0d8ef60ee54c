import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skhnm

ROOT = Path(skhnm.__file__).parent
CHECKOUT = Path(__file__).parent.parent

LAYERS = [
    {"exceptions", "common"},
    {"kernels"},
    {"embeddings", "losses", "neighbors"},
    {"pools", "metrics"},
    {"miners"},
    {"training", "offline"},
    {"estimators"},
    {"testing"},
    {"comparison"},
    {"plotting"},
]
"""The rooms, from the ground up. A room imports from lower layers, or from itself."""

AXES = {"pools", "miners", "losses"}
"""What a user combines freely: none knows the others."""

OPTIONAL = {"matplotlib", "pandas", "polars", "rich", "torch", "faiss"}


def modules_of(root):
    """Every module below a package's folder, with its path, by name."""
    return {
        ".".join([root.name, *path.relative_to(root).with_suffix("").parts]): path
        for path in sorted(root.rglob("*.py"))
    }


MODULES = modules_of(ROOT)
every_module = pytest.mark.parametrize("module", MODULES)


def room_of(module):
    """The folder (or file) directly below the package that a module belongs to."""
    return module.split(".")[1]


def layer_of(room):
    found = [number for number, layer in enumerate(LAYERS) if room in layer]
    assert found, f"{room} has no place in LAYERS: give it the lowest that its imports allow"
    return found[0]


def imports(module, modules=MODULES):
    """Modules of its package that a module imports from, inside of functions as well."""
    package = module.split(".")[0]
    for node in ast.walk(ast.parse(modules[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            if node.module.split(".")[0] == package:
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    yield submodule if submodule in modules else node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == package)


def test_the_root_holds_rooms_and_nothing_loose():
    rooms = {room_of(module) for module in MODULES} - {"__init__"}
    assert rooms == set().union(*LAYERS)
    assert {path.stem for path in ROOT.glob("*.py")} == {"__init__", "exceptions"}


@every_module
def test_imports_run_one_way(module):
    if module == "skhnm.__init__":
        return
    room = room_of(module)
    for imported in imports(module):
        other = room_of(imported)
        assert other == room or layer_of(other) < layer_of(room), f"{module} imports {imported}"


@pytest.mark.parametrize("root", [ROOT, CHECKOUT / "benchmarks"], ids=lambda root: root.name)
def test_no_module_imports_itself_by_way_of_others(root):
    modules = modules_of(root)
    graph = {module: set(imports(module, modules)) & modules.keys() for module in modules}
    list(TopologicalSorter(graph).static_order())  # a CycleError names the circle


@every_module
def test_the_axes_do_not_know_each_other(module):
    room = room_of(module)
    if room in AXES:
        for imported in imports(module):
            assert room_of(imported) not in AXES - {room}, f"{module} imports {imported}"


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


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ("skhnm._tuples", "Tuples"),
        ("skhnm._comparison", "compare_miners"),
        ("skhnm._comparison_result", "MinerComparison"),
    ],
)
def test_pickles_of_before_the_rooms_were_built_still_find_what_they_name(former, name):
    script = f"import pickle; print(pickle.loads(b'c{former}\\n{name}\\n.').__name__)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == name
