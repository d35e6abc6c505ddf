import pandas as pd

from pipeline.report.figures.balance import balance_figure
from pipeline.report.figures.training import History

STEPS = {"step": [1, 2, 1, 2], "stage": ["regression"] * 2 + ["adversarial"] * 2}


def test_it_shows_what_is_defined_and_no_more():
    table = pd.DataFrame(STEPS | {"told_apart": [None, None, 0.6, 0.7], "r_t": [None, None, 0.1, 0.2]})
    drawn = balance_figure([History("net", "fold0", table)])
    assert [axes.get_ylabel() for axes in drawn.axes] == ["told apart", "$r_t$"]
    line = next(line for line in drawn.axes[0].lines if line.get_label() == "fold 0")
    assert list(line.get_xdata()) == [1, 2]
    assert list(line.get_ydata()) == [0.6, 0.7]


def test_networks_without_a_discriminator_are_left_out():
    plain = History("plain", "fold0", pd.DataFrame({"step": [1], "generator_total": [0.1]}))
    played = History("played", "fold0", pd.DataFrame({"step": [1], "discriminator_total": [0.7]}))
    assert [axes.get_title() for axes in balance_figure([plain, played]).axes] == ["played"]
    assert balance_figure([plain]).axes == []


def test_steps_of_a_second_stage_run_on_and_no_line_joins_the_two():
    table = pd.DataFrame(
        {"step": [5, 1, 2, 1, 2], "stage": ["first", "a", "a", "b", "b"], "told_apart": [None, 0.6, 0.7, 0.8, 0.9]}
    )
    (axes,) = balance_figure([History("net", "fold0", table)]).axes
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines if "fold 0" in line.get_label()]
    assert lines == [([1, 2], [0.6, 0.7]), ([3, 4], [0.8, 0.9])]
