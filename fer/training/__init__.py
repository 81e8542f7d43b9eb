"""From a fold to its predictions: learners, folds, workers and the experiment around them."""
