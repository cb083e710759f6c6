"""What a region, a table or a call can be refused for."""


class InputError(ValueError):
    """Something handed in is wrong; the message names what, where and the mend."""


class NotApplicable(InputError):
    """The region lacks what a question needs: no fault, but no answer either."""
