"""What rules count beside firearms in windows, and how rates and prices are read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from seller_samples import OWN_WORDS, START, beside, history, offer, piece

from classifiers.catalogue import load_catalogue
from classifiers.packs import load_packs
from pipelines.errors import ConfigurationError
from pipelines.sellers.assessment import assess_history, figures_json, window_json
from pipelines.sellers.history import Account
from pipelines.sellers.rates import Counted, Norms, Observed, rate
from pipelines.sellers.rules import SellerRules

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.sellers.offers import Offer

RULES = SellerRules.shipped()
PACKS = load_packs(load_catalogue())


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def assess(offers: list[Offer], rules: SellerRules = RULES, **more: Any) -> SellerAssessment:
    last = max(one.offered for one in offers)
    return assess_history(history(offers), rules, beside(last + timedelta(days=60), **more))


def pistol(number: int, at: float, model: str, **more: Any) -> Offer:
    return offer(number, at, f"{OWN_WORDS[number % 6]} {number}", piece(model, make=f"Maker {model}"), **more)


def asking(number: int, at: float, model: str) -> Offer:
    return offer(number, at, f"Looking to buy a Maker {model}", asks=True, offers_things=False)


def rules_of(found: SellerAssessment) -> set[str]:
    return {one.rule for one in found.firings if one.polarity == "for"}


def test_from_asking_to_offering() -> None:
    turns = [one for at in range(4) for one in (asking(at, at * 40, f"m{at}"), pistol(50 + at, at * 40 + 9, f"m{at}"))]
    assert {"rapid_flip", "buy_sell_cycle"} <= rules_of(assess(turns))
    assert "repetitive_resale" not in rules_of(assess(turns))
    american = [evolve(one, country="US") for one in turns]
    found = assess(american)
    assert {"rapid_flip", "repetitive_resale"} <= rules_of(found)
    [firing] = [one for one in found.firings if one.rule == "repetitive_resale"]
    assert firing.provision == "18 USC 921(a)(22)"
    late = [one for at in range(4) for one in (asking(at, at * 60, f"m{at}"), pistol(50 + at, at * 60 + 45, f"m{at}"))]
    assert "rapid_flip" not in rules_of(assess(late))
    others = [one for at in range(4) for one in (asking(at, at * 40, "zz"), pistol(50 + at, at * 40 + 9, f"m{at}"))]
    assert not rules_of(assess(others)) & {"rapid_flip", "buy_sell_cycle"}


def test_a_rule_counts_only_what_was_offered_while_it_holds() -> None:
    before = [
        evolve(one, country="US", offered=one.offered - timedelta(days=365 * 8))
        for at in range(4)
        for one in (asking(at, at * 40, f"m{at}"), pistol(50 + at, at * 40 + 9, f"m{at}"))
    ]
    fired = rules_of(assess(before))
    assert "buy_sell_cycle" in fired
    assert "repetitive_resale" not in fired


def test_a_stale_or_suspended_rule_is_shown_and_weighs_nothing() -> None:
    offers = [pistol(at, at * 3, f"m{at}") for at in range(8)]
    late = SellerRules.of(PACKS, as_of=date(2027, 6, 1))
    [firing] = [one for one in assess(offers, late).firings if one.rule == "volume"]
    assert (firing.weight, "more than 90 days before" in firing.reason) == (0.0, True)
    assert late.sha256 != RULES.sha256


def test_a_pack_that_counts_what_nobody_knows_is_refused() -> None:
    rule = PACKS.files["ANY"].history["volume"].model_copy(update={"counts": "moons"})
    pack = PACKS.files["ANY"].model_copy(update={"history": {"volume": rule}})
    with pytest.raises(ConfigurationError) as error:
        SellerRules.of(evolve(PACKS, files={"ANY": pack}))
    assert "volume counts 'moons'" in error.value.details[0]


def test_places_turnover_prices_and_accounts() -> None:
    spread = [pistol(at, at * 5, f"m{at}", place=f"US-{state}") for at, state in enumerate(("TX", "OK", "NM"))]
    assert "geographic_spread" in rules_of(assess(spread))
    quick = [pistol(at, at * 9, f"m{at}", status="sold", ended=day(at * 9 + 2), last_day=at * 9 + 2) for at in range(4)]
    found = assess(quick)
    assert "fast_turnover" in rules_of(found)
    assert window_json(found.windows[-1], Observed(every=True))["sold"] == 4
    offers = [pistol(at, at * 9, f"m{at}") for at in range(3)]
    ids = [item.id for item in assess(offers).items]
    assert "price_low" in rules_of(assess(offers, prices=dict.fromkeys(ids, -2.5)))
    assert "price_low" not in rules_of(assess(offers, prices=dict.fromkeys(ids, -1.0)))


def test_accounts_that_follow_one_another_and_what_a_moderator_removed() -> None:
    removed = pistol(1, 0, "a", status="removed", ended=day(4), last_day=4)
    later = [evolve(pistol(at, 6 + at, f"m{at}"), seller=f"s{at}") for at in (2, 3)]
    joined = history([removed, *later])
    accounts = tuple(
        Account(
            row=at,
            site="market",
            id=f"s{at}",
            name=None,
            joined=day(at * 30),
            licence=None,
            profile=None,
            first_seen=START,
            last_seen=START,
        )
        for at in (1, 2, 3)
    )
    found = assess_history(evolve(joined, accounts=accounts, id=None), RULES, beside(day(90)))
    assert {"identity_churn", "ban_migration"} <= rules_of(found)
    figures = figures_json(found)
    assert figures["removed_by_moderators"] == 1
    assert figures["firearms_in_30_days_after_removal"] == 2
    assert figures["firearms_in_30_days_before_removal"] == 1


def test_days_that_nobody_looked_are_not_held_against_anybody() -> None:
    some = Observed(every=False, days=[day(at).toordinal() for at in range(10)])
    assert (some.count(day(0).date(), day(29).date()), some.count(day(9).date(), day(3).date())) == (10, 0)
    assert some.has(day(3).date())
    assert not some.has(day(11).date())
    found = assess([pistol(at, at * 8, f"m{at}") for at in range(4)], observed=some)
    assert (found.counted.firearms, found.counted.observed_days, found.counted.total) == (2, 10, 4)
    assert window_json(found.windows[2], some)["observed_days"] == 10


NORMS = Norms(shape=0.5, days=90.0, new_ratio=0.25)


def test_two_ads_in_a_week_top_no_list() -> None:
    few = rate(Counted(firearms=2, observed_days=7, new=2, total=2), NORMS)
    many = rate(Counted(firearms=24, observed_days=365, new=20, total=24), NORMS)
    assert few["firearms_in_30_days"] < many["firearms_in_30_days"]
    assert few["new_in_box_ratio"] < many["new_in_box_ratio"]
    assert few["low"] < few["firearms_in_30_days"] < few["high"]
    assert few["high"] - few["low"] > many["high"] - many["low"]


@given(st.integers(0, 500), st.integers(0, 800))
def test_a_rate_lies_between_the_sites_and_the_sellers_own(firearms: int, days: int) -> None:
    found = rate(Counted(firearms=firearms, observed_days=days, new=0, total=firearms), NORMS)
    own = 30.0 * firearms / days if days else found["site_mean"]
    low, high = sorted((own, found["site_mean"]))
    assert low - 0.001 <= found["firearms_in_30_days"] <= high + 0.001 or not days
    assert found["low"] <= found["firearms_in_30_days"] + 0.001
