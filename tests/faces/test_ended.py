"""Why something ended is said whole, from whatever was kept of it."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from shangyou.faces.ended import why
from shangyou.faces.sentences import messages

NAMES = {"peer": "重庆", "member": "重庆", "id": "urn:uuid:1", "state": "已停止", "dataset": "d"}
POLICY = [code for code in sorted(messages()) if code.startswith(("policy.not.", "policy.out", "policy.proh"))]
ENDS = ["transfer.ended", "transfer.narrowed", "transfer.quota", "feed.paused", "contract.stopped", "agreement.revoked"]


@given(st.sampled_from([*POLICY, "policy.wider", "policy.not_for", *ENDS]), st.sampled_from(["zh", "en"]), st.data())
def test_facts_and_reasons_of_whatever_form_leave_no_hole(code: str, language: str, data: st.DataObject) -> None:
    facts = {"path": "permission[0]", "operand": "rows", "operator": "lteq", "wanted": "70", "found": "71"}
    rule = {"rule": "permission[0] rows", "demanded": "lteq 70", "found": "71"}
    kept, reasons = data.draw(st.sampled_from([(facts, ()), ({}, (facts, "b")), ({}, ("a", rule)), (facts, (rule,))]))
    said = why(code, NAMES, reasons, language, kept)
    assert said.text
    needed = {name for _, name, _, _ in string.Formatter().parse(messages()[code][language]) if name}
    assert "found" not in needed or "71" in said.text


def test_of_a_transfer_that_was_kept_with_its_code_only_no_empty_brackets_are_shown() -> None:
    assert why("transfer.state", NAMES, (), "zh").text == "传输当前状态为 已停止,不能取数。"
    assert why("transfer.state", NAMES | {"state": "stopped"}, (), "en").text == (
        "The transfer is stopped: no data may be had."
    )


def test_a_quota_is_told_with_its_limit_in_words() -> None:
    facts = {"path": "permission[0].constraint[0]", "operand": "rows", "wanted": "1000", "found": "1001"}
    said = why("policy.not.rows", NAMES, (), "en", facts)
    assert "1,000" in said.text
    assert "1,001" in said.text


def test_what_was_said_in_words_is_the_reason() -> None:
    agreement = why("exchange.agreement_state", NAMES, ("不再需要", {"message": "另行通知"}), "zh")
    assert "不再需要; 另行通知" in agreement.text
