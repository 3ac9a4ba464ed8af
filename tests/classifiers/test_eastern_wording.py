"""Russian, Arabic and Chinese: one scene, two polarities. The sentences are not in the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifiers.values import Text

if TYPE_CHECKING:
    from classifiers.assessor import Assessor

RUSSIAN = [
    ("Отдам по лицензии, паспорт при себе.", {"check_or_permit_required", "id_or_residency"}, {"no_check_offered"}),
    ("Зелёнка мне не нужна, паспорт тоже.", {"no_check_offered"}, {"check_or_permit_required", "id_or_residency"}),
    ("Без лицензии не продам ни за какие деньги.", {"check_or_permit_required"}, {"no_check_offered"}),
    ("Продам без всяких бумаг и справок.", {"no_check_offered"}, {"check_or_permit_required"}),
    ("Ни одного клейма на нём нет.", {"no_serial"}, {"serial_offered", "removed_marks"}),
    ("Серийный номер сточен, прочитать нельзя.", {"removed_marks"}, {"serial_offered", "no_serial"}),
    ("Номер сообщу заранее, пробивайте.", {"serial_offered"}, {"no_serial", "removed_marks"}),
    ("Вышлю бандеролью в любой город.", {"direct_shipment"}, {"ffl_transfer"}),
    ("Только через оружейный магазин, почтой не высылаю.", {"ffl_transfer"}, {"direct_shipment"}),
]
ARABIC = [
    ("لازم تجيب رخصتك وهويتك معك", {"check_or_permit_required", "id_or_residency"}, {"no_check_offered"}),
    ("الرخصة ما تهمني ولا الهوية", {"no_check_offered"}, {"check_or_permit_required"}),
    ("ما ببيع بدون رخصة سارية", {"check_or_permit_required"}, {"no_check_offered"}),
    ("البيع بدون أي أوراق ولا تسجيل", {"no_check_offered"}, {"check_or_permit_required", "registration_stated"}),
    ("ما عليه أي نمرة من المصنع", {"no_serial"}, {"serial_offered", "removed_marks"}),
    ("الرقم مبرود بالكامل", {"removed_marks"}, {"serial_offered", "no_serial"}),
    ("الرقم واضح وببعتلك صورته", {"serial_offered"}, {"no_serial", "removed_marks"}),
    ("بوصلك اياه لباب بيتك", {"direct_shipment"}, {"ffl_transfer"}),
    ("التسليم عند تاجر سلاح مرخص فقط", {"ffl_transfer"}, {"direct_shipment"}),
]
CHINESE = [
    ("买家必须有持枪证，带身份证来", {"check_or_permit_required", "id_or_residency"}, {"no_check_offered"}),
    ("持枪证不用，身份证也不看", {"no_check_offered"}, {"check_or_permit_required", "id_or_residency"}),
    ("没有许可证免谈", {"check_or_permit_required"}, {"no_check_offered"}),
    ("唔使牌照，免登記", {"no_check_offered"}, {"check_or_permit_required", "registration_stated"}),
    ("枪身没有任何编号", {"no_serial"}, {"serial_offered", "removed_marks"}),
    ("编号已经锉掉了", {"removed_marks"}, {"serial_offered", "no_serial"}),
    ("編號清晰，可以先發給你核對", {"serial_offered"}, {"no_serial", "removed_marks"}),
    ("快递送到家门口", {"direct_shipment"}, {"ffl_transfer"}),
    ("只能去枪店过户，不邮寄", {"ffl_transfer"}, {"direct_shipment"}),
]
SIDES = [
    *(("RU", "Охотничье ружьё ИЖ-27, 12 калибр", *side) for side in RUSSIAN),
    *(("JO", "مسدس كلوك 19 للبيع", *side) for side in ARABIC),
    *(("CN", "出售双管猎枪 12号口径", *side) for side in CHINESE),
]


@pytest.mark.parametrize(
    ("place", "title", "words", "expected", "opposite"),
    SIDES,
    ids=lambda value: value[:32] if isinstance(value, str) else " ".join(sorted(value)),
)
def test_each_side_is_read_with_its_polarity(
    assessor: Assessor, place: str, title: str, words: str, expected: set[str], opposite: set[str]
) -> None:
    [assessment] = assessor.assess([Text(title=title, description=words, jurisdiction=place)])
    names = {finding.name for finding in assessment.signals}
    assert expected <= names
    assert names.isdisjoint(opposite)


@pytest.mark.parametrize(
    ("title", "words", "silenced"),
    [
        ("Охотничье ружьё ИЖ-27", "Номер телефона скину, серийник на фото закрыт.", {"no_serial", "removed_marks"}),
        ("Охотничье ружьё ИЖ-27", "Почти новое, в телеграм не пишите.", {"new_in_box", "off_platform_contact"}),
        ("مسدس كلوك 19 للبيع", "شبه جديد، لا اشحن للمحافظات", {"new_in_box", "direct_shipment"}),
        ("出售双管猎枪 12号口径", "不收比特币，门牌号不公开", {"untraceable_payment", "no_serial"}),
    ],
)
def test_wording_that_only_looks_like_a_signal_is_left_alone(
    assessor: Assessor, title: str, words: str, silenced: set[str]
) -> None:
    [assessment] = assessor.assess([Text(title=title, description=words)])
    assert silenced.isdisjoint(finding.name for finding in assessment.signals if finding.layer == "wording")
