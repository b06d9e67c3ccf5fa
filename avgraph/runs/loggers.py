"""The numbers of a run in TensorBoard, Weights & Biases and MLflow, through Lightning's loggers.

Every logger is given the same: the line of every epoch, the final metrics, the options. What there is to set beside,
such as a server or a project, is said where these tools are used to hear it: in their own environment variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from avgraph.config import Experiment
from avgraph.errors import ConfigError
from avgraph.io.download import offline
from avgraph.runs.folder import LOGGERS, read_json, write_json
from avgraph.runs.listing import flat


class Loggers:
    """The loggers of a run; they open when training begins, and again where it goes on.

    An epoch that is repeated after a kill has the numbers that it had: TensorBoard is told to forget them, the others
    are not told again.

    Args:
        experiment: of the run.
        directory: its folder.
    """

    def __init__(self, experiment: Experiment, directory: Path) -> None:
        self.experiment = experiment
        self.directory = directory
        self.names = experiment.train.log
        self.remembers = set(self.names) - {"tensorboard"}  # which forgets what is repeated
        self.open: dict[str, Logger] = {}
        self.state: dict[str, Any] = {"logged": 0}

    def check(self) -> None:
        """Refuse loggers that are not there.

        Raises:
            ConfigError: saying how to get them.
        """
        for name in self.names:
            found = find_spec(name)
            if found is None or found.origin is None:  # a folder of that name, where the tool leaves its files, is none
                raise ConfigError(f"train.log: {name} is not installed; pip install 'avgraph[log]'")

    def remember(self, logged: int) -> None:
        """Keep how many epochs the loggers know, before lines of the history go.

        Args:
            logged: lines of the history.
        """
        if not self.remembers:
            return
        path = self.directory / LOGGERS
        if path.exists():
            self.state |= read_json(path)
        self.state["logged"] = max(int(self.state["logged"]), logged)
        write_json(path, self.state)

    def begin(self, epoch: int) -> None:
        """Open them.

        Args:
            epoch: the first that is to be logged.
        """
        makers = {"tensorboard": self._tensorboard, "wandb": self._wandb, "mlflow": self._mlflow}
        self.open = {name: makers[name](epoch) for name in self.names}
        for name, logger in self.open.items():
            if name in self.remembers:  # TensorBoard takes them together with the final metrics
                logger.log_hyperparams(dict(flat(self.experiment.to_dict())))
                self.state[name] = logger.version if isinstance(logger, WandbLogger) else logger.run_id
        if self.remembers:
            write_json(self.directory / LOGGERS, self.state)

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Log the line of an epoch."""
        numbers = {name: value for name, value in record.items() if name != "epoch"}
        for name, logger in self.open.items():
            if name not in self.remembers or record["epoch"] >= self.state["logged"]:
                logger.log_metrics(numbers, step=record["epoch"])

    def final(self, metrics: Mapping[str, Any], epochs: int) -> None:
        """Log the metrics of a finished run as ``final/<split>/<name>``, and close.

        Args:
            metrics: as in ``metrics.json``.
            epochs: how many were trained.
        """
        if not self.open:  # all epochs had been trained when the run was continued
            self.remember(epochs)
            self.begin(epochs)
        found = {f"final/{name}": value for name, value in metrics.items() if "/" in name and isinstance(value, float)}
        for logger in self.open.values():
            if isinstance(logger, TensorBoardLogger):
                logger.log_hyperparams(dict(flat(self.experiment.to_dict())), found, step=epochs)
            else:
                logger.log_metrics(found, step=epochs)
        self.close("finished")

    def close(self, status: str = "failed") -> None:
        """Let go of the loggers, whether or not the run is finished."""
        for logger in self.open.values():
            logger.finalize(status)
            if isinstance(logger, WandbLogger):
                logger.experiment.finish()
        self.open = {}

    def _tensorboard(self, epoch: int) -> Logger:
        place = {"save_dir": self.directory, "name": "tensorboard", "version": ""}
        return TensorBoardLogger(**place, default_hp_metric=False, purge_step=epoch)

    def _wandb(self, epoch: int) -> Logger:
        project = os.environ.get("WANDB_PROJECT", self.experiment.name)
        settings = {"mode": "offline"} if offline() else {}
        named = {"project": project, "name": self.directory.name, "id": self.state.get("wandb")}
        return WandbLogger(**named, save_dir=self.directory, **settings)

    def _mlflow(self, epoch: int) -> Logger:
        uri = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{self.directory.resolve() / 'mlflow.db'}")
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", self.experiment.name)
        return MLFlowLogger(name, run_name=self.directory.name, tracking_uri=uri, run_id=self.state.get("mlflow"))
