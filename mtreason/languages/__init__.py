"""Languages: BCP 47 tags and names, scripts, variants, and telling what language a text is in, with doubt.

`tags` has the languages themselves, `serving` which tag may stand for which, `scripts` which letters belong where,
`alphabets` which letters a language lacks, `variants` Simplified and Traditional Chinese, `detectors` what lingua says
of some words, `detection` what that means for a document and for a segment.
"""

from mtreason.languages.detection import (
    Detected,
    Origin,
    already_in,
    detect,
    detect_language,
    find_origin,
    in_other_language,
    is_clearly_other,
    weight,
)
from mtreason.languages.scripts import letters_of, scripts_of
from mtreason.languages.serving import best_tag, tag_named
from mtreason.languages.tags import Direction, Language, name_in, parse_language
from mtreason.languages.variants import other_letters, to_variant, variant_of, written_variant

__all__ = [
    "Detected", "Direction", "Language", "Origin", "already_in", "best_tag", "detect", "detect_language", "find_origin",
    "in_other_language", "is_clearly_other", "letters_of", "name_in", "other_letters", "parse_language", "scripts_of",
    "tag_named", "to_variant", "variant_of", "weight", "written_variant",
]  # fmt: skip
