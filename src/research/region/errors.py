"""What a region, a table or a call can be refused for."""


class InputError(ValueError):
    """Something handed in is wrong; the message names what, where and the mend."""


class NotApplicable(InputError):
    """The region lacks what a question needs: no fault, but no answer either.

    Pages and the manifest say why. So the message is made of words of our own, names of
    regions, tables and columns, dates that a table reaches, and numbers that were asked
    for; it tells neither how many customers there are nor where the data lie.
    """
