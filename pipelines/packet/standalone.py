"""The one-file verifier that travels inside a packet, joined from the very modules that we run."""

from __future__ import annotations

import ast
from importlib.resources import files
from typing import TypeGuard

MODULES = (
    "warc.members",
    "packet.checks.layout",
    "packet.checks.archive",
    "packet.checks.bag",
    "packet.checks.seal",
    "packet.checks.stamp",
    "packet.checks.evidence",
    "packet.checks.contents",
    "packet.checks.inspection",
    "packet.checks.command",
)
HEADER = '''#!/usr/bin/env python3
"""Verifies an evidence packet: python3 verify.py PACKET.zip [--key FILE] [--trusted FILE] [--authority FILE]

Needs Python 3.9 or newer and openssl 1.1.1 or newer; no network, nothing installed. Take this file from a
place you trust rather than from the packet that it is to judge: a forger can put in any verifier.
"""

from __future__ import annotations

'''
FOOTER = """

if __name__ == "__main__":
    sys.exit(main())
"""


def write_verifier() -> bytes:
    """Return the verifier's source; the same modules give the same bytes."""
    imports: dict[str, set[str]] = {}
    bodies = []
    for module in MODULES:
        package, _, name = module.rpartition(".")
        source = files(f"pipelines.{package}").joinpath(f"{name}.py").read_text("utf-8")
        bodies.append(f"# --- {module} ---\n\n{_without_imports(source, imports)}")
    plain = sorted(f"import {name}" for name, parts in imports.items() if not parts)
    parts = sorted(f"from {name} import {', '.join(sorted(parts))}" for name, parts in imports.items() if parts)
    return (HEADER + "\n".join(plain + parts) + "\n\n" + "\n\n".join(bodies) + FOOTER).encode()


def _without_imports(source: str, imports: dict[str, set[str]]) -> str:
    """Drop docstring and imports; those of the standard library are noted in `imports`."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if _is_type_checking(node):
            for inner in node.body:
                _note_import(inner, imports)
        elif not _note_import(node, imports) and not _is_docstring(node):
            continue
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[number] = ""
    return "\n".join(lines).strip("\n") + "\n"


def _note_import(node: ast.stmt, imports: dict[str, set[str]]) -> bool:
    if isinstance(node, ast.Import):
        imports.update({alias.name: set() for alias in node.names})
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        if not module.startswith(("pipelines", "__future__")):
            imports.setdefault(module, set()).update({alias.name for alias in node.names} - {"TYPE_CHECKING"})
    else:
        return False
    return True


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_type_checking(node: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
