"""A trained run leaves: as ONNX, LiteRT or Keras from samples to probabilities, as a zip, as one file, as a script."""
