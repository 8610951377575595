"""Words by which a field that nobody maps may say that the person refused, so that it is never passed over."""

from __future__ import annotations

import re
from typing import Final

_STEMS: Final = re.compile(
    r"samtyck|medgiv|medger|sp[äa]rr|sekretess|v[äa]gra|avb[öo]j|avs[äa]g|[åa]terkall|till[åa]t|f[öo]rbud|nekar|nekat|nekad"
    r"|consent|refus|revo[kc]|withdr|den(?:y|ied|ial)|opt.?out|restrict|block|undantag|except",
    re.IGNORECASE,
)


def speaks_of_refusal(text: str) -> bool:
    """Whether a name or a value has to do with consent, secrecy, a block or a refusal, in Swedish (also without its letters) or English."""
    return _STEMS.search(text) is not None
