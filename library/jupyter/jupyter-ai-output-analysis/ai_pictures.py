"""The pictures of the analysis: how much is right by each way of answering, and why the rest is not."""

import picture_style as style
from ai_answer import Findings, failures_of, repairs, result
from grading import FACT, FIELD, FORMAT, HARMFUL, TOPIC

NAMES = {
    FORMAT: "no JSON",
    FIELD: "a field is missing",
    TOPIC: "another topic",
    FACT: "a fact is missing",
    HARMFUL: "harmful",
}


def answer(found: Findings) -> style.Picture:
    """The sentence and the four numbers that a person wants first."""
    said = result(found)
    return style.headline(
        said["answer"].replace("`", ""),
        [
            (f"{said['right_now']:.0%}", f"right now, {said['right_before']:.0%} before"),
            (f"{said['newly_wrong']}", f"of {said['questions']} questions newly wrong"),
            (f"{said['p_value']:.2g}" if said["p_value"] else "< 1e-6", "chance alone"),
            (said["cause"].replace("_", " "), "cause"),
        ],
    )


def by_way(found: Findings) -> style.Picture:
    """How much is right: before, now, and with each changed setting put back."""
    rows = [("accepted nights", found.compared.share_before, style.GREY)]
    rows += [("now", found.compared.share_now, style.VERMILION)]
    rows += [
        (
            f"{name.replace('_', ' ')} put back",
            each.share_now,
            style.GREEN if repairs(each, found.rules) else style.GREY,
        )
        for name, each in found.variants.items()
    ]
    drawn, axes = style.figure(1.6 + 0.5 * len(rows))
    for place, (name, share, colour) in enumerate(rows[::-1]):
        axes.barh([style.plain(name, 40)], [100 * share], color=colour, height=0.62)
        axes.text(100 * share, place, f" {share:.0%}", va="center", fontsize=13)
    axes.set_xlim(0, 112)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)
    style.title(axes, "Golden questions answered rightly")
    return style.Picture(drawn, "Share of golden questions answered rightly, by way of answering.")


def by_kind(found: Findings) -> style.Picture:
    """Why answers are not right, now and before, as shares of all answers."""
    sides = (("before", found.material.before, style.GREY), ("now", found.material.now, style.VERMILION))
    if not any(failures_of(asked) for _, asked, _ in sides):
        return style.empty("Every answer was right, before and now.")
    drawn, axes = style.figure(4.2)
    for offset, (name, asked, colour) in zip((0.2, -0.2), sides, strict=True):
        counts = failures_of(asked)
        whole = sum(map(len, asked.failures.values())) or 1
        shares = [100 * counts[kind] / whole for kind in NAMES]
        axes.barh(
            [place + offset for place in range(len(NAMES))], shares, height=0.36, color=colour, label=name
        )
    axes.set_yticks(range(len(NAMES)), list(NAMES.values()))
    axes.set_xlabel("% of the answers")
    axes.legend(frameon=False)
    style.title(axes, "Why answers are not right")
    return style.Picture(drawn, "Wrong answers by kind, before and now.")
