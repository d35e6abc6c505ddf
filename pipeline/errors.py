"""The one error that a user can cause; every named error of the package is a kind of it."""


class ClearfieldError(ValueError):
    """A mistake in a file, a setting or a command.

    The message is one line: the file, the value that was found, what is allowed and what to do.
    The command line prints it without a traceback.
    """
