"""What a workspace's people decided, and models fitted with it: made beside the one in use, never in its place."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.assess import text_of
from pipelines.content import content_from_json
from pipelines.errors import PartMissing
from pipelines.store.runs import site_records
from pipelines.store.tables import decisions, listings, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifiers import Assessor, Text
    from classifiers.evaluation.labelled import LabelledAd
    from pipelines.models import JsonObject
    from pipelines.places import Places
    from pipelines.store.database import Database

WANTED = {"relevant": True, "not_relevant": False}
"""What a decision says of a listing; "unsure" says nothing."""


@frozen(kw_only=True)
class ReviewedText:
    """A listing that a person decided on: its words now, and whether they were worth the look."""

    text: Text
    wanted: bool


def read_reviews(database: Database, places: Places) -> list[ReviewedText]:
    """Every listing whose last decision is yes or no, in the order of listings."""
    last = sa.select(sa.func.max(decisions.c.id)).group_by(decisions.c.listing)
    query = (
        sa.select(listings.c.site, versions.c.content, decisions.c.decision)
        .join(decisions, decisions.c.listing == listings.c.id)
        .join(versions, versions.c.id == listings.c.version)
        .where(decisions.c.id.in_(last), decisions.c.decision.in_(WANTED))
        .order_by(listings.c.id)
    )
    with database.read() as connection:
        sites = site_records(connection)
        rows = connection.execute(query).all()
    return [
        ReviewedText(
            text=text_of(content_from_json(content), site, sites, places),
            wanted=WANTED[decision],
        )
        for site, content, decision in rows
    ]


def train_model(
    models: Path, labelled: Sequence[LabelledAd], reviews: Sequence[ReviewedText], tell: Callable[[str], None]
) -> Path:
    """Fit on the corpus, `labelled` and `reviews`; the folder below `models` that holds the result, named by its bytes.

    `labelled` ads without a split are fitted on. Raises `PartMissing` where the extra `train` is not installed.
    """
    from classifiers.evaluation.labelled import read_corpus  # noqa: PLC0415 -- spaCy takes 0.5 s
    from classifiers.training import FILES, train  # noqa: PLC0415

    ads = read_corpus(splits=("train", "dev"))
    ads += [ad if ad.split else ad.model_copy(update={"split": "train"}) for ad in labelled]
    models.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".fitting-") as name:
        made = Path(name)
        try:
            train(
                ads,
                made,
                reviews=[(one.text, one.wanted) for one in reviews],
                tell=lambda file: tell(f"fitting {file}"),
            )
        except ModuleNotFoundError as error:
            raise PartMissing(
                f"training needs {error.name}, which is not installed",
                hint="pip install 'tracemark[train]', or make dev",
            ) from error
        digest = hashlib.sha256(b"".join((made / file).read_bytes() for file in FILES)).hexdigest()
        folder = models / digest[:12]
        if not folder.exists():
            shutil.copytree(made, folder)
    return folder


def compare(before: Assessor, after: Assessor, ads: Sequence[LabelledAd] | None) -> JsonObject:
    """What two assessors read of the same labelled ads (the corpus' held-out families): `{before, after}`."""
    from classifiers.catalogue import load_catalogue  # noqa: PLC0415
    from classifiers.evaluation.labelled import read_corpus  # noqa: PLC0415
    from classifiers.evaluation.measures import measure  # noqa: PLC0415

    chosen = read_corpus(splits=("held",)) if ads is None else ads
    texts, catalogue = [ad.to_text() for ad in chosen], load_catalogue()
    return {
        name: {"versions": assessor.versions, **measure(chosen, assessor.assess(texts), catalogue)}
        for name, assessor in (("before", before), ("after", after))
    }
