"""Which names a user may give to a study, a condition, a network or a generator, and the same in words."""

from __future__ import annotations

NAME = r"^[A-Za-z][A-Za-z0-9]*$"
GENERATOR_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
CONDITION_NAME = r"^[A-Za-z0-9_.]+$"
STUDY_NAME = r"^[A-Za-z0-9_-]+$"
PATTERNS_IN_WORDS = {
    NAME: "letters and digits are allowed, a letter first",
    GENERATOR_NAME: "letters, digits and _ are allowed, a letter first",
    CONDITION_NAME: "letters, digits, _ and . are allowed",
    STUDY_NAME: "letters, digits, _ and - are allowed",
}
