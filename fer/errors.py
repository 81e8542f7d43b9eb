"""This file defines the errors that a user can cause; each is one readable message, without a traceback, and exit status 2."""

from fer.names import shown

EXIT_STATUS = 2


class FerError(Exception):
    """Something the user can mend: the message says what was found, what was expected and what to do next."""

    def __str__(self) -> str:
        return shown(f"{type(self).__name__}: {super().__str__()}")


class ConfigError(FerError):
    """A key, value or choice of the configuration that nothing here understands."""


class DatabaseNotFound(FerError):
    """The files of a database are not where they were looked for."""


class DatabaseDamaged(FerError):
    """A file of a database is not what its format says; the message names file and row."""


class ProtocolError(FerError):
    """A protocol that cannot be run on these faces, such as one that needs subjects where nobody is identified."""


class LeakError(FerError):
    """The same person, sequence or image stands in two parts of a fold."""


class WeightsError(FerError):
    """Weights that cannot be fetched, read or fitted into the model."""


class InputError(FerError):
    """A file or folder that the system refuses to read."""


class MachineError(FerError):
    """Memory that is used up, a GPU that failed, or a process that the system ended."""


class OutputError(FerError):
    """A file or folder that the system refuses to write."""


class RunError(FerError):
    """A run folder that cannot be used: not a run, incomplete, damaged or in use."""
