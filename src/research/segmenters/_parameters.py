"""Parameters of estimators, checked when they are fitted."""

from numbers import Integral, Real


def check_count(name, value, least=1):
    """Refuse `value` unless it is a whole number of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(
            f"{name} must be a whole number of at least {least}. Got {value!r} instead."
        )


def check_share(name, value):
    """Refuse `value` unless it is a number above 0 and at most 1."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < value <= 1:
        raise ValueError(
            f"{name} must be a number above 0 and at most 1. Got {value!r} instead."
        )


def check_choice(name, value, choices):
    """Refuse `value` unless it is one of `choices`."""
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(choices)}. Got {value!r} instead."
        )
