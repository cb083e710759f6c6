"""Fitted networks in files: hashes first, plain numbers, and no foreign code."""

import io
import json
import tempfile
import zipfile
from hashlib import sha256 as digest_of
from pathlib import Path

import numpy as np
import pandas as pd

FORMAT = "research hybrid network 1"
LAYERS = {"Sequential", "InputLayer", "Dense", "DTypePolicy", "GlorotUniform", "Zeros"}
"""Classes that the description of a network may name."""


def write(path, parameters, learned, models):
    """Write a network's JSON file, and each of its models beside it.

    Parameters
    ----------
    path : path-like
        Ending in ``.json``; models become ``NAME.0.keras``, ``NAME.1.keras``, ...
    parameters : dict
        Of plain values.
    learned : dict
        Of arrays, frames and plain values, nested in lists.
    models : list of keras.Sequential

    Returns
    -------
    sha256 : str
        Of the JSON file.

    Raises
    ------
    ValueError
        If `path` does not end in ``.json``.
    """
    path = Path(path)
    if path.suffix != ".json":
        raise ValueError(f"A network is saved to a .json file. Got {str(path)!r}.")
    files = []
    for number, model in enumerate(models):
        file = path.with_name(f"{path.stem}.{number}.keras")
        model.save(file)
        files.append({"name": file.name, "sha256": _hash(file.read_bytes())})
    content = {
        "format": FORMAT,
        "parameters": {name: _plain(value) for name, value in parameters.items()},
        "learned": {name: _plain(value) for name, value in learned.items()},
        "files": files,
    }
    text = json.dumps(content, allow_nan=False, indent=1).encode()
    path.write_bytes(text)
    return _hash(text)


def read(path, sha256):
    """Read what `write` wrote, each file only after its hash was found right.

    Parameters
    ----------
    path : path-like
    sha256 : str

    Returns
    -------
    parameters, learned : dict
    files : list of bytes
        Contents of the ``.keras`` files, in the order of the models.

    Raises
    ------
    ValueError
        If a file is missing, is another than was written, or is no file of this kind.
    """
    path = Path(path)
    text = _read_checked(path, sha256)
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is no file of the format {FORMAT!r}.")
    names = [Path(str(file["name"])).name for file in content["files"]]
    files = [
        _read_checked(path.with_name(name), file["sha256"])
        for name, file in zip(names, content["files"], strict=True)
    ]
    parameters, learned = (
        {name: _from_plain(value) for name, value in content[part].items()}
        for part in ("parameters", "learned")
    )
    return parameters, learned, files


def opened(content, load_model):
    """Model of a ``.keras`` file that holds plain dense layers and nothing else.

    Parameters
    ----------
    content : bytes
        Of the file, its hash checked.
    load_model : callable
        ``keras.saving.load_model``.

    Returns
    -------
    model : keras.Sequential

    Raises
    ------
    ValueError
        If the description names any other class.

    Notes
    -----
    The bytes that were checked are those that are loaded: a file on disk may be
    exchanged in between. `safe_mode` alone refuses lambdas; the list of classes refuses
    whatever else could be registered.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        description = json.loads(archive.read("config.json"))
    foreign = sorted(_classes(description) - LAYERS)
    if foreign:
        raise ValueError(
            f"The network holds {', '.join(foreign)}, which is not run. Wanted are "
            "plain dense layers, as HybridNetwork.save writes them."
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.keras"
        file.write_bytes(content)
        return load_model(file, compile=False, safe_mode=True)


def _classes(description):
    """Names of all classes in a description, however deep."""
    if isinstance(description, dict):
        own = {str(description[key]) for key in ("class_name",) if key in description}
        return own.union(*map(_classes, description.values()))
    if isinstance(description, list):
        return set().union(*map(_classes, description))
    return set()


def _read_checked(path, sha256):
    if not path.is_file():
        raise ValueError(
            f"{path} is missing. A network is a .json file with its .keras files "
            "beside it: copy all of them."
        )
    content = path.read_bytes()
    found = _hash(content)
    if found != sha256:
        raise ValueError(
            f"{path} is not the file that was saved: SHA-256 {sha256} was wanted, "
            f"{found} found. Nothing of it was read; fetch it again, or save the "
            "network anew."
        )
    return content


def _hash(content):
    return digest_of(content).hexdigest()


def _plain(value):
    """As JSON can hold it, without loss."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str.lstrip("<=|")}
    if isinstance(value, pd.DataFrame):
        columns = [
            {"name": name, "values": [None if x != x else x for x in column.tolist()]}
            for name, column in value.items()
        ]
        return {"frame": columns}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _from_plain(value):
    if isinstance(value, dict) and "array" in value:
        return np.array(value["array"], dtype=value["dtype"])
    if isinstance(value, dict) and "frame" in value:
        return pd.DataFrame(
            {column["name"]: column["values"] for column in value["frame"]}
        )
    return [_from_plain(part) for part in value] if isinstance(value, list) else value
