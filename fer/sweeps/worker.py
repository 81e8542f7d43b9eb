"""This file lets workers carry out the trials of a sweep, several at a time, until none is left."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace

from optuna import TrialPruned
from optuna.trial import Trial

from fer.errors import FerError
from fer.sweeps.attempts import PLACE
from fer.sweeps.program import ProgramFailed
from fer.sweeps.search_space import settings_of
from fer.sweeps.study import Study
from fer.sweeps.trial import Conditions, Stopped, carry_out
from fer.training.run import worker_environment

#: Seconds after which a worker without a trial asks again: a worker elsewhere may have died in the middle of one.
PATIENCE = 1.0

#: Takes a line of news.
Say = Callable[[str], None]


def work_together(study: Study, conditions: Conditions, workers: int, say: Say) -> None:
    """Let so many workers carry out trials until none is left anywhere; interrupted, they put theirs back."""
    with ThreadPoolExecutor(workers) as pool:
        started = [pool.submit(work, study, placed(conditions, i, workers), say) for i in range(workers)]
        try:
            ended, _ = wait(started, return_when=FIRST_EXCEPTION)
        finally:
            conditions.stop.set()
    for future in ended:
        future.result()


def placed(conditions: Conditions, worker: int, workers: int) -> Conditions:
    """The conditions of one of several workers, which has a GPU of its own where there are several."""
    return conditions if workers == 1 else replace(conditions, environment=lambda: worker_environment(worker, 1))


def work(study: Study, conditions: Conditions, say: Say) -> None:
    """Carry out one trial after the other; wait for those of other workers, which may have to be taken up."""
    while not conditions.stop.is_set():
        trial = study.claim()
        if trial is not None:
            say(attempt(study, trial, conditions, say))
        elif study.unfinished:
            conditions.stop.wait(PATIENCE)
        else:
            return


def attempt(study: Study, trial: Trial, conditions: Conditions, say: Say) -> str:
    """Carry out a trial, record how it ended, and say so in a line."""
    name = f"trial {trial.user_attrs[PLACE]}"
    settings = settings_of(conditions.sweep.parameters, trial.params)
    say(f"{name} begins: {' '.join(f'{key}={value}' for key, value in settings.items())}")
    with study.alive(trial):
        try:
            value = carry_out(trial, conditions)
        except TrialPruned:
            study.pruned(trial)
            return f"{name} was stopped early: others did better after as many epochs"
        except Stopped:
            study.stopped(trial)
            return f"{name} was interrupted; it waits for the next worker"
        except (ProgramFailed, FerError) as error:
            study.failed(trial, str(error), for_good=not isinstance(error, ProgramFailed) or error.for_good)
            return f"{name} failed: {error}"
        study.done(trial, value)
    objective = conditions.sweep.objective
    return f"{name} is done: {objective.metric} {value:.4f}" if objective else f"{name} is done"
