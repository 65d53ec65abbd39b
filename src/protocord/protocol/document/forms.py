"""forms/<id>.yaml: what a form asks, the checks on its answers, and the facts that answers become."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from protocord.protocol.document.elements import (
    ConceptName,
    Document,
    Identifier,
    ItemName,
    Number,
    Scalar,
    Sourced,
    Text,
    YesNo,
)

ItemType = Literal["number", "integer", "date", "partial_date", "datetime", "choice", "yes_no", "text"]
ItemReference = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]


class Choice(Document):
    """One answer of a choice."""

    code: Scalar = Field(description="What is stored.")
    label: Text = Field(description="What is shown.")
    concept: ConceptName | None = Field(default=None, description="The concept that this answer names, such as the medicine.")


class ShowWhen(Document):
    """When an item or section is asked."""

    item: ItemReference = Field(
        description="Another item: `item` of the same section, or `section.item` of a section that does not repeat."
    )
    equals: tuple[Scalar, ...] = Field(
        alias="is", min_length=1, description="Answers at which it is asked; `yes` and `no` for a yes/no item."
    )


class Item(Document):
    """One question."""

    id: ItemName = Field(description="Identifier, unique in its section.")
    type: ItemType = Field(description="Kind of answer. `date` is a full date, `partial_date` may lack its day or month.")
    label: Text = Field(description="The question.")
    help: Text | None = Field(default=None, description="How to answer.")
    required: YesNo = Field(default=True, description="Whether it must be answered, or said why not.")
    concept: ConceptName | None = Field(
        default=None, description="Its concept: units, plausible range and codes come from there."
    )
    units: tuple[str, ...] = Field(
        default=(), description="UCUM units offered, the usual one first; each must be accepted by the concept."
    )
    low: Number | None = Field(default=None, description="A lower number is refused (in the first unit).")
    high: Number | None = Field(default=None, description="A higher number is refused (in the first unit).")
    decimals: int | None = Field(default=None, ge=0, description="Digits after the point, at most.")
    allowed: tuple[int, ...] = Field(default=(), description="The only numbers accepted.")
    choices: tuple[Choice, ...] = Field(default=(), description="The answers of a choice.")
    value_set: Identifier | None = Field(default=None, description="Value set that holds the answers of a choice.")
    not_future: YesNo = Field(default=False, description="A date after the day of entry is refused.")
    not_before: ItemReference | None = Field(default=None, description="Item whose date this one must not precede.")
    not_after: ItemReference | None = Field(default=None, description="Item whose date this one must not follow.")
    show_when: ShowWhen | None = Field(default=None, description="When it is asked.")
    max_length: int | None = Field(default=None, gt=0, description="Longest text.")
    identifying: YesNo = Field(default=False, description="Belongs in the identity vault, never in the ledger.")
    hgr_class: Literal["material", "gene_information", "none"] = Field(
        default="none", description="Class under China's rules on human genetic resources."
    )


class FormFact(Document):
    """How answers become a fact; the keys name items. No fact arises while the item of `value` (or of a date) is unanswered."""

    concept: ConceptName | None = Field(default=None, description="The concept of the fact.")
    concept_from: ItemReference | None = Field(default=None, description="A choice whose answer names the concept.")
    value: ItemReference | None = Field(default=None, description="Item with the value: a number, a choice's code, a yes/no.")
    true_when: tuple[Scalar, ...] = Field(default=(), description="Answers of `value` that mean yes.")
    false_when: tuple[Scalar, ...] = Field(
        default=(), description="Answers of `value` that mean no; any other answer makes no fact."
    )
    date: ItemReference | None = Field(default=None, description="Item with the day of a result, signature or event.")
    start: ItemReference | None = Field(default=None, description="Item with the first day.")
    end: ItemReference | None = Field(default=None, description="Item with the last day.")
    ongoing: ItemReference | None = Field(default=None, description="Yes/no item: not ended yet.")
    low: ItemReference | None = Field(default=None, description="Item with the lower limit of normal, in the unit of `value`.")
    high: ItemReference | None = Field(default=None, description="Item with the upper limit of normal, in the unit of `value`.")
    range_for_child: ItemReference | None = Field(
        default=None, description="Yes/no item: the range is for this child's age and sex."
    )
    laboratory: ItemReference | None = Field(default=None, description="Item with the laboratory.")
    sex: ItemReference | None = Field(default=None, description="Item with the sex for which the range holds.")
    excluded_when: ShowWhen | None = Field(default=None, description="The result is kept but not used, e.g. haemolysed.")
    when: ShowWhen | None = Field(default=None, description="The fact arises only then.")


class FormHistory(Document):
    """How a yes/no answer states that a list is complete."""

    concept: ConceptName = Field(description="Every event of this concept (and its children) is on the list.")
    complete: ItemReference = Field(description="Yes/no item: the list is complete (or there was none).")
    since: ItemReference | None = Field(
        default=None, description="Item with the day from which it is complete; left out: since birth."
    )
    until: ItemReference | None = Field(
        default=None, description="Item with the day up to which it is complete; left out: kept up."
    )


def _one_or_many(given: Any) -> Any:
    return (given,) if isinstance(given, dict) else given


class Section(Document):
    """A group of questions; a repeating one has rows."""

    id: ItemName = Field(description="Identifier, unique in its form.")
    title: Text = Field(description="Heading.")
    help: Text | None = Field(default=None, description="How to fill it in.")
    repeating: YesNo = Field(default=False, description="Whether it has rows.")
    min_rows: int = Field(default=0, ge=0, description="Rows, at least.")
    max_rows: int | None = Field(default=None, gt=0, description="Rows, at most.")
    show_when: ShowWhen | None = Field(default=None, description="When it is asked.")
    items: tuple[Item, ...] = Field(min_length=1, description="The questions.")
    facts: tuple[FormFact, ...] = Field(default=(), description="The facts that answers (of each row) become.")
    history: Annotated[
        tuple[FormHistory, ...], BeforeValidator(_one_or_many, json_schema_input_type=FormHistory | tuple[FormHistory, ...])
    ] = Field(default=(), description="The histories that answers state; one, or a list.")


class Form(Sourced):
    """A form."""

    id: Identifier = Field(description="Identifier; the name of its file.")
    version: int = Field(gt=0, description="Version of the form.")
    title: Text = Field(description="Title.")
    help: Text | None = Field(default=None, description="How to fill it in.")
    requires_consent: YesNo = Field(default=True, description="Whether it may be filled in only after consent.")
    sections: tuple[Section, ...] = Field(min_length=1, description="Its sections.")
