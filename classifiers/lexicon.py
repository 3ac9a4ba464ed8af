"""Loads the lexicons: strictly validated YAML, compiled to concepts (what a phrase means) and patterns."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from attrs import evolve, field, frozen
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from classifiers.values import LexiconError
from classifiers.wording import Element, expand, parse_pattern, split_choices

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent / "lexicons"
LANGUAGES = ("en", "es", "pt", "fr", "de", "ru", "ar", "zh")
VOID = "void"
NAMED = "named"  # a set that every language has: the models of firearms.yaml
DIGITS = "digits"  # and another: any number written in digits
ANY_NUMBER = "\ue000"  # its one phrase: a character that no folded text holds
Dated = Annotated[str, Field(pattern=r"^(19|20)\d\d-\d\d-\d\d$")]
AnyModel = TypeVar("AnyModel", bound=BaseModel)
Concepts = dict[str, tuple[str, ...]]  # name to phrases


class Strict(BaseModel):
    """A part of a data file: nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LanguageFile(Strict):
    """One language's wording."""

    language: str
    source: str
    date: Dated
    native_review: str | None
    common: str
    sets: dict[str, str]
    objects: dict[str, str]
    signals: dict[str, str]  # one pattern a line: far fewer YAML nodes than lists, which halves the time to load
    void: str


class MakeEntry(Strict):
    """A maker: canonical name, spellings, class of a thing named only by it, models as lines of `name: spellings`.

    `never` holds everyday words that have a spelling's stem and do not name the maker.
    """

    name: str
    also: str = ""
    never: str = ""
    alone: str | None = None
    models: dict[str, str] = Field(default_factory=dict)


class FirearmsFile(Strict):
    """Makers and models. The keys of `models` are classes."""

    source: str
    date: Dated
    makes: list[MakeEntry]
    types: dict[str, str]


class CalibresFile(Strict):
    """Calibres: canonical name to spellings."""

    source: str
    date: Dated
    calibres: dict[str, str]
    suggests: dict[str, list[str]]


@frozen(kw_only=True)
class Pattern:
    """A rule of wording: `signal` is seen where its steps follow each other. `fixed`: its polarity is its own.

    A void pattern silences the signals named in `silences` where it stands, or every signal where it names none: those
    that lie in its words, and where it is `strong`, longer ones too.
    """

    id: str
    signal: str
    language: str
    steps: tuple[Element, ...]
    fixed: bool
    silences: frozenset[str] = frozenset()
    strong: bool = False


@frozen(kw_only=True)
class Lexicon:
    """Concepts (id to phrases), patterns, and the content hash of all files."""

    concepts: dict[str, tuple[str, ...]]
    patterns: tuple[Pattern, ...]
    common: dict[str, str]
    calibre_classes: dict[str, str]
    never_makes: dict[str, tuple[str, ...]]
    content_hash: str
    sources: tuple[tuple[str, str, str], ...] = field(default=())


def read_yaml(path: Path, model: type[AnyModel]) -> AnyModel:
    """One data file, validated. Every mistake is named with its place."""
    try:
        data: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return model.model_validate(data)
    except YAMLError as error:
        raise LexiconError(f"{path.name}: {error}") from error
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
        raise LexiconError(f"{path.name}: " + "; ".join(mistakes)) from error


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents, in the order of names."""
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda item: item.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def load_lexicon(folder: Path = FOLDER) -> Lexicon:
    """All lexicons in `folder`. Raises LexiconError with file and place."""
    concepts: Concepts = {}
    patterns: list[Pattern] = []
    common: dict[str, str] = {}
    sources: list[tuple[str, str, str]] = []
    firearms = read_yaml(folder / "firearms.yaml", FirearmsFile)
    concepts.update(_firearm_concepts(firearms))
    named = tuple({phrase: None for name, found in concepts.items() if name.startswith("model/") for phrase in found})
    for language in LANGUAGES:
        concepts[f"{language}:{NAMED}"], concepts[f"{language}:{DIGITS}"] = named, (ANY_NUMBER,)
        words = read_yaml(folder / f"{language}.yaml", LanguageFile)
        common[language] = words.common
        concepts.update(_language_concepts(words, concepts))
        patterns.extend(_patterns(words, concepts))
        sources.append((f"{language}.yaml", words.source, words.date))
    calibres = read_yaml(folder / "calibres.yaml", CalibresFile)
    concepts.update({f"calibre/{name}": phrases(f"{name} | {text}") for name, text in calibres.calibres.items()})
    sources += [("firearms.yaml", firearms.source, firearms.date), ("calibres.yaml", calibres.source, calibres.date)]
    files = [folder / f"{language}.yaml" for language in LANGUAGES]
    files += [folder / "firearms.yaml", folder / "calibres.yaml"]
    return Lexicon(
        concepts=concepts,
        patterns=tuple(patterns),
        common=common,
        calibre_classes={name: kind for kind, names in calibres.suggests.items() for name in names},
        never_makes={make.name: phrases(make.never) for make in firearms.makes if make.never},
        content_hash=hash_files(files),
        sources=tuple(sources),
    )


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a set without references, expanded."""
    return tuple(dict.fromkeys(phrase for choice in split_choices(text) for phrase in expand(choice)))


