"""Instance types by the form of their names: which have accelerators."""

from __future__ import annotations

import re

ACCELERATED = re.compile(
    r"^(?:ml\.)?(?:p[2-6][a-z]*|g[4-7][a-z]*|trn[12][a-z]*|inf[12]|dl1|dl2q|vt1)[a-z0-9-]*\."
    r"|^Standard_N[CDV]|^(?:a2|a3|a4|a4x|g2|g4)-|^ct\d|VM\.GPU|BM\.GPU"
)
