"""Keras and TensorFlow, imported when they are needed and not before."""

import os
from functools import cache


@cache
def keras_and_tensorflow():
    """Keras and TensorFlow, which is told to keep its notices to itself."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # sums in one order, no notice
    # Batches of these sizes take one thread 1.0 to 2.9 ms, two threads 2.0 to 4.7 ms.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import keras
    import tensorflow

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "HybridNetwork needs Keras on TensorFlow. Found the backend "
            f"{keras.backend.backend()!r}: unset KERAS_BACKEND and start anew."
        )
    return keras, tensorflow
