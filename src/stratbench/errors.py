"""The two kinds of failure that are not bugs."""


class UserError(Exception):
    """Bad input: the message names the file, sample or option, and what to change. Exit code is non-zero."""


class MethodError(UserError):
    """A method file of the user's failed, or broke its contract. The log has the traceback of what it raised."""


class ScientificFailure(Exception):
    """The data do not allow an answer (NaN loss, one class in a fold, no overlap).

    It is a result: the job records status and reason, writes header-only tables and exits 0.
    """
