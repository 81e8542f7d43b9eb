"""This package shows runs outside their folders: in W&B, TensorBoard, MLflow, or any logger of Lightning's."""
