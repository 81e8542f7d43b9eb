"""This package is `fer dashboard`: the pages of all runs served on this machine, changing while runs train."""
