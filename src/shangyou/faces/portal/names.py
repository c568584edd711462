"""Names of places and classes in the reader's language."""

from __future__ import annotations

from shangyou.core.errors import NotFoundError
from shangyou.core.ports import Registry
from shangyou.core.registry import PROVINCES, Section
from shangyou.faces import archive
from shangyou.faces.portal.words import Words

LETTERS = {
    "zh": ("—", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"),
    "en": ("—", "I", "II", "III", "IV", "V", ">V"),
}


def letter(class_no: int, t: Words) -> str:
    """What stands on a disc or a chip; it always goes with the colour."""
    return LETTERS[t.language][class_no]


def section_name(section: Section, t: Words) -> str:
    """A section's name; the Chinese one where nobody has given an English one."""
    return section.name_en if t.language == "en" and section.name_en else section.name_zh


def province_name(name: str, t: Words) -> str:
    """A province's name."""
    code = PROVINCES.get(name)
    return t(f"province.{code}") if code else name


def river_name(name: str, t: Words) -> str:
    """A river's name; the Chinese one where no English one is known."""
    return archive.river_name(name, t.language)


def place_name(site: str, registry: Registry, t: Words) -> str:
    """The name of the section behind a site id; the id itself (an MN) where there is none."""
    try:
        return section_name(registry.section(site), t)
    except NotFoundError:
        return site
