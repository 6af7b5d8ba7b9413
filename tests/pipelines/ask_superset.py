"""Asks Superset for the data of all charts, in Superset's own environment, and prints them as JSON by chart.

Does not belong here: what the answers should be (`test_superset`).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from superset.app import create_app


def answers(user: str, password: str) -> dict[str, Any]:
    """The rows of each chart, by its name, through Superset's REST API."""
    client = create_app().test_client()

    def asked(method: str, path: str, **more: Any) -> Any:
        response = getattr(client, method)(f"/api/v1/{path}", **more)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    login = {"username": user, "password": password, "provider": "db"}
    token = asked("post", "security/login", json=login)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    charts = asked("get", "chart/", headers=headers)["result"]
    return {
        chart["slice_name"]: asked("get", f"chart/{chart['id']}/data/", headers=headers)["result"][0]["data"]
        for chart in charts
    }


if __name__ == "__main__":
    print(json.dumps(answers(*sys.argv[1:3])))
