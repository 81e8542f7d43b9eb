"""This file trains and tests: python train.py model=resnet data=fer2013 [key=value …]; --help lists the choices."""

from fer.cli.train import main

if __name__ == "__main__":
    main()
