"""This package holds what happens to a decoded image before it is resized: one file each, chosen by conf/preprocess/."""
