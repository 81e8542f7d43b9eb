"""This file draws the faces that a bench trains on, prepared like those of any database."""

from fer.data.cohort import Cohort
from fer.data.databases.synthetic import Synthetic
from fer.data.faces import Faces
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.labels import LabelSpace
from fer.models.input_spec import InputSpec


def drawn_faces(spec: InputSpec, *, people: int = 36, takes: int = 8) -> Faces:
    """The faces of `people` × 7 expressions × `takes`, as a network with this input wants them."""
    database = Synthetic("synthetic", subjects=people, takes=takes)
    records = database.records()
    prepared = prepare(database, records, preprocess=WholeImage(), spec={}, size=spec.size, channels=spec.channels)
    cohort = Cohort.join([(records, prepared)], records=records, labels=LabelSpace().restrict(records).labels)
    return cohort.faces([record.id for record in cohort.records])
