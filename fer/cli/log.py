"""This file is `fer log`: finished runs shown in W&B, TensorBoard, MLflow or any other logger, out of their folders."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from fer.errors import ConfigError

HELP = "show a finished run, an ensemble or an evaluation in W&B, TensorBoard or MLflow, as train.py does while it trains"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer log`."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a run folder, complete or not")
    parser.add_argument(
        "settings",
        nargs="+",
        metavar="KEY=VALUE",
        help="as for train.py: logger=wandb, logger=[wandb,mlflow], logger.wandb.images=true",
    )


def run(arguments: Namespace) -> None:
    """Write the report and show what the loggers have not shown yet."""
    from fer.cli.compose import composed
    from fer.progress import RunProgress
    from fer.results.publish import write_report
    from fer.results.store import RunStore
    from fer.training.loggers.configured import require_loggers
    from fer.training.loggers.run_log import log_run

    if other := [setting for setting in arguments.settings if not setting.lstrip("+~").startswith("logger")]:
        raise ConfigError(f"found {other[0]}, expected logger=… or logger.NAME.KEY=…: the run is as it was trained")
    folder: Path = arguments.run_folder
    loggers = composed([f"run.output='{folder.resolve().parent}'", *arguments.settings])["logger"]
    require_loggers(loggers)
    shown = log_run(RunStore.open(folder), write_report(folder), loggers, say=RunProgress().say)
    print(f"Shown    {', '.join(shown)}" if shown else "Nothing  there is nothing that these loggers have not shown")
