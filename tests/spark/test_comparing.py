"""Two tables are the same where every cell is, doubles to 1e-9."""

from __future__ import annotations

import duckdb
import pytest

from tests.spark.comparing import differences

ROW = "SELECT 'a' AS name, 1.25::DECIMAL(18, 2) AS amount, 0.1::DOUBLE AS rate, NULL::DOUBLE AS share"


@pytest.mark.parametrize(
    "other",
    [
        ROW.replace("'a'", "'b'"),
        ROW.replace("1.25", "1.26"),
        ROW.replace("0.1::", "0.1001::"),
        ROW.replace("NULL", "0"),
        ROW.replace("DECIMAL(18, 2)", "DECIMAL(20, 2)"),
        ROW.replace("AS share", "AS part"),
        f"{ROW} UNION ALL {ROW}",
        f"{ROW} LIMIT 0",
    ],
)
def test_a_difference_is_found(other: str) -> None:
    with duckdb.connect() as connection:
        assert len(differences(connection, f"({ROW})", f"({other})")) >= 1


def test_a_sum_in_another_order_is_none() -> None:
    with duckdb.connect() as connection:
        assert differences(connection, f"({ROW})", f"({ROW.replace('0.1::', '0.1000000000000001::')})") == []
