"""Which names a user may give to a study, a condition or a network, and the same in words."""

from __future__ import annotations

NAME = r"^[A-Za-z][A-Za-z0-9]*$"
CONDITION_NAME = r"^[A-Za-z0-9_.]+$"
STUDY_NAME = r"^[A-Za-z0-9_-]+$"
PATTERNS_IN_WORDS = {
    NAME: "letters and digits are allowed, a letter first",
    CONDITION_NAME: "letters, digits, _ and . are allowed",
    STUDY_NAME: "letters, digits, _ and - are allowed",
}
