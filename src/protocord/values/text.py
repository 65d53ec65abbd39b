"""Words for people, in each language of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and Chinese."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """This will return the words in `language`."""
        return self.zh if language == "zh" else self.en
