"""Texts a second of the shipped encoder beside sentence-transformers on PyTorch, on the same texts, in one run.

    python benchmarks/encoder.py [--ads FILE.jsonl] [--texts N] [--rounds N] [--threads N]

FILE has one JSON object a line with `title` and `description`; without it, texts made up here are read. Both encoders
get whole listings (title, full stop, description) and the same number of threads; rounds alternate between the two, and
the best round of each counts, so that a busy machine slows both. The CPU ratio compares seconds of work instead of
seconds of waiting: read it, with `--threads 1` (waiting threads spin), where the machine is shared. Exits 0 whether the
bar is met or not.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from classifiers.encoder import OnnxEncoder, PassageEncoder
from classifiers.encoder.build import find_model_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Encoders = dict[str, Callable[[Sequence[str]], NDArray[np.float32]]]

RATIO_BAR = 1.6
COSINE_BAR = 0.985
SEED = 20_170_511


def read_listings(path: Path | None, count: int) -> list[tuple[str, str]]:
    """(title, description) of the first `count` ads of a feed, or of as many made-up ones."""
    if path is None:
        return make_listings(count)
    with path.open(encoding="utf-8") as lines:
        ads = [json.loads(line) for line in lines]
    return [(ad.get("title") or "", ad.get("description") or "") for ad in ads[:count]]


def make_listings(count: int) -> list[tuple[str, str]]:
    """Listings of 1 to 12 sentences about things of several kinds, the same each time."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    things = ["bolt action rifle", "cordless drill", "oak cabinet", "over-under shotgun", "road bike", "9mm pistol"]
    states = ["like new", "well used", "never opened", "with small scratches", "inherited", "as pictured"]
    extras = ["two magazines", "the original box", "a leather case", "a spare battery", "a scope", "the manual"]
    remarks = [
        "I have owned it for {n} years and it always stayed in a dry place.",
        "It comes with {extra} and {other}, nothing else is included.",
        "Asking {n}50, I may take less from somebody who collects it this week.",
        "Transfer through a licensed dealer near me, the buyer pays the fee.",
        "Condition: {state}.",
        "Would trade for a {thing} in similar condition, tell me what you have.",
    ]
    listings = []
    for _ in range(count):
        chosen = {"thing": chance.choice(things), "state": chance.choice(states), "n": chance.randint(1, 30)}
        sentences = [
            chance.choice(remarks).format(**chosen, extra=chance.choice(extras), other=chance.choice(extras))
            for _ in range(chance.randint(1, 12))
        ]
        listings.append((f"{chosen['thing']}, {chosen['state']}", " ".join(sentences)))
    return listings


class Seconds(NamedTuple):
    wall: float
    cpu: float


def measure(work: Callable[[], object]) -> Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def race(encoders: Encoders, texts: Sequence[str], rounds: int) -> dict[str, Seconds]:
    """The best wall-clock and CPU seconds of each encoder, the rounds alternating."""
    taken: dict[str, list[Seconds]] = {name: [] for name in encoders}
    for _ in range(rounds):
        for name, encode in encoders.items():
            taken[name].append(measure(partial(encode, texts)))
    return {
        name: Seconds(min(each.wall for each in all_), min(each.cpu for each in all_)) for name, all_ in taken.items()
    }


def run_benchmark(listings: Sequence[tuple[str, str]], rounds: int, threads: int | None) -> dict[str, float]:
    """All figures: rates in texts a second, ratios, tokens a text, cosine to the reference."""
    if threads:
        torch.set_num_threads(threads)
    onnx = OnnxEncoder.shipped(threads)
    model = SentenceTransformer(str(find_model_folder()), device="cpu", local_files_only=True)
    encoders: Encoders = {"onnx": onnx.encode, "torch": partial(model.encode, show_progress_bar=False)}
    texts = [f"{title}. {description}" for title, description in listings]
    titles = [title for title, _ in listings]
    for encode in encoders.values():
        encode(texts[:16])
    whole, short = race(encoders, texts, rounds), race(encoders, titles, rounds)
    passages = PassageEncoder(onnx)
    cold = measure(partial(passages.encode_listings, listings))
    warm = measure(partial(passages.encode_listings, listings))
    read = passages.encoded_passages + passages.remembered_passages
    cosines = (encoders["onnx"](texts) * encoders["torch"](texts)).sum(axis=1)
    return {
        "texts": len(texts),
        "tokens_a_text": round(float(onnx.count_tokens(texts).mean()) + 2, 1),
        "threads": torch.get_num_threads(),
        "listings_onnx_per_second": round(len(texts) / whole["onnx"].wall, 1),
        "listings_torch_per_second": round(len(texts) / whole["torch"].wall, 1),
        "listings_ratio": round(whole["torch"].wall / whole["onnx"].wall, 2),
        "listings_cpu_ratio": round(whole["torch"].cpu / whole["onnx"].cpu, 2),
        "titles_onnx_per_second": round(len(texts) / short["onnx"].wall, 1),
        "titles_torch_per_second": round(len(texts) / short["torch"].wall, 1),
        "titles_ratio": round(short["torch"].wall / short["onnx"].wall, 2),
        "titles_cpu_ratio": round(short["torch"].cpu / short["onnx"].cpu, 2),
        "by_passages_per_second": round(len(listings) / cold.wall, 1),
        "by_passages_cpu_to_whole": round(whole["onnx"].cpu / cold.cpu, 2),
        "by_passages_known_per_second": round(len(listings) / warm.wall, 1),
        "passages_remembered_share": round(1 - passages.encoded_passages * 2 / read, 3),
        "cosine_mean": round(float(np.mean(cosines)), 5),
        "cosine_min": round(float(np.min(cosines)), 5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ads", type=Path, help="JSONL feed with title and description")
    parser.add_argument("--texts", type=int, default=400, help="how many listings (400)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each encoder, the best counts (3)")
    parser.add_argument("--threads", type=int, help="threads of both encoders (one per core)")
    options = parser.parse_args()
    figures = run_benchmark(read_listings(options.ads, options.texts), options.rounds, options.threads)
    for name, value in figures.items():
        print(f"{name:32} {value:>10}")
    bars = {
        "listings_ratio_to_torch": (figures["listings_ratio"], RATIO_BAR),
        "cosine_min_to_torch": (figures["cosine_min"], COSINE_BAR),
    }
    judged = {name: {"value": value, "bar": bar, "met": value >= bar} for name, (value, bar) in bars.items()}
    print(json.dumps({"bench": "encoder", "figures": figures, "bars": judged}))


if __name__ == "__main__":
    main()
