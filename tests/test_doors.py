"""What holds of every public way in for labels and embeddings, by whatever function."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import skhnm.metrics
from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from tests.doors import (
    ARGUMENTS,
    EMBEDDINGS,
    GROUPS,
    LABELS,
    N_ROWS,
    X,
    Y,
    comparable,
    doors,
)

pytestmark = [
    pytest.mark.jit,  # what stands behind the doors is tried without it elsewhere
    pytest.mark.filterwarnings("ignore:No map was better than none"),
]

every_label_door = pytest.mark.parametrize("door", doors(LABELS), ids=str)
every_unlabelled_door = pytest.mark.parametrize("door", doors(LABELS, "unlabelled"), ids=str)
every_embedding_door = pytest.mark.parametrize("door", doors(EMBEDDINGS), ids=str)

LARGE = 10**18 + 64 * Y  # as floats, all one
WORDS = np.array(["ant", "bee", "cat"])[Y]

AS_GIVEN = {
    "whole numbers beyond floats": list(LARGE),
    "Int64": pd.Series(LARGE, dtype="Int64"),
    "words": list(WORDS),
    "objects": WORDS.astype(object),
    "string": pd.Series(WORDS, dtype="string"),
    "categorical": pd.Series(pd.Categorical(WORDS)),
    "polars": pl.Series(WORDS),
    "arrow": pa.array(WORDS.tolist()),
    "a data frame": pd.DataFrame({"label": pd.array(Y, dtype="Int64")}),
}


def labels_like(door, y):
    """Return the same labels in a partner's place, so that the two can be compared."""
    partners = {"pool_y": "y", "reference_y": "y", "query_labels": "labels", "classes": "y"}
    partner = partners.get(door.parameter)
    return {partner: y} if partner in door.options | {"y"} and partner else {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@every_label_door
@pytest.mark.parametrize("given", AS_GIVEN.values(), ids=AS_GIVEN)
def test_labels_are_what_they_were_given_as(door, given):
    expected = door(Y)
    found = door(given, **labels_like(door, given))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


MISSING = {
    "NaN in a list of words": [*WORDS[:-1], float("nan")],
    "None in a list": [*WORDS[:-1], None],
    "None among whole numbers": [*Y[:-1].tolist(), None],
    "NaN": np.append(Y[:-1], np.nan),
    "object NaN": np.array([*WORDS[:-1], np.nan], dtype=object),
    "Int64": pd.Series([*Y[:-1], None], dtype="Int64"),
    "boolean": pd.Series([*(Y[:-1] > 0), None], dtype="boolean"),
    "categorical": pd.Categorical([*WORDS[:-1], None]),
    "masked": np.ma.array(Y, mask=np.arange(N_ROWS) == N_ROWS - 1),
    "polars": pl.Series([*Y[:-1].tolist(), None]),
}


@every_label_door
@pytest.mark.parametrize("given", MISSING.values(), ids=MISSING)
def test_a_missing_label_is_an_error_that_names_the_remedy(door, given):
    with pytest.raises(ValueError, match=r"NaN.*unlabelled=None"):
        door(given, **labels_like(door, given))


@every_unlabelled_door
@pytest.mark.parametrize("mark", [None, np.nan, pd.NA])
@pytest.mark.parametrize(
    "given",
    [[*Y[:-1].tolist(), None], [*Y[:-1].tolist(), float("nan")],
     pd.Series([*Y[:-1], None], dtype="Int64")],
    ids=["None", "NaN", "Int64"],
)  # fmt: skip
def test_missing_labels_may_mean_no_class(door, mark, given):
    if door.parameter == "classes":
        pytest.skip("classes that are announced are all there")
    marked = np.append(Y[:-1], -1)
    expected = door(marked, unlabelled=-1, **labels_like(door, marked))
    found = door(given, unlabelled=mark, **labels_like(door, given))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("learner", [HardNegativeMetricLearner, MLPMetricLearner])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (pd.Series(Y, dtype="Int64"), np.int64),
        (pd.Series(Y > 0, dtype="boolean"), bool),
        (pd.Categorical(Y), np.int64),
        ([*Y[:-1].tolist(), None], np.int64),
        (WORDS.tolist(), "<U3"),
        (WORDS.astype(object), object),
        (np.where(Y == 0, 2**63, Y).astype(np.uint64), np.uint64),
        ([2**70 if label else -1 for label in Y], object),
    ],
)
def test_classes_are_of_the_type_of_the_labels(learner, method, y, dtype):
    fitted = getattr(learner(max_iter=1, unlabelled=None, random_state=0), method)(X, y)
    assert fitted.classes_.dtype == dtype
    assert set(fitted.classes_.tolist()) <= set(np.asarray(y, dtype=object).tolist())


