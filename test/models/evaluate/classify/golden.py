"""Figures of decisions, independently: numpy only, written from the definitions. Reads {truths, probabilities} from standard
input, writes figures as JSON.

Expected calibration error: after the published code of Guo et al. 2017 (gpleiss/temperature_scaling, `_ECELoss`). F1: as
scikit-learn's f1_score(average="macro", zero_division=0) over the labels that occur. AURC: after Geifman et al. 2019.
"""

import json
import sys

import numpy as np


def ece_equal_width(confidences, accuracies, n_bins=15):
    boundaries = np.linspace(0, 1, n_bins + 1)
    ece = 0.0
    for lower, upper in zip(boundaries[:-1], boundaries[1:], strict=True):
        in_bin = (confidences > lower) & (confidences <= upper)
        if in_bin.mean() > 0:
            ece += abs(confidences[in_bin].mean() - accuracies[in_bin].mean()) * in_bin.mean()
    return ece


def ece_equal_count(confidences, accuracies, n_bins=15):
    order = np.argsort(confidences, kind="stable")
    edges = [(k * len(order)) // n_bins for k in range(n_bins + 1)]
    ece = 0.0
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        part = order[first:last]
        if len(part):
            ece += abs(confidences[part].mean() - accuracies[part].mean()) * len(part) / len(order)
    return ece


def macro_f1(truths, predicted):
    scores = []
    for label in np.union1d(truths, predicted):
        hit = np.sum((truths == label) & (predicted == label))
        precision = hit / max(np.sum(predicted == label), 1)
        recall = hit / max(np.sum(truths == label), 1)
        scores.append(2 * precision * recall / (precision + recall) if hit else 0.0)
    return np.mean(scores)


def aurc(confidences, wrong):
    ordered = wrong[np.argsort(-confidences, kind="stable")]
    return np.mean(np.cumsum(ordered) / np.arange(1, len(ordered) + 1))


given = json.load(sys.stdin)
truths = np.array(given["truths"])
p = np.array(given["probabilities"])
predicted, confidence = p.argmax(1), p.max(1)
right = (predicted == truths).astype(float)
one_hot = np.eye(p.shape[1])[truths]
print(
    json.dumps(
        {
            "accuracy": right.mean(),
            "macroF1": macro_f1(truths, predicted),
            "confidence": confidence.mean(),
            "gap": confidence.mean() - right.mean(),
            "overconfidence": confidence[right == 0].mean(),
            "ece": ece_equal_width(confidence, right),
            "adaptiveEce": ece_equal_count(confidence, right),
            "brier": np.mean(np.sum((p - one_hot) ** 2, axis=1)),
            "nll": -np.mean(np.log(p[np.arange(len(p)), truths])),
            "entropy": -np.mean(np.sum(p * np.log(p), axis=1)),
            "aurc": aurc(confidence, 1 - right),
        }
    )
)
