"""Keras and TensorFlow, imported when they are needed and not before."""

import os
from functools import cache


@cache
def keras_and_tensorflow():
    """Keras and TensorFlow, which is told to keep its notices to itself."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # sums in one order, no notice
    import keras
    import tensorflow

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "HybridNetwork needs Keras on TensorFlow. Found the backend "
            f"{keras.backend.backend()!r}: unset KERAS_BACKEND and start anew."
        )
    return keras, tensorflow
