"""Text in, signals out. Knows nothing of crawling, storage or the web.

    >>> from classifiers import Assessor, Text
    >>> assessor = Assessor.load()
    >>> [assessment] = assessor.assess([Text(title="Glock 19 gen 4", description="No background check needed.")])

Names are imported when first asked for: `import classifiers` loads no spaCy, numpy or onnxruntime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifiers.assessor import Assessor, assess
    from classifiers.values import Assessment, Finding, FoundItem, LexiconError, Text

__all__ = ["Assessment", "Assessor", "Finding", "FoundItem", "LexiconError", "Text", "assess"]

_HOMES = {
    "Assessment": "classifiers.values",
    "Assessor": "classifiers.assessor",
    "Finding": "classifiers.values",
    "FoundItem": "classifiers.values",
    "LexiconError": "classifiers.values",
    "Text": "classifiers.values",
    "assess": "classifiers.assessor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'classifiers' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
