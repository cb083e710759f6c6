"""A fitted `HybridNetwork` in files: what is filed of it, and how it comes back."""

from numbers import Integral

from sklearn.utils.validation import check_is_fitted

from research.segmenters import _model_files as model_files
from research.segmenters._backend import keras_and_tensorflow
from research.segmenters._dense import Head
from research.segmenters._em import Mixture
from research.segmenters._learning import autoencoder
from research.segmenters._runs import Run

FILED = (
    *("_center", "_scale", "cluster_centers_", "cluster_sizes_", "limits_", "flags_"),
    *("history_", "seeds_", "n_learnt_", "n_features_in_", "feature_names_in_"),
)
"""What `HybridNetwork.save` files beside the networks, as far as it is there."""


class FilesMixin:
    """`save` and `load` of a network."""

    def save(self, path):
        """File the fitted networks: a JSON file, and a ``.keras`` file each beside it.

        Parameters
        ----------
        path : path-like
            Of the JSON file, ending in ``.json``. It holds parameters, mixtures, limits
            and the SHA-256 of every ``.keras`` file; no label and no curve of a single
            customer.

        Returns
        -------
        sha256 : str
            Of the JSON file, which `load` asks for: keep it somewhere else.

        Raises
        ------
        ValueError
            If `path` does not end in ``.json``.
        """
        check_is_fitted(self)
        models = []
        for run in self.runs_:
            model = autoencoder(keras_and_tensorflow(), self._sizes())
            model.set_weights(run.weights)
            models.append(model)
        given = self.get_params()
        is_seed = isinstance(self.random_state, Integral)
        given |= {"say": None, "random_state": self.random_state if is_seed else None}
        learned = {name: getattr(self, name) for name in FILED if hasattr(self, name)}
        heads = [[*run.head.mixture, *run.head[1:], run.affinity] for run in self.runs_]
        return model_files.write(path, given, learned | {"heads": heads}, models)

    @classmethod
    def load(cls, path, *, sha256):
        """Read what `save` filed, and refuse anything else.

        Parameters
        ----------
        path : path-like
            Of the JSON file.
        sha256 : str
            What `save` returned. It is compared before a byte is interpreted; the JSON
            file vouches for the ``.keras`` files in the same way. These may hold plain
            dense layers only and are opened in Keras' safe mode: nothing that a file
            brings along is run.

        Returns
        -------
        network : HybridNetwork
            Fitted, without `labels_`.

        Raises
        ------
        ValueError
            If a file is missing or is not the one that was saved.
        """
        given, learned, files = model_files.read(path, sha256)
        network = cls(**given)
        heads = learned.pop("heads")
        for name, value in learned.items():
            setattr(network, name, value)
        keras, _ = keras_and_tensorflow()
        network.runs_ = []
        for (*mixture, groups, precisions, affinity_), file in zip(
            heads, files, strict=True
        ):
            model = model_files.opened(file, keras.saving.load_model)
            head = Head(Mixture(*mixture), groups, precisions)
            network.runs_.append(Run(model.get_weights(), head, affinity_))
        return network
