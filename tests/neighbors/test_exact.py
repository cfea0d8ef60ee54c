import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skhnm.neighbors import ExactIndex
from skhnm.testing import index_checks

POOL, CODES = np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([0, 0, 1, 1])


@pytest.mark.jit
@pytest.mark.parametrize("check", index_checks(ExactIndex()), ids=lambda c: c.func.__name__)
def test_keeps_the_contract_of_an_index(check):
    check()


def test_answers_have_the_width_that_was_asked_for():
    indices, distances = ExactIndex().fit(POOL, CODES).nearest(POOL, CODES, 3)
    assert indices.tolist() == [[2, 3, -1], [2, 3, -1], [1, 0, -1], [1, 0, -1]]
    assert np.isnan(distances[:, 2]).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"side": "others"}, "side must be one of"),
        ({"k": 0}, "k must be an integer >= 1"),
        ({"queries": [[0.0, 1.0]] * 4}, "queries have 2 columns, the pool 1"),
        ({"queries": [[np.nan]] * 4}, "NaN"),
        ({"codes": [0.5, 0, 0, 0]}, "codes must be whole numbers"),
        ({"codes": [0, 0]}, "inconsistent numbers of samples"),
        ({"own": [-2, 0, 0, 0]}, "own must be whole numbers"),
        ({"own": [4, 0, 0, 0]}, "own names row 4, but the pool has 4 rows"),
        ({"groups": [0.5, 0, 0, 0]}, "groups must be whole numbers"),
        ({"groups": [0, 0]}, "groups has 2 entries, but there are 4 rows"),
        ({"groups": [0, 0, 1, 1]}, "groups are given, but fit was not told those of the pool"),
    ],
)
def test_bad_questions_get_a_clear_error(changed, message):
    index = ExactIndex().fit(POOL, CODES)
    with pytest.raises(ValueError, match=message):
        index.nearest(**{"queries": POOL, "codes": CODES, "k": 1, **changed})


def test_groups_of_the_pool_are_checked():
    with pytest.raises(ValueError, match="groups has 3 entries, but there are 4 rows"):
        ExactIndex().fit(POOL, CODES, groups=[0, 1, 2])


def test_a_question_before_fit_is_refused():
    with pytest.raises(NotFittedError):
        ExactIndex().nearest(POOL, CODES, 1)
