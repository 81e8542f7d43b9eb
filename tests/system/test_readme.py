"""This file does what the README says about adding a database: its code, its YAML and its command, word for word."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(heading: str) -> list[tuple[str, str]]:
    """The fenced blocks of a section of the README: language and text."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```(\w*)\n(.*?)```", section, flags=re.DOTALL)


def test_a_database_outside_the_package_is_one_file_and_one_yaml(tmp_path: Path) -> None:
    (_, code), (_, config), (_, command) = blocks("Adding a database")
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "studio.py").write_text(code)
    (tmp_path / "conf" / "data" / "studio.yaml").write_text(config)
    environment = {**os.environ, "FER_DATA": str(tmp_path / "faces"), "PYTHONPATH": str(tmp_path)}
    write = "from pathlib import Path; from studio import Studio; Studio.write_sample(Path('faces/studio'))"
    subprocess.run([sys.executable, "-c", write], cwd=tmp_path, env=environment, check=True)

    words = command.replace("DIR", str(tmp_path)).split()
    assert words[0] == "FER_PLUGINS=studio"
    quick = ["model=nearest_neighbour", "features=pixels", "protocol.folds=2", f"run.output={tmp_path}/outputs"]
    done = subprocess.run(
        [sys.executable, str(ROOT / words[3]), *words[4:], *quick],
        cwd=tmp_path,
        env={**environment, "FER_PLUGINS": "studio"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "studio" in done.stdout
    (run,) = (tmp_path / "outputs").glob("studio-*")
    assert (run / "report.json").is_file()
