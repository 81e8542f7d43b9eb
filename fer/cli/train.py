"""This file is the only Hydra main: it composes the configuration, runs the experiment and prints its table."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from fer.build import build
from fer.cli.mistakes import explain, require_different_databases
from fer.errors import EXIT_STATUS, ConfigError, FerError
from fer.files import require_writable
from fer.machine import machine_failures

CONF = Path(__file__).resolve().parents[2] / "conf"


def main() -> None:
    """Run train.py; an error of the user's is one message and exit status 2."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(usage())
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises its errors here instead of printing a part of them
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")(train)()
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from the last finished epoch.")
    except Exception as error:
        explained = explain(error, CONF)
        if explained is None:
            raise
        fail(explained)


def train(composed: DictConfig) -> None:
    """Run one composed experiment and show its table; ends here on an error, of which Hydra would say more than enough."""
    config: dict[str, Any] = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    try:
        require_different_databases(HydraConfig.get().overrides.task)
        name = title(config, HydraConfig.get().runtime.choices)
        with machine_failures(name):
            run_and_report(config, name)
    except FerError as error:
        fail(error)


def run_and_report(config: Mapping[str, Any], title: str) -> None:
    """Run every fold that is not done yet, then write the report and print its table."""
    from fer.progress import RunProgress
    from fer.results.publish import PAGE, write_report
    from fer.results.table import print_report
    from fer.training.loggers.run_log import log_run
    from fer.training.ranks import started_together
    from fer.training.run import run_experiment

    run = build(config["run"], "run")
    require_writable(Path(run.output) / title)
    store, news = run_experiment(config, title=title, run=run, loggers=config["logger"])
    if not started_together().is_first:
        return
    report = write_report(store.folder)
    log_run(store, report, config["logger"], say=RunProgress().say)
    if not news:
        print("This run is complete; nothing was trained.\n" if store.complete else "The chosen folds of this run are done.\n")
    print_report(report)
    print(f"\nResults  {store.folder}\nPage     {store.folder / PAGE}")
    if not store.complete:
        print(f"Folds still to do: {', '.join(fold.name for fold in store.todo())}")


def fail(error: FerError) -> NoReturn:
    """Say what is wrong and end."""
    print(error, file=sys.stderr)
    sys.exit(EXIT_STATUS)


def title(config: Mapping[str, Any], choices: Mapping[str, Any]) -> str:
    """The readable half of the run folder's name: databases, model and protocol."""
    if not config.get("data"):
        raise ConfigError("data: found no database, expected one or several: data=fer2013 or data=[fer2013,ckplus]")
    model = Path(str(choices["model"])).name
    return f"{'+'.join(sorted(config['data']))}-{model}-{choices['protocol']}"


def usage() -> str:
    """What --help prints: the groups with their choices, found by looking, and the keys one changes most."""
    groups = sorted(folder for folder in CONF.iterdir() if folder.is_dir())
    listed = "\n".join(f"  {g.name:<11} {', '.join(sorted(f.stem for f in g.glob('*.yaml')))}" for g in groups)
    return f"""python train.py [GROUP=CHOICE …] [KEY=VALUE …]

Trains and tests every fold of an experiment, prints a table and says where the results lie. The same command again goes
on where it was stopped, and shows the table at once when the run is complete.

Groups and their choices (conf/GROUP/CHOICE.yaml):
{listed}

Keys: every key of the chosen files, for example
  trainer.epochs=30  trainer=ddp  model.stem=32  optim.optimizer.lr=0.05
  protocol.folds=10  seed=1  run.workers=2 run.threads=1  run.output=DIR  data.fer2013.root=DIR
Several runs: python train.py -m model=cnn,resnet seed=0,1,2
The composed configuration: python train.py --cfg job"""
