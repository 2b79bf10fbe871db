"""A page that nobody touches keeps its socket, and hears what happens later."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests import images
from tests.program import RunningProgram

pytestmark = pytest.mark.flow

# Longer than the five seconds that the channel layer waits at a time.
IDLE_SECONDS = 8


def test_a_socket_outlives_a_quiet_while(running_program: RunningProgram, tmp_path: Path) -> None:
    images.write(tmp_path / "first", "a.jpg", seed=1)
    images.write(tmp_path / "second", "b.jpg", seed=2)
    done = running_program.manage("import_folder", str(tmp_path / "first"), "--dataset", "Quiet", "--wait", "--json")
    dataset = json.loads(done.stdout)["dataset_id"]
    heard = asyncio.run(_listen(running_program, dataset, tmp_path / "second"))
    assert [message["data"]["images"] for message in heard] == [1, 2]
    assert "Traceback" not in (running_program.data_dir / "logs" / "web.log").read_text()


async def _listen(program: RunningProgram, dataset: int, later: Path) -> list[dict[str, dict[str, int]]]:
    address = program.url.replace("http", "ws") + f"/ws/datasets/{dataset}/"
    heard = []
    async with connect(address, origin=program.url) as socket:  # type: ignore[arg-type]  # (a plain string is one)
        heard.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
        await asyncio.sleep(IDLE_SECONDS)
        await asyncio.to_thread(program.manage, "import_folder", str(later), "--dataset", "Quiet", "--wait")
        while heard[-1]["data"]["images"] < 2:
            message = json.loads(await asyncio.wait_for(socket.recv(), 20))
            if message["data"]["images"] != heard[-1]["data"]["images"]:
                heard.append(message)
    return heard
