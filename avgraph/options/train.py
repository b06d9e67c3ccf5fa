"""Options of training."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from avgraph.options.mistakes import mistake, mistakes
from avgraph.options.problems import show
from avgraph.options.strict import Options
from avgraph.options.values import Count, NonNegative, Positive, Rate, ValidationMetric, each_once

_DEVICE = "auto|cpu|cuda(:[0-9]{1,4})?"
_SGD_ONLY = ("momentum", "nesterov")


class OptimizerOptions(Options):
    """The optimizer.

    In an experiment one without a ``type`` is of the method's default type and keeps what it does not write of it.

    Attributes:
        type: stochastic gradient descent, Adam, or Adam with decoupled weight decay.
        lr: learning rate; only adamw has a default.
        momentum, nesterov: of sgd alone; an error with another type.
        weight_decay: pull of every weight towards 0.
    """

    type: Literal["sgd", "adam", "adamw"] = "adamw"
    lr: Rate = 1e-3
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 5e-4
    nesterov: bool = False

    @model_validator(mode="wrap")
    @classmethod
    def _fits_type(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        """Tell what does not go with the type beside what else is wrong."""
        found: list[Any] = []
        if isinstance(value, Mapping):
            kind = value.get("type", "adamw")
            if kind in ("adam", "adamw"):
                found += [((k,), f"belongs to sgd, {kind} has none", value[k]) for k in _SGD_ONLY if k in value]
            if kind in ("sgd", "adam") and "lr" not in value:
                found.append((("lr",), "missing required key (adamw alone has a default)", None))
        try:
            made = handler(value)
        except ValidationError as error:
            told = {path for path, _, _ in found}
            found += [(e["loc"], e["msg"], e["input"]) for e in error.errors() if e["loc"] not in told]
        else:
            if made.type == "sgd" and made.nesterov and made.momentum == 0:
                found.append((("nesterov",), "needs a momentum above 0, got momentum 0", made.nesterov))
            if not found:
                return made
        raise mistakes(found)

    @model_serializer(mode="wrap")
    def _without_strangers(self, handler: Callable[[Any], Any]) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {k: v for k, v in written.items() if self.type == "sgd" or k not in _SGD_ONLY}


class TrainOptions(Options):
    """How a method is trained.

    A method has defaults of its own (``MethodOptions.train_defaults``), which an experiment takes before these.

    Attributes:
        epochs: passes over the training rows; 0 evaluates what a method starts from.
        optimizer: what changes the weights.
        schedule: of the learning rate over all epochs: as it is, down to 0 along a cosine, or up and down once.
        device: auto, cpu, cuda or cuda:N; auto takes CUDA where there is one.
        precision: of the arithmetic; mixed keeps weights in 32 bits and multiplies in 16.
        devices: processes on each machine, one per GPU, that train together: each takes a part of the rows of every
            batch, and loss and gradients are those of one process. On a CPU they share its cores.
        strategy: how: ``ddp`` is DistributedDataParallel, also of one process; ``auto`` takes it for more than one.
        nodes: machines; more than one are started by torchrun or SLURM.
        checkpoint_every: epochs between two checkpoints.
        measure_every: epochs between two measurements of the ``val`` split during training; 0 for none. Test rows are
            measured when training is over, and never before.
        monitor: metric of the ``val`` split that chooses the best epoch and stops training; none takes the method's
            usual one, as a sweep does, or where it has none the first that it measures.
        goal: whether the monitor is to be large or small; auto goes by its name.
        keep: whose weights the run ends with: those of the last epoch, or of the best one by the monitor.
        patience: measurements in a row without a better one after which training stops; none never stops it.
        log: where the numbers of every epoch go beside ``metrics.jsonl`` and ``metrics.csv`` (extra ``[log]``).
        threads: of the CPU, in each process. Sums are split by their number and round accordingly, so the default is
            the same on every machine: two. More are faster on a large CPU, and end in slightly other numbers; none
            takes as many as the machine has, and its numbers with them.
    """

    epochs: Count = 200
    optimizer: OptimizerOptions = OptimizerOptions()
    schedule: Literal["constant", "cosine", "one_cycle"] = "cosine"
    device: Annotated[str, Field(json_schema_extra={"pattern": f"^({_DEVICE})$"})] = "auto"
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"] = "32-true"
    devices: Positive = 1
    strategy: Literal["auto", "ddp"] = "auto"
    nodes: Positive = 1
    checkpoint_every: Positive = 10
    measure_every: Count = 0
    monitor: ValidationMetric | None = None
    goal: Literal["auto", "max", "min"] = "auto"
    keep: Literal["last", "best"] = "last"
    patience: Positive | None = None
    log: Annotated[list[Literal["tensorboard", "wandb", "mlflow"]], AfterValidator(each_once)] = Field(default=[])
    threads: Positive | None = 2

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if not re.fullmatch(_DEVICE, value):
            raise mistake(f"expected auto, cpu, cuda or cuda:N, got {show(value)}")
        return value

    @model_validator(mode="after")
    def _all_measured(self) -> TrainOptions:
        """Refuse what chooses or stops by measurements that are never made, and what chooses nothing."""
        chooses = {key: getattr(self, key) for key in ("monitor", "goal", "keep", "patience")}
        written = {key: value for key, value in chooses.items() if value != type(self).model_fields[key].default}
        found: list[tuple[tuple[str, ...], str, Any]] = []
        if self.measure_every == 0:
            why = "nothing is measured during training (measure_every is 0); set train.measure_every to 1 or more"
            found += [((key,), why, value) for key, value in written.items()]
        elif self.chooses and 0 < self.epochs < self.measure_every:
            told = f"expected at most epochs, {self.epochs}, got {self.measure_every}: there is nothing to choose from"
            found.append((("measure_every",), told, self.measure_every))
        elif not self.chooses:
            why = "chooses nothing: keep is 'last' and there is no patience; set train.keep to best"
            found += [((key,), why, value) for key, value in written.items()]
        if found:
            raise mistakes(found)
        return self

    @property
    def chooses(self) -> bool:
        """Whether an epoch is chosen, or training ended, by what is measured."""
        return self.keep == "best" or self.patience is not None

    @property
    def processes(self) -> int:
        """How many train together."""
        return self.devices * self.nodes

    @property
    def distributed(self) -> bool:
        """Whether training goes through DistributedDataParallel."""
        return self.processes > 1 or self.strategy == "ddp"

    @model_validator(mode="after")
    def _one_device_by_number(self) -> TrainOptions:
        if self.processes > 1 and ":" in self.device:
            message = f"expected auto, cpu or cuda for {self.processes} processes, got {show(self.device)}"
            raise mistakes([(("device",), message, self.device)])
        return self
