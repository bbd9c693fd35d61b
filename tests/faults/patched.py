"""A protection taken away, for a negative control: Python that runs in a process before its own first line."""

from pathlib import Path


def patched(folder: Path, code: str) -> dict[str, str]:
    """The environment of a process in which `code` has run first, as `sitecustomize`."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder)}
