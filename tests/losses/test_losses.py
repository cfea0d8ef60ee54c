import itertools

import numpy as np
import pytest

from skhnm.losses import MarginLoss, NCALoss, RobustNCALoss, SoftTripleLoss
from skhnm.losses._known import LOSSES
from tests import cases, naive_losses

VARIANTS = cases.listed(cases.LOSSES)
every_variant = pytest.mark.parametrize(("name", "loss"), VARIANTS, ids=lambda v: str(v))


def distances():
    """Seven tuples of up to three positives and six negatives; the last has no negative."""
    random = np.random.default_rng(0)
    d_pos, d_neg = random.uniform(0.0, 2.0, (7, 3)), random.uniform(0.0, 2.0, (7, 6))
    d_pos[0, 2] = d_pos[3, 0] = d_pos[3, 1] = d_pos[6, 1] = -np.inf
    d_neg[1, 4] = d_neg[2, 0] = d_neg[3, 2] = d_neg[3, 3] = d_neg[6] = np.inf
    return d_pos, d_neg


def slopes(value, d, step=1e-5):
    """Central differences of the values (t,) by each real entry of d (t, w)."""
    found = np.zeros(d.shape)
    for column in range(d.shape[1]):
        up, down = d.copy(), d.copy()
        up[:, column] += step
        down[:, column] -= step
        found[:, column] = (value(up) - value(down)) / (2.0 * step)
    found[~np.isfinite(d)] = 0.0
    return found


def test_every_loss_has_a_naive_twin():
    assert set(LOSSES) == set(naive_losses.LOSSES) == set(cases.LOSSES)
    assert all(type(loss) is LOSSES[name] for name, loss in VARIANTS)


@every_variant
def test_values_equal_naive(name, loss):
    d_pos, d_neg = distances()
    values, g_pos, g_neg = loss.value_and_grad(d_pos, d_neg)
    twin = naive_losses.LOSSES[name]
    expected = [twin(p, n, **loss.get_params()) for p, n in zip(d_pos, d_neg, strict=True)]
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-15)
    assert (values.shape, g_pos.shape, g_neg.shape) == ((7,), (7, 3), (7, 6))


@every_variant
def test_gradients_equal_finite_differences(name, loss):
    d_pos, d_neg = distances()
    _, g_pos, g_neg = loss.value_and_grad(d_pos, d_neg)
    by_pos = slopes(lambda d: loss.value_and_grad(d, d_neg)[0], d_pos)
    by_neg = slopes(lambda d: loss.value_and_grad(d_pos, d)[0], d_neg)
    np.testing.assert_allclose(g_pos, by_pos, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(g_neg, by_neg, rtol=1e-6, atol=1e-9)
    assert (g_pos != 0).any()
    assert (g_neg != 0).any()


# A softmax over positives too lets go of one that is nearer than the others; and circle
# draws negatives that point away to an angle of 90 degrees.
MAY_PUSH_POSITIVES, MAY_PULL_NEGATIVES = {"sup_con", "soft_triple"}, {"circle", "soft_triple"}


@every_variant
def test_positives_attract_and_negatives_repel(name, loss):
    _, g_pos, g_neg = loss.value_and_grad(*distances())
    assert (g_pos >= 0).all() or name in MAY_PUSH_POSITIVES
    assert (g_neg <= 0).all() or name in MAY_PULL_NEGATIVES
    assert g_pos.sum() > 0 > g_neg.sum()


@every_variant
def test_padding_has_a_gradient_of_exactly_zero(name, loss):
    d_pos, d_neg = distances()
    _, g_pos, g_neg = loss.value_and_grad(d_pos, d_neg)
    assert (g_pos[~np.isfinite(d_pos)] == 0.0).all()
    assert (g_neg[~np.isfinite(d_neg)] == 0.0).all()


@every_variant
def test_columns_of_padding_change_nothing(name, loss):
    d_pos, d_neg = distances()
    values, g_pos, g_neg = loss.value_and_grad(d_pos, d_neg)
    wider = loss.value_and_grad(
        d_pos if name == "soft_triple" else np.hstack([d_pos, np.full((7, 2), -np.inf)]),
        np.hstack([d_neg, np.full((7, 3), np.inf)]),
    )
    np.testing.assert_allclose(wider[0], values, rtol=1e-14)
    np.testing.assert_allclose(wider[1][:, :3], g_pos, rtol=1e-14)
    np.testing.assert_allclose(wider[2][:, :6], g_neg, rtol=1e-14)


@every_variant
def test_each_tuple_depends_on_its_own_row_alone(name, loss):
    d_pos, d_neg = distances()
    whole = loss.value_and_grad(d_pos, d_neg)
    for t in range(7):
        alone = loss.value_and_grad(d_pos[t : t + 1], d_neg[t : t + 1])
        for a, b in zip(alone, whole, strict=True):
            np.testing.assert_allclose(a[0], b[t], rtol=1e-14)


@every_variant
@pytest.mark.parametrize("extremes", itertools.product([0.0, 1e-12, 1e4], repeat=2))
def test_extreme_distances_have_finite_values_and_gradients(name, loss, extremes):
    d_pos = np.array([[extremes[0], 1.0, -np.inf], [extremes[0]] * 3])
    d_neg = np.array([[extremes[1], 0.5, *[np.inf] * 4], [extremes[1]] * 6])
    for result in loss.value_and_grad(d_pos, d_neg):
        assert np.isfinite(result).all()


@every_variant
def test_distances_are_not_changed(name, loss):
    d_pos, d_neg = distances()
    loss.value_and_grad(d_pos, d_neg)
    np.testing.assert_array_equal(d_pos, distances()[0])
    np.testing.assert_array_equal(d_neg, distances()[1])


@every_variant
def test_no_tuples_have_no_loss(name, loss):
    values, g_pos, g_neg = loss.value_and_grad(np.empty((0, 2)), np.empty((0, 3)))
    assert (values.shape, g_pos.shape, g_neg.shape) == ((0,), (0, 2), (0, 3))


@every_variant
def test_every_loss_names_a_known_distance_and_accepts_its_own_parameters(name, loss):
    assert loss.metric in naive_losses.METRICS
    loss.check_parameters()


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("triplet", {"margin": 0.0}, ValueError, "margin must be a number > 0"),
        ("triplet", {"margin": None}, TypeError, "margin must be a number > 0"),
        ("large_margin", {"push_weight": 0.0}, ValueError, "push_weight must be a number > 0"),
        ("large_margin", {"push_weight": 1.1}, ValueError, "push_weight must be .* <= 1"),
        ("contrastive", {"margin": -1}, ValueError, "margin must be a number > 0"),
        ("npair", {"temperature": 0}, ValueError, "temperature must be a number > 0"),
        ("npair", {"temperature": np.inf}, ValueError, "temperature must be a number > 0"),
        ("margin", {"beta": 0}, ValueError, "beta must be a number > 0"),
        (
            "margin",
            {"learn_beta": "row"},
            ValueError,
            "learn_beta must be one of 'shared', 'class'",
        ),
        ("lifted", {"margin": -1}, ValueError, "margin must be a number > 0"),
        ("sup_con", {"temperature": 0}, ValueError, "temperature must be a number > 0"),
        ("multi_similarity", {"alpha": 0}, ValueError, "alpha must be a number > 0"),
        ("multi_similarity", {"base": 2}, ValueError, "base must be a number >= -1 and <= 1"),
        ("circle", {"margin": 1.0}, ValueError, "margin must be a number > 0 and < 1"),
        ("circle", {"gamma": 0}, ValueError, "gamma must be a number > 0"),
        ("proxy_anchor", {"margin": -0.1}, ValueError, "margin must be a number >= 0"),
        ("soft_triple", {"n_proxies": 0}, ValueError, "n_proxies must be an integer >= 1"),
        ("soft_triple", {"gamma": 0}, ValueError, "gamma must be a number > 0"),
        ("robust_nca", {"q": 1.1}, ValueError, "q must be a number >= 0 and <= 1"),
        ("nca", {"scale": "auto"}, TypeError, "scale must be a number > 0"),
    ],
)
def test_a_parameter_out_of_its_range_raises(name, parameters, error, message):
    with pytest.raises(error, match=message):
        LOSSES[name](**parameters).check_parameters()


