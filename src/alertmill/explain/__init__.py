"""Why an event came to its rule, and why not to another: for `alertmill explain`, logtest and whoever shows alerts.

    explainer = Explainer(engine, problems)
    explanation = explainer.explain(record, why_not=80306)
    explanation.answer                   # one sentence
    as_values(explanation)               # JSON values
    as_lines(explanation)                # lines of text with styles

The verdict is the engine's own: the record goes through `Engine.process` on the plain walk, which is watched. Nothing
here decides, reads a file or knows a terminal. Texts are ordinary text (not byte text) and, but for the values in
`as_values`, safe for a terminal.
"""

from alertmill.explain.as_lines import Line, as_lines
from alertmill.explain.as_values import as_values
from alertmill.explain.explainer import Explainer, Explanation
from alertmill.explain.why_not import Standing, WhyNot, why_not

__all__ = ["Explainer", "Explanation", "Line", "Standing", "WhyNot", "as_lines", "as_values", "why_not"]
