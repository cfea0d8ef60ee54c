import numpy as np
import pandas as pd
import pytest

from skhnm.common._labels import encode_labels, encode_together, join_labels

DAYS = np.array(["2020-01-01", "2021-01-01", "2020-01-01"], dtype="M8[D]")
NAMES = ("y", "pool_y")


@pytest.mark.parametrize("unit", ["us", "ns", "D"])
def test_dates_are_equal_in_whatever_unit(unit):
    codes, pool_codes = encode_together(DAYS, pd.Series(DAYS.astype(f"M8[{unit}]")), None, NAMES)
    assert codes.tolist() == pool_codes.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("y", "pool_y", "message"),
    [
        ([1, 2], ["1", "2"], "y holds numbers and pool_y holds strings"),
        ([1, 2], DAYS, "y holds numbers and pool_y holds dates"),
        ([1, 2], [b"1", b"2"], "y holds numbers and pool_y holds bytes"),
        (DAYS, DAYS - DAYS[0], "y holds dates and pool_y holds durations"),
        (
            DAYS,
            list(pd.to_datetime(DAYS)),
            "y holds dates and pool_y holds values of type Timestamp",
        ),
    ],
)
def test_labels_of_two_kinds_could_never_match(y, pool_y, message):
    with pytest.raises(ValueError, match=message):
        encode_together(y, pool_y, None, NAMES)
    with pytest.raises(ValueError, match=r"here and .* there"):
        join_labels([encode_labels(y)[0], encode_labels(pool_y)[0]])


@pytest.mark.parametrize("missing", [None, np.nan])
def test_strings_of_numpys_own_kind_may_be_missing(missing):
    y = np.array(["b", "a", missing], dtype=np.dtypes.StringDType(na_object=missing))
    with pytest.raises(ValueError, match="missing labels"):
        encode_labels(y)
    classes, codes = encode_labels(y, None)
    assert classes.tolist() == ["a", "b"]
    assert codes.tolist() == [1, 0, -1]


def test_whole_numbers_are_joined_without_rounding():
    joined = join_labels([np.array([10**18 + 1]), np.array([2**63], dtype=np.uint64)])
    assert joined.tolist() == [10**18 + 1, 2**63]
