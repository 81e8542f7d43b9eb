"""An experiment framework for facial-expression recognition: any database × backbone × protocol, leak-checked."""
