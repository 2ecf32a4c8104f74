"""Reference classifiers of the decision study, and classifiers trained on each arm's pictures."""
