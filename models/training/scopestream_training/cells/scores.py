"""How well boxes, names and outlines agree with the truth."""

from dataclasses import dataclass

import numpy as np


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union [n, m] of boxes (x, y, width, height)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    common = np.clip(high - low, 0, None).prod(-1)
    return common / (first[:, 2:].prod(-1)[:, None] + second[:, 2:].prod(-1) - common + 1e-9)


def matches(overlap: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """Pairs (found, true), greedily from the largest overlap down, each used once."""
    pairs, rest = [], overlap.copy()
    while rest.size and rest.max() >= threshold:
        found, true = (int(k) for k in np.unravel_index(rest.argmax(), rest.shape))
        pairs.append((found, true))
        rest[found], rest[:, true] = -1, -1
    return pairs


@dataclass
class Tally:
    """Counts over pictures: found and true objects, those matched, and the sum of absolute count errors."""

    found: int = 0
    true: int = 0
    matched: int = 0
    count_error: float = 0.0
    pictures: int = 0

    def add(self, found: int, true: int, matched: int) -> None:
        self.found += found
        self.true += true
        self.matched += matched
        self.count_error += abs(found - true)
        self.pictures += 1

    def scores(self) -> dict[str, float]:
        precision = self.matched / max(self.found, 1)
        recall = self.matched / max(self.true, 1)
        return {
            "precision": precision,
            "recall": recall,
            "f1": 2 * self.matched / max(self.found + self.true, 1),
            "count_error": self.count_error / max(self.pictures, 1),
            "true": self.true,
        }


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def energy(logits: np.ndarray, temperature: float) -> np.ndarray:
    """T log sum exp(logits / T): large for what training has shown (Liu et al. 2020, arXiv:2010.03759)."""
    peak = logits.max(1)
    return peak + temperature * np.log(np.exp((logits - peak[:, None]) / temperature).sum(1))


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over `bins` equal bins of the largest probability (Guo et al. 2017)."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return float(sum(abs(right[which == b].mean() - confidence[which == b].mean()) * (which == b).mean() for b in set(which)))


def confusion(predicted: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Counts [true, predicted]."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (truth, predicted), 1)
    return table


def macro_f1(table: np.ndarray) -> float:
    """Mean F1 over the classes that occur in the truth."""
    present = table.sum(1) > 0
    f1 = 2 * np.diag(table) / np.maximum(table.sum(0) + table.sum(1), 1)
    return float(f1[present].mean())


def naming_scores(logits: np.ndarray, truth: np.ndarray, temperature: float, kept: list[int] | None = None) -> dict:
    """Accuracy, macro-F1, calibration error and confusion; `kept` restricts truth and answers to some classes."""
    if kept is not None:
        chosen = np.isin(truth, kept)
        logits, truth = logits[chosen][:, kept], np.searchsorted(kept, truth[chosen])
    probabilities = softmax(logits, temperature)
    table = confusion(probabilities.argmax(1), truth, logits.shape[1])
    return {
        "accuracy": float(np.trace(table) / max(table.sum(), 1)),
        "macro_f1": macro_f1(table),
        "ece": calibration_error(probabilities, truth),
        "cells": int(table.sum()),
        "confusion": table.tolist(),
    }
