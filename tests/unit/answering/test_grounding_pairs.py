from bench.grounding.figures import figures_of, scores_of
from bench.grounding.pairs import pairs, samples


def test_pairs_made_from_the_samples_are_told_apart():
    made = pairs(100, 11, samples())
    figures = figures_of(made, scores_of(made))
    print(figures)
    assert len(made) >= 400
    assert figures["number_swapped_recall"] >= 0.95
    assert figures["negated_recall"] >= 0.9
    assert figures["unrelated_recall"] >= 0.95
    assert figures["verbatim_flagged"] <= 0.01
    assert figures["paraphrased_flagged"] <= 0.05
    assert figures["auc"] >= 0.97
