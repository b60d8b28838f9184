"""Make src/alertmill/ruleset/mitre_table.py from a JSON file of ATT&CK facts.

    python scripts/make_mitre_table.py attack-techniques.json

The input holds `version`, `tactics` ({id: name}) and `techniques` ({id: {"name", "tactics": [names]}}). Only these
facts go into the table: no descriptions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "alertmill" / "ruleset" / "mitre_table.py"

HEADER = '''"""MITRE ATT&CK Enterprise {version}: ids, names and tactics of its techniques, and nothing else.

Made by scripts/make_mitre_table.py; do not edit.

© The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.

MITRE ATT&CK and ATT&CK are registered trademarks of The MITRE Corporation. The table is data under MITRE's own terms of
use (https://attack.mitre.org/resources/legal-and-branding/terms-of-use/); the licence of the surrounding program does
not replace them. Whoever passes this file on passes on this notice.
"""
'''


def main(source: str) -> None:
    """Write the table."""
    facts = json.loads(Path(source).read_text(encoding="utf-8"))
    ids = {name: id for id, name in facts["tactics"].items()}
    lines = [HEADER.format(version=facts["version"])]
    lines.append("#: Tactic id -> name.\nTACTICS: dict[str, str] = {")
    lines += [f"    {quoted(id)}: {quoted(name)}," for id, name in facts["tactics"].items()]
    lines.append("}\n\n#: Technique id -> its name and the ids of its tactics, in ATT&CK's order.")
    lines.append("TECHNIQUES: dict[str, tuple[str, tuple[str, ...]]] = {")
    for id, technique in facts["techniques"].items():
        tactics = [quoted(ids[name]) for name in technique["tactics"]]
        listed = f"({tactics[0]},)" if len(tactics) == 1 else f"({', '.join(tactics)})"
        lines.append(f"    {quoted(id)}: ({quoted(technique['name'])}, {listed}),")
    lines.append("}\n")
    TARGET.write_text("\n".join(lines), encoding="utf-8")


def quoted(text: str) -> str:
    """A Python string literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main(sys.argv[1])
