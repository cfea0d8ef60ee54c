"""Features as curves: what the columns are, and of which feature."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from skhnm.estimators.classifier._encoding import Encoding, knots_of, n_columns

RANDOM = np.random.default_rng(0)
X = np.stack([RANDOM.normal(size=60), RANDOM.integers(3, size=60), np.ones(60)], axis=1)
ONES = np.ones(60)


def test_plain_features_are_standardised_and_constant_ones_are_left_out():
    encoding = Encoding(None).fit(X, ONES)
    assert_allclose(encoding.transform(X), StandardScaler().fit_transform(X[:, :2]))
    assert_array_equal(encoding.feature_, [0, 1])


def test_each_column_depends_on_its_feature_alone():
    encoding = Encoding(5).fit(X, ONES)
    before = encoding.transform(X)
    for f in range(3):
        moved = X.copy()
        moved[:, f] += 0.5
        changed = (encoding.transform(moved) != before).any(axis=0)
        assert set(encoding.feature_[changed]) <= {f}
    assert set(encoding.feature_) == {0, 1}


def test_a_feature_of_few_values_may_take_any_height_at_each():
    codes = np.arange(60.0)[:, None] % 4
    E = Encoding(6).fit(codes, ONES).transform(codes)
    wanted = (codes[:, 0] == 2).astype(float)  # what no straight line of the codes is
    E = np.column_stack([E, ONES])
    assert_allclose(E @ np.linalg.lstsq(E, wanted)[0], wanted, atol=1e-8)


def test_beyond_the_outermost_knots_nothing_changes():
    encoding = Encoding(5).fit(X, ONES)
    far, farther = X.max(axis=0)[None] + 1.0, X.max(axis=0)[None] + 1e6
    assert_allclose(encoding.transform(far), encoding.transform(farther))


def test_weights_are_repetitions():
    weights = 1.0 + np.arange(60) % 3
    repeated = np.repeat(X, weights.astype(int), axis=0)
    for n_knots in (None, 5):
        weighted = Encoding(n_knots).fit(X, weights)
        counted = Encoding(n_knots).fit(repeated, np.ones(len(repeated)))
        assert_allclose(weighted.transform(X), counted.transform(X), atol=1e-12)


@pytest.mark.parametrize("n_knots", [None, 4])
def test_float32_stays_float32(n_knots):
    few = X.astype(np.float32)
    assert Encoding(n_knots).fit(few, ONES).transform(few).dtype == np.float32


def naive_knots(x, n_knots):
    """Knots of values that all differ and weigh the same: every so many of them."""
    x = np.sort(x)
    return x[[int(np.ceil(i * (len(x) - 1) / (n_knots - 1))) for i in range(n_knots)]]


@pytest.mark.parametrize("n_knots", [2, 3, 7])
def test_knots_lie_at_quantiles(n_knots):
    x = RANDOM.permutation(61).astype(float)
    assert_array_equal(knots_of(x, np.ones(61), n_knots), naive_knots(x, n_knots))


@pytest.mark.parametrize(
    "x",
    [np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5]),
     np.array([0.0, 1e-9, 1.0]), np.array([-1e9, 0, 1e9]), np.arange(5.0)],
)  # fmt: skip
@pytest.mark.parametrize("n_knots", [2, 4, 12])
def test_knots_ascend_from_the_least_value_whatever_the_values(x, n_knots):
    knots = knots_of(x, np.ones(len(x)), n_knots)
    assert knots.shape == (n_knots,)
    assert (np.diff(knots) > 0).all()
    assert knots[0] == x.min()
    assert knots[-1] >= x.max()


def test_a_common_value_does_not_take_all_knots():
    x = np.concatenate([np.zeros(900), np.linspace(1, 2, 100)])
    knots = knots_of(x, np.ones(1000), 5)
    assert (knots == 0).sum() == 1
    assert (knots >= 1).sum() == 4


@pytest.mark.parametrize("x", [[1.0, np.nextafter(1.0, 2)], [1e16, 1e16 + 2], [-1.0, 2.0**53]])
def test_knots_ascend_at_the_limit_of_precision(x):
    assert (np.diff(knots_of(np.array(x), np.ones(2), 12)) > 0).all()


def test_the_columns_of_a_feature_are_as_many_as_are_counted():
    X = np.random.default_rng(0).standard_normal((200, 3))
    for n_knots in (None, 4, 7, 12):
        encoded = Encoding(n_knots).fit_transform(X, np.ones(200))
        assert encoded.shape[1] == 3 * n_columns(n_knots)