def _language_concepts(words: LanguageFile, known: Concepts) -> Concepts:
    concepts = {}
    for name in words.sets:
        concepts[f"{words.language}:{name}"] = _resolve(words, known, name, ())
    for name, text in words.objects.items():
        concepts[f"{words.language}:object/{name}"] = phrases(text)
    return concepts


def _resolve(words: LanguageFile, known: Concepts, name: str, within: tuple[str, ...]) -> tuple[str, ...]:
    if name in (NAMED, DIGITS):
        return known[f"{words.language}:{name}"]
    if name in within or name not in words.sets:
        raise LexiconError(f"{words.language}.yaml: sets: <{name}> is unknown or refers to itself")
    found: dict[str, None] = {}
    for choice in split_choices(words.sets[name]):
        if choice.startswith("<") and choice.endswith(">"):
            found.update(dict.fromkeys(_resolve(words, known, choice[1:-1], (*within, name))))
        else:
            found.update(dict.fromkeys(expand(choice)))
    return tuple(found)


def _patterns(words: LanguageFile, concepts: Concepts) -> list[Pattern]:
    patterns = []
    for signal, rows in [*words.signals.items(), (VOID, words.void)]:
        for number, row in enumerate(rows.strip().splitlines()):
            fixed = row.startswith("! ")  # of a void pattern: strong
            silences, wording = _narrowed(row.removeprefix("! ")) if signal == VOID else ((), row.removeprefix("! "))
            try:
                steps = parse_pattern(wording)
            except LexiconError as error:
                raise LexiconError(f"{words.language}.yaml: {signal}: {error}") from error
            bound = tuple(_bind(step, words, concepts) for step in steps)
            identity = f"{words.language}/{signal}/{number}"
            patterns.append(
                Pattern(
                    id=identity,
                    signal=signal,
                    language=words.language,
                    steps=bound,
                    fixed=fixed or signal == VOID,
                    silences=frozenset(silences),
                    strong=fixed and signal == VOID,
                )
            )
    if unknown := {name for pattern in patterns for name in pattern.silences} - words.signals.keys():
        raise LexiconError(f"{words.language}.yaml: void: no such signals: {', '.join(sorted(unknown))}")
    return patterns


def _narrowed(row: str) -> tuple[tuple[str, ...], str]:
    """`[dealer urgency] words`: what a void pattern silences, and its wording."""
    if not row.startswith("["):
        return (), row
    names, _, wording = row[1:].partition("] ")
    return tuple(names.split()), wording


def _bind(step: Element, words: LanguageFile, concepts: Concepts) -> Element:
    if step.literal:
        concept = f"{words.language}:={step.concept}"
        if concept not in concepts:
            concepts[concept] = tuple(expand(step.concept, lambda name: _resolve(words, concepts, name, ())))
    else:
        concept = f"{words.language}:{step.concept}"
        if concept not in concepts:
            raise LexiconError(f"{words.language}.yaml: the set <{step.concept}> does not exist")
    return evolve(step, concept=concept)


def _firearm_concepts(firearms: FirearmsFile) -> dict[str, tuple[str, ...]]:
    concepts = {}
    for make in firearms.makes:
        spellings = phrases(f"{make.name} | {make.also}")
        kind = make.alone or "any"
        concepts[f"make/{make.name}/{kind}"] = spellings
        for item_class, models in make.models.items():
            for model, text in _models(models):
                own = phrases(text)
                free = [phrase[1:] for phrase in own if phrase.startswith("=")]
                bound = [phrase for phrase in own if not phrase.startswith("=")]
                joined = [f"{spelling} {phrase}" for spelling in spellings for phrase in bound]
                concepts[f"model/{make.name}/{model}/{item_class}"] = (*free, *joined)
    for item_class, models in firearms.types.items():
        for model, text in _models(models):
            concepts[f"model//{model}/{item_class}"] = phrases(text)
    return concepts


def _models(lines: str) -> list[tuple[str, str]]:
    """`name: spellings` lines. The name ends at the first colon and space."""
    found = []
    for line in lines.strip().splitlines():
        name, colon, text = line.partition(": ")
        if not colon:
            raise LexiconError(f"firearms.yaml: {line!r} is no model")
        found.append((name.strip(), text))
    return found