def test_robust_nca_lets_go_of_a_lost_anchor():
    d_pos, d_neg = np.array([[30.0]]), np.array([[1.0]])
    pull = [RobustNCALoss(q=q).value_and_grad(d_pos, d_neg)[1][0, 0] for q in (0.0, 0.25, 1.0)]
    assert pull[0] == pytest.approx(1.0)
    assert pull == pytest.approx(np.exp([-0.0 * 29, -0.25 * 29, -29]), rel=1e-6)


def test_robust_nca_of_one_positive_and_the_logarithm_is_nca():
    d_pos, d_neg = distances()
    for ours, theirs in zip(
        RobustNCALoss(2.0, q=0.0).value_and_grad(d_pos[:, :1], d_neg),
        NCALoss(2.0).value_and_grad(d_pos[:, :1], d_neg),
        strict=True,
    ):
        real = np.isfinite(d_pos[:, 0])
        np.testing.assert_allclose(ours[real], theirs[real], rtol=1e-12, atol=1e-15)


def test_margin_learns_its_boundary_as_a_shift_of_all_distances():
    d_pos, d_neg = distances()
    loss = MarginLoss()
    _, g_pos, g_neg = loss.value_and_grad(d_pos, d_neg)

    def value(shift):
        return loss.value_and_grad(d_pos - shift, d_neg - shift)[0]

    difference = (value(1e-6) - value(-1e-6)) / 2e-6
    np.testing.assert_allclose(-(g_pos.sum(axis=1) + g_neg.sum(axis=1)), difference, atol=1e-6)
    moved = MarginLoss(beta=1.2 + 0.3).value_and_grad(d_pos, d_neg)[0]
    np.testing.assert_allclose(value(0.3), moved, rtol=1e-12)
    loss.learned(np.array([0.3, -0.1]))
    np.testing.assert_allclose(loss.beta_, [1.5, 1.1])


@pytest.mark.parametrize(("p", "k"), [(4, 6), (3, 5)])
def test_soft_triple_names_what_it_needs(p, k):
    with pytest.raises(ValueError, match=r"pool=ProxyPool\(3\), positive_miner='all'"):
        SoftTripleLoss(3).value_and_grad(np.ones((2, p)), np.ones((2, k)))