class Tensor:
    """Behaves as a tensor of PyTorch does towards NumPy."""

    layout = "torch.strided"

    def __init__(self, numbers, dtype="float64", requires_grad=False, device="cpu"):
        self.numbers, self.requires_grad = np.asarray(numbers), requires_grad
        self.dtype, self.shape, self.ndim = f"torch.{dtype}", self.numbers.shape, np.ndim(numbers)
        self.device = type("Device", (), {"type": device})

    def detach(self):
        return Tensor(self.numbers, self.dtype.split(".")[1], False, self.device.type)

    def float(self):
        return Tensor(self.numbers.astype(np.float32))

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, rows):
        return Tensor(self.numbers[rows], "float64", self.requires_grad)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return np.asarray(self.numbers, dtype=dtype)


AS_PEOPLE_HAVE_THEM = {
    "a tensor that requires a gradient": lambda rows: Tensor(rows, requires_grad=True),
    "a list of tensors": lambda rows: [Tensor(row, requires_grad=True) for row in rows],
    "a column of arrays": lambda rows: pd.Series(list(rows)),
    "a column of arrays in a data frame": lambda rows: pd.DataFrame({"embedding": list(rows)}),
    "a column of lists": lambda rows: pl.Series(rows.tolist()),
    "nested lists": lambda rows: rows.tolist(),
}


@every_embedding_door
@pytest.mark.parametrize("have", AS_PEOPLE_HAVE_THEM.values(), ids=AS_PEOPLE_HAVE_THEM)
def test_embeddings_are_taken_as_people_have_them(door, have):
    rows = ARGUMENTS[door.parameter]
    if rows.ndim == 3 and have is not AS_PEOPLE_HAVE_THEM["a tensor that requires a gradient"]:
        pytest.skip("pairs are no column")
    for a, b in zip(door(have(rows)), door(rows), strict=True):
        np.testing.assert_array_equal(a, b)


@every_embedding_door
def test_bfloat16_is_taken_for_what_it_holds(door):
    rows = (ARGUMENTS[door.parameter].view(np.uint64) >> 45 << 45).view(np.float64)
    narrow = Tensor(rows, "bfloat16", requires_grad=True)
    for a, b in zip(door(narrow), door(rows.astype(np.float32)), strict=True):
        np.testing.assert_array_equal(a, b)


@every_embedding_door
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda rows: Tensor(rows, device="cuda"), TypeError, r"pass \w+\.cpu\(\)"),
        (lambda rows: np.where(rows == rows.max(), np.nan, rows), ValueError, "NaN"),
        (lambda rows: np.ma.masked_equal(rows, rows.max()), ValueError, "NaN"),
        (lambda rows: pd.Series([*rows[:-1], rows[-1][:1]]), ValueError, "row 29 has 1 numbers"),
        (lambda rows: pd.Series([*rows[:-1], None]), ValueError, "row 29 has None"),
    ],
)
def test_embeddings_that_cannot_be_used_raise_and_the_message_says_what_to_call(
    door, spoil, error, message
):
    if ARGUMENTS[door.parameter].ndim == 3 and "row 29" in message:
        pytest.skip("pairs are no column")
    with pytest.raises(error, match=message):
        door(spoil(ARGUMENTS[door.parameter]))


