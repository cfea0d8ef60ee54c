import pytest

from skhnm.neighbors import ExactIndex, GraphIndex, LSHIndex, TreeIndex
from skhnm.neighbors._known import INDEXES, resolve_index


def test_the_names_are_those_of_the_classes():
    assert dict(INDEXES) == {
        "exact": ExactIndex,
        "tree": TreeIndex,
        "lsh": LSHIndex,
        "graph": GraphIndex,
    }


def test_an_instance_is_cloned():
    given = TreeIndex(leaf_size=7)
    index = resolve_index(given)
    assert index is not given
    assert index.leaf_size == 7


def test_an_unknown_name_gets_the_known_ones():
    with pytest.raises(ValueError, match=r"Unknown index 'three'.*Did you mean 'tree'"):
        resolve_index("three")


def test_a_bad_parameter_names_the_index():
    with pytest.raises(ValueError, match="TreeIndex: leaf_size must be"):
        resolve_index(TreeIndex(leaf_size=0))
