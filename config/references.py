"""Whether what an entry of venue.yaml names is there."""

from config.document import Path, words
from config.problem import Problems, did_you_mean
from config.sheet import Sheet


def known(what: str, name: str, sheet: Sheet, path: Path, problems: Problems) -> bool:
    """Whether something of this id is there; notes it when not."""
    section = f"{what}s"
    if name in sheet.ids[section]:
        return True
    data = sheet.document.data
    if isinstance(data, dict) and isinstance(data.get(section), list):
        text = f"unknown {what} {name!r}, expected the id of {'an' if what[0] in 'aeiou' else 'a'} {what}"
        problems.add(sheet.mark(path), text, did_you_mean(name, sheet.ids[section]), words(path))
    return False