@pytest.mark.parametrize("learner", [HardNegativeMetricLearner, MLPMetricLearner])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("t", "what"), [(2, "pairs"), (3, "triplets"), (4, "quadruplets")])
def test_pairs_given_to_fit_are_told_the_way(learner, method, t, what):
    with pytest.raises(ValueError, match=rf"X holds {what}.*one label; pair_distance"):
        getattr(learner(), method)(np.ones((5, t, 3)), np.arange(5))


every_group_door = pytest.mark.parametrize("door", doors(GROUPS, "ungrouped"), ids=str)
FEW = np.where(np.arange(N_ROWS) < 10, np.arange(N_ROWS) // 2, -1)  # as clusterings give them

UNGROUPED = {
    "-1": FEW,
    "NaN": np.where(FEW < 0, np.nan, FEW),
    "None": [None if group < 0 else int(group) for group in FEW],
    "Int64": pd.Series([None if group < 0 else int(group) for group in FEW], dtype="Int64"),
    "None among words": [None if group < 0 else f"group {group}" for group in FEW],
    "NaN among words": [float("nan") if group < 0 else f"group {group}" for group in FEW],
    "large": np.where(FEW < 0, -1, 10**18 + 64 * FEW),
    "polars": pl.Series([None if group < 0 else int(group) for group in FEW]),
}


@every_group_door
@pytest.mark.parametrize("groups", UNGROUPED.values(), ids=UNGROUPED)
def test_rows_in_no_group_are_as_if_each_had_one_of_its_own(door, groups):
    alone = np.where(FEW < 0, 100 + np.arange(N_ROWS), FEW)
    for a, b in zip(door(groups), door(alone), strict=True):
        np.testing.assert_array_equal(a, b)


@every_group_door
def test_minus_one_may_be_a_group(door):
    one = door(np.where(FEW < 0, 7, FEW))
    for a, b in zip(door(FEW, ungrouped=None), one, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="ungrouped=None"):
        door(np.where(FEW == 0, -2, FEW))


JUDGES = [
    door
    for door in doors({"X", "Z"})
    if door.owner.endswith(("Learner.score", "_scorer")) or door.owner in skhnm.metrics.__all__
]
every_judge = pytest.mark.parametrize("judge", JUDGES, ids=str)
GREY = np.random.default_rng(0).integers(0, 2, size=(N_ROWS, 3)).astype(float)  # eight places


@every_judge
@pytest.mark.parametrize("seed", range(3))
def test_no_figure_depends_on_the_order_of_rows_though_many_tie(judge, seed):
    order = np.random.default_rng(seed).permutation(N_ROWS)
    np.testing.assert_allclose(
        judge(GREY[order], y=Y[order])[0], judge(GREY, y=Y)[0], rtol=1e-12, atol=1e-12
    )


@every_judge
def test_rows_that_are_all_the_same_are_judged_as_chance(judge):
    blocks, mixed = np.sort(Y), Y
    figures = [np.ravel(judge(np.zeros((N_ROWS, 3)), y=y)[0])[0] for y in (blocks, mixed)]
    assert figures[0] == pytest.approx(figures[1])
    assert figures[0] < 0.8  # recall at 1, of classes of a third of the rows, is .31


@every_judge
def test_rows_of_one_class_have_no_figure(judge):
    with pytest.raises(ValueError, match="class"):
        judge(X, y=np.zeros(N_ROWS, dtype=int))


def test_what_is_found_here_is_most_of_what_there_is():
    found = {str(door) for door in doors(LABELS | EMBEDDINGS)}
    assert len(found) > 150
    assert {
        "MLPMetricLearner.partial_fit(classes)", "OHEMMiner.mine(pool_y)", "compare_miners(X)",
        "mine_hard_negatives(query_labels)", "GraphIndex.nearest(queries)",
        "EmbeddingDisplay.from_estimator(y)", "retrieval_scorer(y)", "map_at_r(reference)",
    } <= found  # fmt: skip


def test_comparable_results_can_differ():
    assert not np.array_equal(comparable(1.0)[0], comparable(2.0)[0])
