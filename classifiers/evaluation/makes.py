"""One name for each maker, however a reader spelled it: `SIG` and `Зиг Зауэр` are SIG Sauer."""

from __future__ import annotations

from classifiers.folding import Folder
from classifiers.lexicon import FOLDER, FirearmsFile, phrases, read_yaml


class MakeNames:
    """The makers of `firearms.yaml` by all their spellings."""

    def __init__(self) -> None:
        self._folder = Folder()
        self._names: dict[str, str] = {}
        for make in read_yaml(FOLDER / "firearms.yaml", FirearmsFile).makes:
            for spelling in phrases(f"{make.name} | {make.also}"):
                self._names.setdefault(self._letters(spelling), self._letters(make.name))

    def canonical(self, name: str) -> str:
        """The maker's one name, in letters and digits alone; a maker whom no lexicon has keeps his own."""
        return self._names.get(self._letters(name), self._letters(name))

    def _letters(self, name: str) -> str:
        return "".join(char for char in self._folder.fold(name).text if char.isalnum())
