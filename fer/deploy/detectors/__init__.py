"""The detectors of faces, one file each: what makes a Detector, named DETECTOR."""
